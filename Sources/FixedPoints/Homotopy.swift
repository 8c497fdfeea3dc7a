import LinearAlgebra

/// Continuation from a damped problem: z = λ f(z) + (1 − λ) a is trivial at λ = 0, where z is the start a, and is
/// followed to λ = 1, each solution serving as the next start.
///
/// 1 − λ shrinks by a factor that adapts to success and failure; at each λ the line through the last two solutions
/// predicts the next, and the corrector solves for it (Allgower & Georg 1990, "Numerical Continuation Methods", chapter
/// 2). It succeeds where λ f has one fixed point for all λ < 1 that moves far only near the end, as where I − J is
/// almost singular; a fold of the path ends it. It is worth trying only after other methods have failed.
public struct Homotopy: FixedPointSolver {
  /// The solver of the intermediate problems and of the last one.
  public let corrector: any FixedPointSolver

  /// The largest number of intermediate problems, and of updates for each.
  private static let (mostSteps, mostUpdates) = (60, 30)
  /// The factors of 1 − λ: the largest step, and the smallest worthwhile one.
  private static let (boldest, most) = (0.05, 0.97)

  /// Continuation with Newton's method, unless another is given.
  public init(corrector: any FixedPointSolver = Newton()) {
    self.corrector = corrector
  }

  /// `homotopy`.
  public var name: String { "homotopy" }

  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    guard start.rows > 1, let select = problem.selecting else {
      return follow(problem, from: start, until: rule)
    }
    return sampleBySample(start, solver: name) { follow(select([$0]), from: $1, until: rule) }
  }

  private func follow<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    var path = Path(end: start)
    var (factor, evaluations, iterations) = (0.5, 0, 0)
    let onTheWay = StoppingRule(
      relativeTolerance: 1e-6, absoluteTolerance: rule.absoluteTolerance,
      maximumIterations: min(Self.mostUpdates, rule.maximumIterations))
    for _ in 0..<Self.mostSteps where path.rest > Double(S.ulpOfOne) && factor < Self.most {
      let rest = path.rest * factor
      let damped = FixedPointProblem<S>(value: { state in
        var value = problem.value(state)
        value.add(start - value, scaledBy: S(rest))
        return value
      })
      let step = corrector.solve(damped, from: path.prediction(rest: rest), until: onTheWay)
      evaluations += step.evaluations
      iterations += step.iterations
      if step.converged {
        path.append(step.state, rest: rest)
        factor = max(Self.boldest, factor * factor)
        // Where the path hardly moves any more, one last step covers the rest.
        if path.hasSettled { break }
      } else {
        factor = factor.squareRoot()
      }
    }
    var solution = corrector.solve(problem, from: path.prediction(rest: 0), until: rule)
    solution.evaluations += evaluations
    solution.iterations += iterations
    solution.solver = name
    return solution
  }
}

/// The last two points of a path, by their 1 − λ.
private struct Path<S: Scalar> {
  private(set) var rest = 1.0
  private var end: Matrix<S>
  private var previous: (rest: Double, state: Matrix<S>)?

  init(end: Matrix<S>) {
    self.end = end
  }

  mutating func append(_ state: Matrix<S>, rest: Double) {
    previous = (self.rest, end)
    (self.rest, end) = (rest, state)
  }

  /// The point of the line through the last two points at this 1 − λ.
  func prediction(rest next: Double) -> Matrix<S> {
    guard let previous else { return end }
    var state = end
    let share = S((rest - next) / (previous.rest - rest))
    state.add(end - previous.state, scaledBy: share)
    return state.isFinite ? state : end
  }

  /// Whether the rest of the path, extrapolated from its last part, is at most a thousandth of the state.
  var hasSettled: Bool {
    guard let previous else { return false }
    let change = Double(largestMagnitude((end - previous.state).elements[...]))
    let size = Double(largestMagnitude(end.elements[...]))
    return change * rest / (previous.rest - rest) <= 1e-3 * size && rest < 0.1
  }
}
