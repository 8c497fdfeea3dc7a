import LinearAlgebra

/// `σ(p) = log(1 / (1 + e^−p))`.
public struct LogSigmoid: PlainActivation {
  public static let typeName = "log_sigmoid"

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1 }

  public func value<S: Scalar>(_ p: S) -> S {
    min(p, 0) - S.log(onePlus: S.exp(-abs(p)))
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    logistic(-p)
  }
}
