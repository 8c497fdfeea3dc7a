import LinearAlgebra

/// `σ(p) = log(1 / (1 + e^−p))`.
public struct LogSigmoid: PlainActivation, VectorActivation {
  public static let typeName = "log_sigmoid"
  public static let schema = OperatorSchema("−log(1 + e⁻ᵖ)")

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1 }
  public var function: VectorFunction { .logSigmoid }
}
