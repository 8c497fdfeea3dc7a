import LinearAlgebra

/// `σ(p) = p` for p > 0, else `negativeSlope·p`; σ'(0) = negativeSlope.
public struct LeakyReLU: VectorActivation {
  public static let typeName = "leaky_relu"
  public static let constantDescriptions = [
    ConstantDescription("negative_slope", default: 0.01)
  ]

  /// The slope for p ≤ 0.
  public let negativeSlope: Double

  /// The activation with these constants.
  public init(negativeSlope: Double = 0.01) {
    self.negativeSlope = negativeSlope
  }

  public init(constants: [Constant]) throws(InvalidConstants) {
    self.init(negativeSlope: constants.number(0))
  }

  public var constants: [Constant] { [.number(negativeSlope)] }
  public var slopes: ClosedRange<Double>? { min(1, negativeSlope)...max(1, negativeSlope) }
  public var function: VectorFunction { .leakyReLU(slope: negativeSlope) }
}
