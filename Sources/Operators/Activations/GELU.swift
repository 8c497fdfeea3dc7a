import LinearAlgebra

/// The Gaussian error linear unit (Hendrycks & Gimpel 2016): `σ(p) = p·Φ(p)`, Φ the normal distribution function,
/// or its approximation `Φ(p) ≈ (1 + tanh(√(2/π)(p + 0.044715 p³))) / 2`.
public struct GELU: Activation {
  public static let typeName = "gelu"
  public static let constantDescriptions = [
    ConstantDescription("approximate", default: "none", oneOf: ["none", "tanh"])
  ]

  /// How Φ is computed.
  public enum Approximation: String, Sendable {
    /// By the error function.
    case none
    /// By the hyperbolic tangent.
    case tanh
  }

  /// How Φ is computed.
  public let approximation: Approximation

  /// The activation with Φ computed as `approximation` says.
  public init(approximation: Approximation = .none) {
    self.approximation = approximation
  }

  public init(constants: [Constant]) throws(InvalidConstants) {
    self.init(approximation: constants.word(0) == "tanh" ? .tanh : .none)
  }

  public var constants: [Constant] { [.word(approximation.rawValue)] }
  public var slopes: ClosedRange<Double>? { -0.13...1.13 }

  public func value<S: Scalar>(_ p: S) -> S {
    switch approximation {
    case .none: p * Self.normalDistribution(p)
    case .tanh: p * logistic(2 * Self.tanhArgument(p))
    }
  }

  public func derivative<S: Scalar>(_ p: S) -> S {
    switch approximation {
    case .none:
      return Self.normalDistribution(p) + p * S.exp(-p * p / 2) / S.sqrt(2 * S.pi)
    case .tanh:
      // (1 + tanh u) / 2 is the logistic function of 2u; where it is flat, u' may be infinite.
      let u = Self.tanhArgument(p)
      let slope = 2 * logistic(2 * u) * logistic(-2 * u)
      if slope == 0 { return logistic(2 * u) }
      return logistic(2 * u) + p * slope * S.sqrt(2 / S.pi) * (1 + S(3 * 0.044715) * p * p)
    }
  }

  /// Φ(p), by the complementary error function, which does not cancel for negative p.
  private static func normalDistribution<S: Scalar>(_ p: S) -> S {
    S.erfc(-p * S.sqrt(0.5)) / 2
  }

  private static func tanhArgument<S: Scalar>(_ p: S) -> S {
    S.sqrt(2 / S.pi) * (p + S(0.044715) * p * p * p)
  }
}
