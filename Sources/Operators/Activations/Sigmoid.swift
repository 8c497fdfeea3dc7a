import LinearAlgebra

/// The logistic function `σ(p) = 1 / (1 + e^−p)`.
public struct Sigmoid: PlainActivation, VectorActivation {
  public static let typeName = "sigmoid"
  public static let schema = OperatorSchema("1 / (1 + e⁻ᵖ)")

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...0.25 }
  public var function: VectorFunction { .sigmoid }
}
