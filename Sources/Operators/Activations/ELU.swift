import LinearAlgebra

/// `σ(p) = p` for p > 0, else `alpha·(e^p − 1)` (Clevert et al. 2016); σ'(0) = alpha.
public struct ELU: VectorActivation {
  public static let typeName = "elu"
  public static let schema = OperatorSchema(
    "p above 0, else alpha·(eᵖ − 1); slope alpha at 0",
    .number("alpha", default: 1, "the limit at −∞ is −alpha"))

  /// The limit at −∞ is `−alpha`.
  public let alpha: Double

  /// The activation with these attributes.
  public init(alpha: Double = 1) {
    self.alpha = alpha
  }

  public init(attributes: Attributes) throws(InvalidConstants) {
    self.init(alpha: attributes.number("alpha"))
  }

  public var attributes: Attributes { ["alpha": .number(alpha)] }
  public var slopes: ClosedRange<Double>? { min(0, 1, alpha)...max(0, 1, alpha) }
  public var function: VectorFunction { .elu(alpha: alpha) }
}
