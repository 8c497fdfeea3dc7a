import LinearAlgebra

/// `σ(p) = p / (1 + |p|)`.
public struct Softsign: PlainActivation, VectorActivation {
  public static let typeName = "softsign"
  public static let schema = OperatorSchema("p / (1 + abs p)")

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { 0...1 }
  public var function: VectorFunction { .softsign }
}
