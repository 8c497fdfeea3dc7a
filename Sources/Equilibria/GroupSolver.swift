import FixedPoints
import LinearAlgebra

/// The default solver of cyclic groups: Anderson acceleration. Where the Jacobian can be computed explicitly, Newton's
/// method comes first if its steps are cheap, on up to about forty coordinates; otherwise it continues from acceleration's
/// iterate as soon as it is forecast to cost less. Samples that are not settled within `patience` iterations are tried
/// in turn by operator splitting where the group is certified monotone, path following where there is a Jacobian
/// (Katzenelson's method where f is piecewise linear and bounded), Newton's method, Broyden's, a homotopy, Newton's
/// method from other starts, and Anderson acceleration to the end.
///
/// Each stage works only on the samples that are left, and begins where the solve began unless stated otherwise. The
/// solution's `stages` record why each was tried and what it settled.
public struct GroupSolver: FixedPointSolver {
  /// The largest number of updates of Newton's method where it comes first, or continues from acceleration's iterate.
  private static let newtonUpdates = 15
  /// The largest price of a Jacobian and its factors, in evaluations, at which Newton's method comes first.
  private static let lowPrice = 2.0
  /// The number of iterations after which the next solver takes over; a contraction by 0.93 is settled within it.
  public static let patience = 500

  /// Tried first, on all samples, and last.
  public let first: any FixedPointSolver
  /// Tried on the samples that are left.
  public let second: any FixedPointSolver
  /// Tried on the samples that are left after that.
  public let third: any FixedPointSolver
  /// Whether Newton's method may come before, or take over from, the first solver; false where that solver was
  /// requested.
  let isAdaptive: Bool
  /// The start that a certified monotone group offers.
  var monotoneStart: MonotoneStart?

  /// A solver with these stages.
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

  /// The first solver: where a group exists in single precision too, its equilibrium there is a good start.
  public var preparation: (any FixedPointSolver)? { first }

  /// `anderson, newton, broyden`.
  public var name: String { "\(first.name), \(second.name), \(third.name)" }

  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    var quick = rule
    quick.maximumIterations = min(rule.maximumIterations, Self.patience)
    var (solution, accelerated) = begin(problem, from: start, until: quick)
    tryMonotoneStart(problem, for: &solution, until: quick)
    let hasPath = isAdaptive && problem.jacobian != nil
    if hasPath {
      let path: any FixedPointSolver =
        problem.isPiecewiseLinear ? Katzenelson(corrector: second) : PathFollowing(corrector: second)
      solution.improve(problem, by: path, from: start, until: rule)
      solution.improve(problem, by: first, from: start, until: quick, sparing: accelerated)
    }
    let runningOff = solution.samples.indices.filter { solution.samples[$0].reason == .diverging }
    let singular = solution.improve(problem, by: second, from: start, until: rule)
    solution.improve(problem, by: third, from: start, until: quick)
    if !hasPath { solution.improve(problem, by: Homotopy(corrector: second), from: start, until: quick) }
    solution.improve(problem, by: OtherStarts(second), from: start, until: quick)
    if quick.maximumIterations < rule.maximumIterations {
      // A sample that diverges along a null direction of I − J does so however many updates are made.
      solution.improve(
        problem, by: first, from: start, until: rule, since: "for as long as it may take",
        sparing: singular.intersection(runningOff))
    }
    return solution
  }

  /// The stages that may come first: Newton's method where its steps cost little more than two evaluations,
  /// acceleration followed by Newton's method, or acceleration alone; and the samples on which acceleration has been
  /// tried to the end.
  ///
  /// A step of Newton's method doubles the digits for a Jacobian and an evaluation, a factor of √2 for each evaluation.
  /// Acceleration on up to two coordinates, like the secant method, multiplies them by at least 1.47.
  private func begin<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> (solution: FixedPointSolution<S>, accelerated: Set<Int>) {
    let price = isAdaptive && start.columns >= 3 ? problem.jacobian?.price : nil
    var soon = rule
    soon.maximumIterations = min(rule.maximumIterations, Self.newtonUpdates)
    if let price, price <= Self.lowPrice {
      var solution = second.solve(problem, from: start, until: soon)
      solution.stages = [SolveStage(solution, reason: "its steps being cheap")]
      return (solution, [])
    }
    var cautious = rule
    cautious.newtonPrice = price
    var solution = first.solve(problem, from: start, until: cautious)
    solution.stages = [SolveStage(solution, reason: "the default")]
    let accelerated = Set(solution.samples.indices.filter { !solution.samples[$0].isHandedOver })
    solution.improve(
      problem, by: second, from: solution.state, until: soon, since: "forecast to take less from there",
      sparing: accelerated)
    return (solution, accelerated)
  }

  /// Where the group is certified monotone, continues from the state that operator splitting finds, for the samples
  /// that are left.
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
