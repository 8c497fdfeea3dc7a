/// Why a sample's iteration stopped.
public enum StopReason: Sendable, Equatable {
  /// The residual is within the tolerance.
  case converged
  /// The updates are used up, without evidence of a more specific reason.
  case outOfIterations
  /// The path that is followed runs to infinity, or turns by an angle that it cannot be followed around. Only solvers
  /// that follow a path report it.
  case stalled
  /// The iterates return to themselves every `period` updates (2 to 8) while the residual does not shrink: the cycle
  /// will not end. Only Picard iteration reports it.
  case oscillating(period: Int)
  /// The residual or the state diverges, by persistent growth or overflow.
  case diverging
  /// The transition is infinite or NaN, at the start or where the method cannot avoid it.
  case notFinite
  /// I − J is singular at the iterate, so that Newton's equations have no unique solution.
  case singular
  /// The residual is within the tolerance, but I − J is so nearly singular there that rounding leaves the equilibrium,
  /// or its existence, undetermined.
  case notDetermined
  /// The residual is within the tolerance, but f jumps within rounding of the state, where it need not have an
  /// equilibrium.
  case discontinuous
}

extension StopReason: CustomStringConvertible {
  /// The reason in words.
  public var description: String {
    switch self {
    case .converged: "converged"
    case .outOfIterations: "out of iterations"
    case .stalled: "stalled"
    case .oscillating(let period): "oscillating with period \(period)"
    case .diverging: "diverging"
    case .notFinite: "not finite"
    case .singular: "singular"
    case .notDetermined: "not determined"
    case .discontinuous: "discontinuous"
    }
  }
}
