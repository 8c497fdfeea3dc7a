import LinearAlgebra

/// A homotopy followed by arc length: the solutions of z = λ f(z) + (1 − λ) a form a path from the start a, at λ = 0,
/// which may turn back in λ many times before it reaches λ = 1.
///
/// Where f is smooth and bounded, almost every start begins a path that ends at a fixed point of f, even if f has a
/// large gain and iterations from every start wander (Chow, Mallet-Paret & Yorke 1978, "Finding zeros of maps: homotopy
/// methods that are constructive with probability one"). Where f is not bounded, the path may run to infinity instead,
/// as it has to if f has no fixed point. The path is followed by Euler's predictor and Newton's corrector (Allgower &
/// Georg 1990, "Numerical Continuation Methods", chapters 2 and 6), with an explicit Jacobian.
///
/// It takes some 20 evaluations where an iteration would converge too, and a thousand or more at gains where none does.
/// The corner that the path of a piecewise linear f makes at a kink may be too sharp for it; then nothing is found.
public struct PathFollowing: FixedPointSolver {
  /// The solver of the last problem, λ = 1, from where the path arrives.
  public let corrector: any FixedPointSolver
  /// The largest number of updates of the corrector for one arrival.
  private static let mostUpdates = 15
  /// The largest number of steps of the first path, and of evaluations of all paths, a Jacobian counted by its price. The
  /// third path may have twice as many steps, and so on: the number varies widely from start to start.
  private static let (mostSteps, mostEvaluations) = (2_000, 120_000.0)
  private static let mostPaths = 4

  /// Path following that ends with Newton's method, unless another is given.
  public init(corrector: any FixedPointSolver = Newton()) {
    self.corrector = corrector
  }

  /// `path following`.
  public var name: String { "path following" }

  /// Follows a path for each sample, one after the other. A problem without a Jacobian, or that cannot be restricted to
  /// a sample, is left to `Homotopy`, which cannot turn back.
  ///
  /// - Complexity: A step takes about two evaluations and Jacobians, and as many factorisations, O(N³).
  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    guard let select = problem.selecting, problem.jacobian != nil else {
      return Homotopy(corrector: corrector).solve(problem, from: start, until: rule)
    }
    return sampleBySample(start, solver: name) { followPaths(select([$0]), from: $1, until: rule) }
  }

  /// Follows one sample's paths until one arrives: from the start, then from values of f at states that are drawn.
  private func followPaths<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    var (beginning, evaluations, rest) = (start, 0, Self.mostEvaluations)
    var solution: FixedPointSolution<S>!
    var generator = SeededGenerator(seed: 0xA)
    for attempt in 0..<Self.mostPaths where rest > 0 {
      var path = HomotopyPath(problem, from: beginning)
      let mostSteps = min(max(1, 1 << (attempt - 1)) * Self.mostSteps, rule.maximumIterations)
      var next = follow(&path, of: problem, until: rule, mostSteps: mostSteps, budget: rest)
      evaluations += next.evaluations
      rest -= Double(path.corrections) * (1 + problem.jacobian!.price)
      if !next.converged, let first = solution { next = first }
      solution = next
      if solution.converged || !path.firstResidual.isFinite { break }
      let drawn = Matrix(
        rows: 1, columns: start.columns, elements: (0..<start.columns).map { _ in S(generator.normal()) })
      beginning = problem.value(drawn)
      evaluations += 1
    }
    solution.evaluations = evaluations
    return solution
  }

  /// Where one path arrives, or where it began if it does not arrive.
  private func follow<S: Scalar>(
    _ path: inout HomotopyPath<S>, of problem: FixedPointProblem<S>, until rule: StoppingRule, mostSteps: Int,
    budget: Double
  ) -> FixedPointSolution<S> {
    var last = rule
    last.maximumIterations = min(rule.maximumIterations, Self.mostUpdates)
    let price = 1 + problem.jacobian!.price
    var reason = StopReason.outOfIterations
    while path.steps < mostSteps, Double(path.corrections) * price < budget {
      guard let next = path.advance() else {
        reason = path.firstResidual.isFinite ? .stalled : .notFinite
        break
      }
      guard case .arrival(let state) = next else { continue }
      var solution = corrector.solve(problem, from: state, until: last)
      path.count(evaluations: solution.evaluations)
      if solution.converged {
        solution.iterations += path.steps
        solution.evaluations = path.evaluations
        solution.solver = name
        return solution
      }
      // The corrector has gone elsewhere: a shorter step comes closer to where the path arrives.
      guard path.shorten() else {
        reason = .stalled
        break
      }
    }
    return .unsolved(
      at: path.beginning, residual: path.firstResidual, reason: reason, iterations: path.steps,
      evaluations: path.evaluations, solver: name)
  }
}
