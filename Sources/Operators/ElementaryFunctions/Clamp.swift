import LinearAlgebra

/// `σ(p) = min(max(p, minimum), maximum)`, as in `torch.clamp`, with either bound optional; σ' is 0 at both ends, as in
/// PyTorch 2.15.
public struct Clamp: VectorActivation {
  public static let typeName = "clamp"
  public static let schema = OperatorSchema(
    "min(max(p, min), max); slope 0 at both",
    .number("min", default: -.greatestFiniteMagnitude, "the least value"),
    .number("max", default: .greatestFiniteMagnitude, "the greatest value, not below min"))
  public static let isActivation = false

  /// The least value.
  public let minimum: Double
  /// The greatest value.
  public let maximum: Double

  /// The function with these attributes.
  ///
  /// - Throws: `InvalidConstants` where `maximum` is below `minimum`.
  public init(
    minimum: Double = -.greatestFiniteMagnitude, maximum: Double = .greatestFiniteMagnitude
  ) throws(InvalidConstants) {
    guard minimum <= maximum else {
      throw InvalidConstants("max: expected a number not below min, \(minimum), found \(maximum)")
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
