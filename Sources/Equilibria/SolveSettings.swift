import FixedPoints
import LinearAlgebra

/// How equilibria and adjoints are found, and when they are accepted, in whatever precision: what a user asks for, the
/// rest being what it is by default.
public struct SolveSettings: Sendable {
  /// How they are found.
  public var method: SolutionMethod
  /// The largest residual accepted, as a multiple of the magnitudes that a coordinate adds up; nil for what rounding allows.
  public var relativeTolerance: Double?
  /// The largest residual accepted of a state of any size, in the state's units; nil for none to speak of.
  public var absoluteTolerance: Double?
  /// How many updates a sample may take; nil for 10,000.
  public var maximumIterations: Int?

  /// A method, and the default rule.
  public init(by method: SolutionMethod = .standard) {
    self.method = method
  }

  /// When a sample has converged in precision `S`, where anything was asked for; else nil, for what the model's own
  /// structure suggests.
  ///
  /// One tolerance alone is the only one, but that beside a relative one a state of nothing but zeros has to end too; both
  /// add up. A sample that is within them is not polished.
  public func rule<S: Scalar>(of precision: S.Type) -> StoppingRule? {
    guard hasTolerance || maximumIterations != nil else { return nil }
    var rule = StoppingRule.rounding(of: precision, maximumIterations: maximumIterations ?? 10_000)
    if let relativeTolerance { rule.relativeTolerance = relativeTolerance }
    if hasTolerance { rule.polishedShare = 1 }
    if let absoluteTolerance {
      rule.absoluteTolerance = absoluteTolerance
      rule.relativeTolerance = relativeTolerance ?? 0
    }
    return rule
  }

  /// Whether states are accepted by another tolerance than what rounding allows.
  public var hasTolerance: Bool { relativeTolerance != nil || absoluteTolerance != nil }

  /// The same, but that states are accepted by what rounding allows.
  public var toRounding: SolveSettings {
    var settings = self
    (settings.relativeTolerance, settings.absoluteTolerance) = (nil, nil)
    return settings
  }
}
