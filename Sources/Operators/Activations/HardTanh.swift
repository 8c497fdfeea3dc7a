import LinearAlgebra

/// `σ(p) = min(max(p, minimum), maximum)`; σ' is 0 at both ends.
public struct HardTanh: VectorActivation {
  public static let typeName = "hard_tanh"
  public static let constantDescriptions = [
    ConstantDescription("min", default: -1),
    ConstantDescription("max", default: 1),
  ]

  /// The least value.
  public let minimum: Double
  /// The greatest value.
  public let maximum: Double

  /// The activation with these constants.
  ///
  /// - Throws: `InvalidConstants` where they have no meaning.
  public init(minimum: Double = -1, maximum: Double = 1) throws(InvalidConstants) {
    guard minimum < maximum else {
      throw InvalidConstants("max: expected a number above min, \(minimum), found \(maximum)")
    }
    self.minimum = minimum
    self.maximum = maximum
  }

  public init(constants: [Constant]) throws(InvalidConstants) {
    try self.init(minimum: constants.number(0), maximum: constants.number(1))
  }

  public var constants: [Constant] { [.number(minimum), .number(maximum)] }
  public var slopes: ClosedRange<Double>? { 0...1 }
  public var function: VectorFunction { .hardTanh(from: minimum, to: maximum) }
}
