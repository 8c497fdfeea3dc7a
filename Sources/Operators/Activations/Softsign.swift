import LinearAlgebra

/// `σ(p) = p / (1 + |p|)`.
public struct Softsign: PlainActivation {
  public static let typeName = "softsign"

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1 }

  public func value<S: Scalar>(_ p: S) -> S {
    p / (1 + abs(p))
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    1 / ((1 + abs(p)) * (1 + abs(p)))
  }
}
