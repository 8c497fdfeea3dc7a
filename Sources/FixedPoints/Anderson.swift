import LinearAlgebra

/// Anderson acceleration: the next iterate is the combination of the last ones whose residuals, to first
/// order, cancel best.
///
/// Type II as in Walker & Ni 2011, "Anderson Acceleration for Fixed-Point Iterations", section 2, in unconstrained
/// form: with F = f(z) − z and the differences ΔZ, ΔF of the last m iterates, γ = argmin ‖F − ΔF·γ‖₂ and
/// z ← z + β·F − (ΔZ + β·ΔF)·γ. Without usable differences this is a (damped) Picard step. An iteration that stagnates
/// or becomes infinite or NaN continues with plain steps from its best iterate for a while. Where the combination gains
/// next to nothing over plain steps, as when the eigenvalues of J fill a disk, undamped acceleration pauses for a few
/// steps.
///
/// Where a sample fails, the iterate with the smallest residual is returned.
public struct Anderson: FixedPointSolver {
  /// m: how many differences of iterates are combined.
  public let memory: Int
  /// β: the share of the residual that is added to the combination; 1 is no damping.
  public let damping: Double
  /// The cost of a combination in evaluations: undamped acceleration pauses where it saves less. 0 never pauses.
  public let combinationCost: Double

  /// Anderson acceleration with `memory` ≥ 1 and 0 < `damping` ≤ 1.
  public init(memory: Int = 5, damping: Double = 1, combinationCost: Double = 0.1) {
    precondition(memory >= 1, "Anderson acceleration without memory is Picard iteration")
    precondition(combinationCost >= 0, "a negative cost")
    precondition(damping > 0 && damping <= 1, "a damping outside (0, 1]")
    self.memory = memory
    self.damping = damping
    self.combinationCost = combinationCost
  }

  /// `anderson`.
  public var name: String { "anderson" }

  /// Iterates as described for the type; one call of the transition per update, and one more.
  ///
  /// - Complexity: O(N·m) besides each call, and memory for 2·m states and a few more.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    iterate(problem, from: start, until: rule, solver: name) {
      AndersonIteration<S>(
        memory: memory, damping: S(damping), combinationCost: damping == 1 ? combinationCost : 0)
    }
  }
}

/// Anderson acceleration of one sample.
private struct AndersonIteration<S: Scalar>: SampleMethod {
  private let memory: Int
  private let combinationCost: Double
  private var history: AndersonHistory<S>
  private var safeguard = Safeguard<S>()
  private var plainSteps = PlainStepSchedule()

  init(memory: Int, damping: S, combinationCost: Double) {
    self.memory = memory
    self.combinationCost = combinationCost
    history = AndersonHistory(memory: memory, damping: damping)
  }

  var kind: IterationKind { .accelerated }

  mutating func proposal(after evaluation: Evaluation<S>, limit: Double) -> Proposal<S> {
    switch safeguard.advice(after: evaluation) {
    case .giveUp: return .failure(.notFinite)
    case .plain(let base):
      history.forget()
      return .iterate(base.value)
    case .restart(let base, let length):
      history.forget()
      history.remember(base)
      return .iterate(moved(base.point, by: length, along: base.difference))
    case .accelerate:
      guard !plainSteps.continues(at: evaluation.residual) else { return .iterate(evaluation.value) }
      return accelerated(from: evaluation, limit: limit)
    }
  }

  private mutating func accelerated(from evaluation: Evaluation<S>, limit: Double) -> Proposal<S> {
    history.remember(evaluation)
    let next = history.combination()
    if plainSteps.begins(
      afterCombining: history.count, of: memory, remainder: next.remainder, contraction: next.contraction,
      cost: combinationCost)
    {
      history.forget()
    }
    return .iterate(isWithin(limit, next.point) ? next.point : evaluation.value)
  }
}
