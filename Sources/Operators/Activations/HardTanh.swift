import LinearAlgebra

/// `σ(p) = min(max(p, minimum), maximum)`; σ' is 0 at both ends.
public struct HardTanh: VectorActivation {
  public static let typeName = "hard_tanh"
  public static let schema = OperatorSchema(
    "min(max(p, min), max); slope 0 at both",
    .number("min", default: -1, "the least value"),
    .number("max", default: 1, "the greatest value, above min"))

  /// The least value.
  public let minimum: Double
  /// The greatest value.
  public let maximum: Double

  /// The activation with these attributes.
  ///
  /// - Throws: `InvalidConstants` where they have no meaning.
  public init(minimum: Double = -1, maximum: Double = 1) throws(InvalidConstants) {
    guard minimum < maximum else {
      throw InvalidConstants("max: expected a number above min, \(minimum), found \(maximum)")
    }
    self.minimum = minimum
    self.maximum = maximum
  }

  public init(attributes: Attributes) throws(InvalidConstants) {
    try self.init(minimum: attributes.number("min"), maximum: attributes.number("max"))
  }

  public var attributes: Attributes { ["min": .number(minimum), "max": .number(maximum)] }
  public var slopes: ClosedRange<Double>? { 0...1 }
  public var isPiecewiseLinear: Bool { true }
  public var function: VectorFunction { .hardTanh(from: minimum, to: maximum) }
}
