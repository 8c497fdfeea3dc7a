import LinearAlgebra

/// `σ(p) = p` above `threshold`, else `replacement`; σ'(threshold) = 0. As in
/// `torch.nn.Threshold`, both constants must be given.
public struct Threshold: VectorActivation {
  public static let typeName = "threshold"
  public static let schema = OperatorSchema(
    "p above threshold, else value; slope 0 at threshold",
    .number("threshold", "where the function sets in"),
    .number("value", "the value up to there"))

  /// The largest p at which the function returns `replacement`.
  public let threshold: Double
  /// The value up to `threshold`.
  public let replacement: Double

  /// The activation with these attributes.
  public init(threshold: Double, replacement: Double) {
    self.threshold = threshold
    self.replacement = replacement
  }

  public init(attributes: Attributes) throws(InvalidConstants) {
    self.init(threshold: attributes.number("threshold"), replacement: attributes.number("value"))
  }

  public var attributes: Attributes { ["threshold": .number(threshold), "value": .number(replacement)] }
  public var slopes: ClosedRange<Double>? { Self.slopes(threshold: threshold, replacement: replacement) }
  public var isContinuous: Bool { threshold == replacement }
  public var isPiecewiseLinear: Bool { isContinuous }
  public var function: VectorFunction { .threshold(threshold, replacement: replacement) }

  public func jumpDistance(_ ports: [Double]) -> Double {
    isContinuous ? .infinity : abs(ports[0] - threshold)
  }

  /// With an upward jump at the threshold the slopes have no upper bound, with a downward one no lower bound.
  private static func slopes(threshold: Double, replacement: Double) -> ClosedRange<Double> {
    if replacement == threshold { return 0...1 }
    return replacement < threshold ? 0...(.infinity) : -.infinity...1
  }
}
