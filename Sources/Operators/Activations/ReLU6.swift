import LinearAlgebra

/// The rectifier cut off at 6, `σ(p) = min(max(p, 0), 6)`; σ' is 0 at 0 and at 6.
public struct ReLU6: PlainActivation, VectorActivation {
  public static let typeName = "relu6"
  public static let schema = OperatorSchema("min(max(p, 0), 6); slope 0 at both")

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1 }
  public var isPiecewiseLinear: Bool { true }
  public var function: VectorFunction { .hardTanh(from: 0, to: 6) }
}
