import LinearAlgebra

/// The rectifier `σ(p) = max(p, 0)`; σ'(0) = 0.
public struct ReLU: PlainActivation, VectorActivation {
  public static let typeName = "relu"
  public static let schema = OperatorSchema("max(p, 0); slope 0 at 0")

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1 }
  public var isPiecewiseLinear: Bool { true }
  public var function: VectorFunction { .relu }
}
