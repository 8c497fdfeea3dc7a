import LinearAlgebra

/// The logistic function `σ(p) = 1 / (1 + e^−p)`.
public struct Sigmoid: PlainActivation {
  public static let typeName = "sigmoid"

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...0.25 }

  public func value<S: Scalar>(_ p: S) -> S {
    logistic(p)
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    logistic(p) * logistic(-p)
  }
}
