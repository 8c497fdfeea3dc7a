import LinearAlgebra

/// `σ(p) = p − tanh p`.
public struct Tanhshrink: PlainActivation, VectorActivation {
  public static let typeName = "tanhshrink"
  public static let schema = OperatorSchema("p − tanh p")

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1 }
  public var function: VectorFunction { .tanhshrink }
}
