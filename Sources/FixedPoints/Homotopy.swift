import LinearAlgebra

/// Continuation from a damped problem: z = λ f(z) + (1 − λ) a is trivial at λ = 0, where z is the start a, and is followed
/// to λ = 1, each solution being the start of the next.
///
/// 1 − λ shrinks by a factor that follows success and failure; at each λ the line through the last two solutions predicts
/// the next, and the corrector solves for it (Allgower & Georg 1990, "Numerical Continuation Methods", chapter 2). It
/// comes through where λ f has one fixed point for all λ < 1 that moves off only near the end, as where I − J is almost
/// singular; a fold of the path ends it. Worth trying where nothing else helps, not before.
public struct Homotopy: FixedPointSolver {
  /// What solves the problems on the way, and the last.
  public let corrector: any FixedPointSolver

  /// The most problems on the way, and the updates that each may take.
  private static let (mostSteps, mostUpdates) = (60, 30)
  /// The factors of 1 − λ: the largest step, and the smallest that is worth taking.
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
    // Each sample has a path of its own.
    let paths = (0..<start.rows).map { follow(select([$0]), from: start.selectingRows([$0]), until: rule) }
    var solution = paths[0]
    solution.state = Matrix(
      rows: start.rows, columns: start.columns, elements: paths.flatMap(\.state.elements))
    solution.samples = paths.flatMap(\.samples)
    solution.iterations = paths.map(\.iterations).max() ?? 0
    solution.evaluations = paths.reduce(0) { $0 + $1.evaluations }
    return solution
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
        // What is left is small enough for the last step where the path hardly moves any more.
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

/// The last two points of a path, by what is left of 1 − λ.
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

  /// Where the line through the last two points is when this much is left.
  func prediction(rest next: Double) -> Matrix<S> {
    guard let previous else { return end }
    var state = end
    let share = S((rest - next) / (previous.rest - rest))
    state.add(end - previous.state, scaledBy: share)
    return state.isFinite ? state : end
  }

  /// Whether the rest of the way is a thousandth of the state, if it goes on like the last part.
  var hasSettled: Bool {
    guard let previous else { return false }
    let change = Double(largestMagnitude((end - previous.state).elements[...]))
    let size = Double(largestMagnitude(end.elements[...]))
    return change * rest / (previous.rest - rest) <= 1e-3 * size && rest < 0.1
  }
}
