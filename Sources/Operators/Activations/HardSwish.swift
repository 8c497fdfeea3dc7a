import LinearAlgebra

/// `σ(p) = p·min(max(p + 3, 0), 6) / 6` (Howard et al. 2019); σ' is 0 at −3 and 1 at 3.
public struct HardSwish: PlainActivation, VectorActivation {
  public static let typeName = "hard_swish"
  public static let schema = OperatorSchema("p·hard_sigmoid(p); slope 0 at −3 and 1 at 3")

  /// The activation.
  public init() {}

  public var slopes: ClosedRange<Double>? { -0.5...1.5 }
  public var function: VectorFunction { .hardSwish }
}
