import LinearAlgebra

/// `σ(p) = p` for p > 0, else `alpha·(e^(p/alpha) − 1)` (Barron 2017); σ'(0) = 1.
public struct CELU: VectorActivation {
  public static let typeName = "celu"
  public static let schema = OperatorSchema(
    "p above 0, else alpha·(e^(p/alpha) − 1)",
    .number("alpha", default: 1, "positive; the limit at −∞ is −alpha"))

  /// The limit at −∞ is `−alpha`; positive.
  public let alpha: Double

  /// The activation with these attributes.
  ///
  /// - Throws: `InvalidConstants` where they have no meaning.
  public init(alpha: Double = 1) throws(InvalidConstants) {
    guard alpha > 0 else {
      throw InvalidConstants("alpha: expected a positive number, found \(alpha)")
    }
    self.alpha = alpha
  }

  public init(attributes: Attributes) throws(InvalidConstants) {
    try self.init(alpha: attributes.number("alpha"))
  }

  public var attributes: Attributes { ["alpha": .number(alpha)] }
  public var slopes: ClosedRange<Double>? { 0...1 }
  public var function: VectorFunction { .celu(alpha: alpha) }
}
