import LinearAlgebra

/// `σ(p) = min(max(p + 3, 0), 6) / 6`; σ' is 0 at −3 and at 3.
public struct HardSigmoid: PlainActivation, VectorActivation {
  public static let typeName = "hard_sigmoid"
  public static let schema = OperatorSchema("min(max(p + 3, 0), 6) / 6; slope 0 at ±3")

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...(1.0 / 6) }
  public var isPiecewiseLinear: Bool { true }
  public var function: VectorFunction { .hardSigmoid }
}
