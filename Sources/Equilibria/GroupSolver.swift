import FixedPoints
import LinearAlgebra

/// What cyclic groups are solved with where nobody asks for another: Anderson acceleration, and for the samples that it has
/// not settled after a while, one after the other: operator splitting where the group is certified monotone, Newton's
/// method, Broyden's, a homotopy, Newton's method from other starts, and Anderson acceleration to the end.
///
/// Each stage works on the samples that are left alone, and begins where the solve began, unless it says otherwise. What
/// each was tried for and settled is in the solution's `stages`.
public struct GroupSolver: FixedPointSolver {
  /// After how many iterations the next solver takes over: a contraction by 0.93 is settled until then.
  public static let patience = 500

  /// Tried first, on all samples, and last.
  public let first: any FixedPointSolver
  /// Tried on the samples that are left.
  public let second: any FixedPointSolver
  /// Tried on the samples that are left then.
  public let third: any FixedPointSolver
  /// What a group that is certified monotone offers.
  var monotoneStart: MonotoneStart?

  /// A solver of these stages.
  public init(
    first: any FixedPointSolver = FittedAnderson(), second: any FixedPointSolver = Newton(),
    third: any FixedPointSolver = Broyden()
  ) {
    self.first = first
    self.second = second
    self.third = third
  }

  /// The first solver: where a group can be had in single precision, its equilibrium there is a good start.
  public var preparation: (any FixedPointSolver)? { first }

  /// `anderson, newton, broyden`.
  public var name: String { "\(first.name), \(second.name), \(third.name)" }

  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    var quick = rule
    quick.maximumIterations = min(rule.maximumIterations, Self.patience)
    var solution = first.solve(problem, from: start, until: quick)
    solution.stages = [SolveStage(solution, reason: "the default")]
    let runningOff = solution.samples.indices.filter { solution.samples[$0].reason == .diverging }
    tryMonotoneStart(problem, for: &solution, until: quick)
    let singular = solution.improve(problem, by: second, from: start, until: rule)
    for solver in [third, Homotopy(corrector: second), OtherStarts(second)] {
      solution.improve(problem, by: solver, from: start, until: quick)
    }
    if quick.maximumIterations < rule.maximumIterations {
      // What runs off along a direction in which I − J is singular does so for as long as one looks.
      solution.improve(
        problem, by: first, from: start, until: rule, since: "for as long as it may take",
        sparing: singular.intersection(runningOff))
    }
    return solution
  }

  /// Where the group is certified monotone, goes on from what operator splitting finds for the samples that are left.
  private func tryMonotoneStart<S: Scalar>(
    _ problem: FixedPointProblem<S>, for solution: inout FixedPointSolution<S>, until rule: StoppingRule
  ) {
    let left = solution.samples.indices.filter { solution.samples[$0].reason != .converged }
    guard !left.isEmpty, rule.maximumIterations > 0, let found = monotoneStart?.find(left) else { return }
    var start = solution.state
    for (position, sample) in left.enumerated() {
      start.replaceRow(sample, with: found.start.cast(to: S.self).row(position))
    }
    solution.evaluations += found.updates
    solution.improve(
      problem, by: Continued(base: first, name: "peaceman–rachford"), from: start, until: rule,
      since: found.reason)
    solution.stages[solution.stages.count - 1].evaluations += found.updates
  }
}
