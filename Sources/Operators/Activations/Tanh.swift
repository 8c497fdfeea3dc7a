import LinearAlgebra

/// The hyperbolic tangent.
public struct Tanh: PlainActivation, VectorActivation {
  public static let typeName = "tanh"
  public static let schema = OperatorSchema("tanh p")

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1 }
  public var function: VectorFunction { .tanh }
}
