import FixedPoints
import LinearAlgebra

/// How equilibria and adjoints are found, and when they are accepted, in any precision: the user's choices, with
/// defaults for the rest.
public struct SolveSettings: Sendable {
  /// The method.
  public var method: SolutionMethod
  /// The largest residual accepted, as a multiple of the magnitudes that a coordinate adds up; nil for the rounding
  /// level.
  public var relativeTolerance: Double?
  /// The largest residual accepted of a state of any size, in the state's units; nil for a negligible one.
  public var absoluteTolerance: Double?
  /// The largest number of updates of a sample; nil for 10,000.
  public var maximumIterations: Int?

  /// A method, and the default rule.
  public init(by method: SolutionMethod = .standard) {
    self.method = method
  }

  /// When a sample has converged in precision `S`, where a tolerance or limit was given; otherwise nil, for the rule
  /// that the model's structure suggests.
  ///
  /// If only one tolerance is given, the other is 0, except that a relative one needs a tiny absolute one for a state
  /// of zeros; both add up. A sample within them is not polished further.
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

  /// Whether states are accepted by a tolerance other than the rounding level.
  public var hasTolerance: Bool { relativeTolerance != nil || absoluteTolerance != nil }

  /// The same, except that states are accepted at rounding level.
  public var toRounding: SolveSettings {
    var settings = self
    (settings.relativeTolerance, settings.absoluteTolerance) = (nil, nil)
    return settings
  }
}
