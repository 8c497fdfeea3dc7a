import LinearAlgebra

/// `σ(p) = log(1 + e^(beta·p)) / beta`, and p itself where `beta·p > threshold`.
public struct Softplus: VectorActivation {
  public static let typeName = "softplus"
  public static let schema = OperatorSchema(
    "log(1 + e^(beta·p)) / beta",
    .number("beta", default: 1, "positive; how sharp the bend is"),
    .number("threshold", default: 20, "where beta·p is above it, the value is p"))

  /// The sharpness; positive.
  public let beta: Double
  /// The value of `beta·p` above which the function is linear.
  public let threshold: Double

  /// The activation with these attributes.
  ///
  /// - Throws: `InvalidConstants` where they have no meaning.
  public init(beta: Double = 1, threshold: Double = 20) throws(InvalidConstants) {
    guard beta > 0 else {
      throw InvalidConstants("beta: expected a positive number, found \(beta)")
    }
    self.beta = beta
    self.threshold = threshold
  }

  public init(attributes: Attributes) throws(InvalidConstants) {
    try self.init(beta: attributes.number("beta"), threshold: attributes.number("threshold"))
  }

  public var attributes: Attributes { ["beta": .number(beta), "threshold": .number(threshold)] }
  /// At `beta·p = threshold` the function falls by `log(1 + e^−threshold) / beta` to its linear branch; where that fall
  /// is representable in a double, the slopes have no lower bound.
  public var slopes: ClosedRange<Double>? { threshold > 40 ? 0...1 : -.infinity...1 }
  public var function: VectorFunction { .softplus(beta: beta, threshold: threshold) }
}
