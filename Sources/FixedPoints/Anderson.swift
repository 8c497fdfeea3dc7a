import LinearAlgebra

/// Anderson acceleration: the next iterate is the combination of the last ones whose residuals, to first
/// order, cancel best.
///
/// Type II as in Walker & Ni 2011, "Anderson Acceleration for Fixed-Point Iterations", section 2, in
/// unconstrained form: with F = f(z) − z and the differences ΔZ, ΔF of the last m iterates,
/// γ = argmin ‖F − ΔF·γ‖₂ and z ← z + β·F − (ΔZ + β·ΔF)·γ. Without usable differences this is a (damped)
/// Picard step. An iteration that stands still, or leaves the finite numbers, is continued from its best
/// iterate by plain steps for a while.
///
/// Where a sample fails, the iterate with the smallest residual is returned.
public struct Anderson: FixedPointSolver {
  /// m: how many differences of iterates are combined.
  public let memory: Int
  /// β: the share of the residual that is added to the combination; 1 is no damping.
  public let damping: Double

  /// Anderson acceleration with `memory` ≥ 1 and 0 < `damping` ≤ 1.
  public init(memory: Int = 5, damping: Double = 1) {
    precondition(memory >= 1, "Anderson acceleration without memory is Picard iteration")
    precondition(damping > 0 && damping <= 1, "a damping outside (0, 1]")
    self.memory = memory
    self.damping = damping
  }

  /// `anderson`.
  public var name: String { "anderson" }

  /// Iterates as described for the type; one call of the transition per update, and one more.
  ///
  /// - Complexity: O(N·m²) beside each call, and memory for 2·m states and a few more.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func solve<S: Scalar>(
    _ transition: (Matrix<S>) -> Matrix<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    iterate(transition, from: start, until: rule, solver: name) {
      AndersonIteration<S>(memory: memory, damping: S(damping))
    }
  }
}

/// Anderson acceleration of one sample.
private struct AndersonIteration<S: Scalar>: SampleMethod {
  let memory: Int
  let damping: S
  /// The columns of ΔZ and ΔF, newest first.
  private var pointChanges: [[S]] = []
  private var differenceChanges: [[S]] = []
  private var previous: Evaluation<S>?
  private var safeguard = Safeguard<S>()

  init(memory: Int, damping: S) {
    self.memory = memory
    self.damping = damping
  }

  var kind: IterationKind { .accelerated }

  mutating func proposal(after evaluation: Evaluation<S>, limit: Double) -> Proposal<S> {
    switch safeguard.advice(after: evaluation) {
    case .giveUp: return .failure(.notFinite)
    case .plain(let base):
      forget(upTo: nil)
      return .iterate(base.value)
    case .restart(let base, let length):
      forget(upTo: base)
      return .iterate(moved(base.point, by: length, along: base.difference))
    case .accelerate:
      let difference = evaluation.difference
      remember(evaluation, difference: difference)
      let next = combination(at: evaluation, difference: difference)
      return .iterate(isWithin(limit, next) ? next : evaluation.value)
    }
  }

  private mutating func forget(upTo evaluation: Evaluation<S>?) {
    pointChanges = []
    differenceChanges = []
    previous = evaluation
  }

  private mutating func remember(_ evaluation: Evaluation<S>, difference: [S]) {
    if let previous {
      pointChanges.insert(FixedPoints.difference(evaluation.point, previous.point), at: 0)
      differenceChanges.insert(FixedPoints.difference(difference, previous.difference), at: 0)
      if pointChanges.count > memory {
        pointChanges.removeLast()
        differenceChanges.removeLast()
      }
    }
    previous = evaluation
  }

  /// z + β·F − (ΔZ + β·ΔF)·γ.
  private func combination(at evaluation: Evaluation<S>, difference: [S]) -> [S] {
    let coefficients = leastSquaresCoefficients(of: difference, in: differenceChanges)
    var next = damping == 1 ? evaluation.value : moved(evaluation.point, by: damping, along: difference)
    for (index, coefficient) in coefficients.enumerated() where coefficient != 0 {
      accumulate(pointChanges[index], scaledBy: -coefficient, into: &next)
      accumulate(differenceChanges[index], scaledBy: -coefficient * damping, into: &next)
    }
    return next
  }
}
