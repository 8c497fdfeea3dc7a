import LinearAlgebra

/// `σ(p) = min(max(p, minimum), maximum)`, as in `torch.clamp`, either bound left out where it has none; σ' is 0 at both
/// ends, as PyTorch 2.15 has it.
public struct Clamp: VectorActivation {
  public static let typeName = "clamp"
  public static let isActivation = false
  public static let constantDescriptions = [
    ConstantDescription("min", default: -Double.greatestFiniteMagnitude),
    ConstantDescription("max", default: Double.greatestFiniteMagnitude),
  ]

  /// The least value.
  public let minimum: Double
  /// The greatest value.
  public let maximum: Double

  /// The function with these constants.
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

  public init(constants: [Constant]) throws(InvalidConstants) {
    try self.init(minimum: constants.number(0), maximum: constants.number(1))
  }

  public var constants: [Constant] { [.number(minimum), .number(maximum)] }
  public var slopes: ClosedRange<Double>? { 0...1 }
  public var function: VectorFunction { .hardTanh(from: minimum, to: maximum) }
}
