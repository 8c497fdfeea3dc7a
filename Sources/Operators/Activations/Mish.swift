import LinearAlgebra

/// `σ(p) = p·tanh(log(1 + e^p))` (Misra 2019).
public struct Mish: PlainActivation, VectorActivation {
  public static let typeName = "mish"
  public static let schema = OperatorSchema("p·tanh(log(1 + eᵖ))")

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { -0.1134...1.0885 }
  public var function: VectorFunction { .mish }
}
