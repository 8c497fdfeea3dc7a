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
  /// The largest number of steps, and of evaluations, a Jacobian counted by its price.
  private static let (mostSteps, mostEvaluations) = (2_000, 20_000.0)

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
    return sampleBySample(start, solver: name) { follow(select([$0]), from: $1, until: rule) }
  }

  /// The arrival of one sample's path, or where it began if it does not arrive.
  private func follow<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    var path = HomotopyPath(problem, from: start)
    var last = rule
    last.maximumIterations = min(rule.maximumIterations, Self.mostUpdates)
    let price = 1 + problem.jacobian!.price
    var reason = StopReason.outOfIterations
    while path.steps < min(Self.mostSteps, rule.maximumIterations),
      Double(path.corrections) * price < Self.mostEvaluations
    {
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
        return solution
      }
      // The corrector has gone elsewhere: a shorter step comes closer to where the path arrives.
      guard path.shorten() else {
        reason = .stalled
        break
      }
    }
    return .unsolved(
      at: start, residual: path.firstResidual, reason: reason, iterations: path.steps,
      evaluations: path.evaluations, solver: name)
  }
}
