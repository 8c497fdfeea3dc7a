import FixedPoints
import LinearAlgebra

/// What cyclic groups are solved with where nobody asks for another: Anderson acceleration. Where the Jacobian can be written
/// out, Newton's method comes first if its steps are cheap, on some ten coordinates, and else goes on from what acceleration
/// has reached as soon as it is forecast to take less. For the samples that are not settled after a while, one after the other: operator splitting where the group is certified monotone, Newton's
/// method, Broyden's, a homotopy, Newton's method from other starts, and Anderson acceleration to the end.
///
/// Each stage works on the samples that are left alone, and begins where the solve began, unless it says otherwise. What
/// each was tried for and settled is in the solution's `stages`.
public struct GroupSolver: FixedPointSolver {
  /// How many updates Newton's method may take where it comes first, or goes on from what acceleration has reached.
  private static let newtonUpdates = 15
  /// Up to which price of a Jacobian and its factors, in evaluations, Newton's method comes first.
  private static let lowPrice = 1.5
  /// After how many iterations the next solver takes over: a contraction by 0.93 is settled until then.
  public static let patience = 500

  /// Tried first, on all samples, and last.
  public let first: any FixedPointSolver
  /// Tried on the samples that are left.
  public let second: any FixedPointSolver
  /// Tried on the samples that are left then.
  public let third: any FixedPointSolver
  /// Whether Newton's method may come before, or take over from, the first solver; not where somebody asks for that one.
  let isAdaptive: Bool
  /// What a group that is certified monotone offers.
  var monotoneStart: MonotoneStart?

  /// A solver of these stages.
  public init(
    first: any FixedPointSolver = FittedAnderson(), second: any FixedPointSolver = Newton(),
    third: any FixedPointSolver = Broyden()
  ) {
    self.init(first: first, second: second, third: third, isAdaptive: first is FittedAnderson)
  }

  init(
    first: any FixedPointSolver, second: any FixedPointSolver, third: any FixedPointSolver, isAdaptive: Bool
  ) {
    self.isAdaptive = isAdaptive
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
    var solution = begin(problem, from: start, until: quick)
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

  /// The stages that may come first: Newton's method where its steps cost little more than two evaluations, acceleration
  /// and what Newton's method makes of it, or acceleration alone.
  ///
  /// A step of Newton's method doubles the digits for a Jacobian and an evaluation, √2 an evaluation; acceleration on up to
  /// two coordinates, as the secant method, multiplies them by 1.47 and more.
  private func begin<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    guard isAdaptive, let price = problem.jacobian?.price else {
      var solution = first.solve(problem, from: start, until: rule)
      solution.stages = [SolveStage(solution, reason: "the default")]
      return solution
    }
    var soon = rule
    soon.maximumIterations = min(rule.maximumIterations, Self.newtonUpdates)
    guard price <= Self.lowPrice, start.columns >= 3 else {
      var cautious = rule
      cautious.newtonPrice = start.columns >= 3 ? price : nil
      var solution = first.solve(problem, from: start, until: cautious)
      solution.stages = [SolveStage(solution, reason: "the default")]
      tryNewton(problem, for: &solution, from: start, until: rule)
      return solution
    }
    var solution = second.solve(problem, from: start, until: soon)
    solution.stages = [SolveStage(solution, reason: "its steps being cheap")]
    guard !solution.converged else { return solution }
    let image = problem.known.flatMap { $0.state == start ? $0.value : nil }
    if image == nil { solution.evaluations += 1 }
    solution.improve(
      problem, by: second, from: image ?? problem.value(start), until: soon, since: "from f of the start")
    solution.improve(problem, by: first, from: start, until: rule, since: "after Newton's method")
    return solution
  }

  /// Newton's method for the samples that were handed over to it, from what acceleration has reached; what it does not
  /// settle soon goes back to acceleration.
  private func tryNewton<S: Scalar>(
    _ problem: FixedPointProblem<S>, for solution: inout FixedPointSolution<S>, from start: Matrix<S>,
    until rule: StoppingRule
  ) {
    let others = Set(solution.samples.indices.filter { !solution.samples[$0].isHandedOver })
    guard others.count < solution.samples.count else { return }
    var soon = rule
    soon.maximumIterations = min(rule.maximumIterations, Self.newtonUpdates)
    solution.improve(
      problem, by: second, from: solution.state, until: soon, since: "forecast to take less from there",
      sparing: others)
    solution.improve(
      problem, by: first, from: start, until: rule, since: "after Newton's method", sparing: others)
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
