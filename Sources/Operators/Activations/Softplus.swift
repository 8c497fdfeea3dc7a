import LinearAlgebra

/// `σ(p) = log(1 + e^(beta·p)) / beta`, and p itself where `beta·p > threshold`.
public struct Softplus: VectorActivation {
  public static let typeName = "softplus"
  public static let constantDescriptions = [
    ConstantDescription("beta", default: 1),
    ConstantDescription("threshold", default: 20),
  ]

  /// The sharpness; positive.
  public let beta: Double
  /// Beyond it the function is linear.
  public let threshold: Double

  /// The activation with these constants.
  ///
  /// - Throws: `InvalidConstants` where they have no meaning.
  public init(beta: Double = 1, threshold: Double = 20) throws(InvalidConstants) {
    guard beta > 0 else {
      throw InvalidConstants("beta: expected a positive number, found \(beta)")
    }
    self.beta = beta
    self.threshold = threshold
  }

  public init(constants: [Constant]) throws(InvalidConstants) {
    try self.init(beta: constants.number(0), threshold: constants.number(1))
  }

  public var constants: [Constant] { [.number(beta), .number(threshold)] }
  /// At `beta·p = threshold` the function falls by `log(1 + e^−threshold) / beta` to its linear branch; where a double
  /// can see that fall, there is no lower bound.
  public var slopes: ClosedRange<Double>? { threshold > 40 ? 0...1 : -.infinity...1 }
  public var function: VectorFunction { .softplus(beta: beta, threshold: threshold) }
}
