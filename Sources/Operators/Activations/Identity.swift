import LinearAlgebra

/// `σ(p) = p`.
public struct Identity: PlainActivation {
  public static let typeName = "identity"

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 1...1 }

  public func value<S: Scalar>(_ p: S) -> S {
    p
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    1
  }
}
