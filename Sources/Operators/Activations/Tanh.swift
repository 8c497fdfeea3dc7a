import LinearAlgebra

/// The hyperbolic tangent.
public struct Tanh: PlainActivation {
  public static let typeName = "tanh"

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1 }

  public func value<S: Scalar>(_ p: S) -> S {
    S.tanh(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    1 - S.tanh(p) * S.tanh(p)
  }
}
