import LinearAlgebra

/// `σ(p) = p / (1 + e^−p)`, also called swish.
public struct SiLU: PlainActivation, VectorActivation {
  public static let typeName = "silu"
  public static let schema = OperatorSchema("p / (1 + e⁻ᵖ)")

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { -0.09983937...1.09983937 }
  public var function: VectorFunction { .silu }
}
