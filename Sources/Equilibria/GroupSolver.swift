import FixedPoints
import LinearAlgebra

/// What cyclic groups are solved with where nobody asks for another: Anderson acceleration, Newton's method for the
/// samples that it has not settled after a while, then Broyden's, and Anderson acceleration to the end for what is left.
///
/// Each stage works on the samples that are left alone, and begins where the solve began.
public struct GroupSolver: FixedPointSolver {
  /// After how many iterations the next solver takes over: a contraction by 0.93 is settled until then.
  public static let patience = 500

  /// Tried first, on all samples, and last.
  public let first: any FixedPointSolver
  /// Tried on the samples that are left.
  public let second: any FixedPointSolver
  /// Tried on the samples that are left then.
  public let third: any FixedPointSolver

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
    let runningOff = solution.samples.indices.filter { solution.samples[$0].reason == .diverging }
    let singular = solution.improve(problem, by: second, from: start, until: rule) {
      $0.reason == .singular
    }
    solution.improve(problem, by: third, from: start, until: quick)
    if quick.maximumIterations < rule.maximumIterations {
      // What runs off along a direction in which I − J is singular does so for as long as one looks.
      let hopeless = singular.intersection(runningOff)
      solution.improve(problem, by: first, from: start, until: rule, sparing: hopeless)
    }
    return solution
  }
}

extension FixedPointSolution {
  /// Tries the samples that are not settled with another solver, and takes what it settles. Of those that it does not,
  /// the attempt that brought the residual further down says why.
  ///
  /// - Parameters:
  ///   - spared: Samples that are left as they are.
  ///   - isNoted: Which outcomes of the attempt to note.
  /// - Returns: The samples whose outcome was noted.
  @discardableResult
  fileprivate mutating func improve(
    _ problem: FixedPointProblem<S>, by other: any FixedPointSolver, from start: Matrix<S>,
    until rule: StoppingRule, sparing spared: Set<Int> = [],
    noting isNoted: (SampleOutcome) -> Bool = { _ in false }
  ) -> Set<Int> {
    let left = samples.indices.filter { samples[$0].reason != .converged && !spared.contains($0) }
    guard !left.isEmpty else { return [] }
    let part = problem.selecting?(left)
    let attempt = other.solve(
      part ?? problem, from: part == nil ? start : start.selectingRows(left), until: rule)
    var noted: Set<Int> = []
    for (position, sample) in left.enumerated() {
      let row = part == nil ? sample : position
      let found = attempt.samples[row]
      if isNoted(found) { noted.insert(sample) }
      guard found.reason == .converged || found.residual < samples[sample].residual else { continue }
      samples[sample] = found
      state.replaceRow(sample, with: attempt.state.row(row))
    }
    evaluations += attempt.evaluations
    iterations = max(iterations, attempt.iterations)
    if !solver.contains(other.name) { solver += ", \(other.name)" }
    return noted
  }
}
