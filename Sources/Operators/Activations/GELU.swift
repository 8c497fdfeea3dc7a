import LinearAlgebra

/// The Gaussian error linear unit (Hendrycks & Gimpel 2016): `σ(p) = p·Φ(p)`, Φ the normal distribution function,
/// or its approximation `Φ(p) ≈ (1 + tanh(√(2/π)(p + 0.044715 p³))) / 2`.
public struct GELU: VectorActivation {
  public static let typeName = "gelu"
  public static let schema = OperatorSchema(
    "p·Φ(p)",
    .word("approximate", default: "none", oneOf: ["none", "tanh"], "how Φ is computed"))

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

  public init(attributes: Attributes) throws(InvalidConstants) {
    self.init(approximation: attributes.word("approximate") == "tanh" ? .tanh : .none)
  }

  public var attributes: Attributes { ["approximate": .word(approximation.rawValue)] }
  public var slopes: ClosedRange<Double>? { -0.13...1.13 }
  public var function: VectorFunction { approximation == .none ? .gelu : .geluByTanh }
}
