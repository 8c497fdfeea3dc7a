import LinearAlgebra

/// `σ(p) = p / (1 + e^−p)`, also called swish.
public struct SiLU: PlainActivation {
  public static let typeName = "silu"

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { -0.09983937...1.09983937 }

  public func value<S: Scalar>(_ p: S) -> S {
    p * logistic(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    logistic(p) * (1 + p * logistic(-p))
  }
}
