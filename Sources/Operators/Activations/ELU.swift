import LinearAlgebra

/// `σ(p) = p` for p > 0, else `alpha·(e^p − 1)` (Clevert et al. 2016); σ'(0) = alpha.
public struct ELU: VectorActivation {
  public static let typeName = "elu"
  public static let constantDescriptions = [
    ConstantDescription("alpha", default: 1)
  ]

  /// The limit at −∞ is `−alpha`.
  public let alpha: Double

  /// The activation with these constants.
  public init(alpha: Double = 1) {
    self.alpha = alpha
  }

  public init(constants: [Constant]) throws(InvalidConstants) {
    self.init(alpha: constants.number(0))
  }

  public var constants: [Constant] { [.number(alpha)] }
  public var slopes: ClosedRange<Double>? { min(0, 1, alpha)...max(0, 1, alpha) }
  public var function: VectorFunction { .elu(alpha: alpha) }
}
