import LinearAlgebra

/// `σ(p) = p − tanh p`.
public struct Tanhshrink: PlainActivation {
  public static let typeName = "tanhshrink"

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1 }

  public func value<S: Scalar>(_ p: S) -> S {
    p - S.tanh(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    S.tanh(p) * S.tanh(p)
  }
}
