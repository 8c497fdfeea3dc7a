import LinearAlgebra

/// `σ(p) = p` for p > 0, else `negativeSlope·p`; σ'(0) = negativeSlope.
public struct LeakyReLU: VectorActivation {
  public static let typeName = "leaky_relu"
  public static let schema = OperatorSchema(
    "p above 0, else negative_slope·p; slope negative_slope at 0",
    .number("negative_slope", default: 0.01, "the slope below 0"))

  /// The slope for p ≤ 0.
  public let negativeSlope: Double

  /// The activation with these attributes.
  public init(negativeSlope: Double = 0.01) {
    self.negativeSlope = negativeSlope
  }

  public init(attributes: Attributes) throws(InvalidConstants) {
    self.init(negativeSlope: attributes.number("negative_slope"))
  }

  public var attributes: Attributes { ["negative_slope": .number(negativeSlope)] }
  public var slopes: ClosedRange<Double>? { min(1, negativeSlope)...max(1, negativeSlope) }
  public var isPiecewiseLinear: Bool { true }
  public var function: VectorFunction { .leakyReLU(slope: negativeSlope) }
}
