import LinearAlgebra

/// Katzenelson's method, for a piecewise linear f: the solutions of z = f(z) + μ d form a path of straight pieces, which
/// is followed from a large μ to μ = 0, from kink to kink.
///
/// Where f is bounded and constant far away along d, the path begins at μ = ∞ with the only solution there, cannot
/// return to it, and so passes μ = 0: a fixed point is found, for almost every d (Katzenelson 1965, "An algorithm for
/// solving nonlinear resistor networks"; Eaves & Scarf 1976, "The solution of systems of piecewise linear equations").
/// Smooth path following fails there, since the path bends by any angle. Where f is not constant far away, as with ReLU,
/// there may be no fixed point, and smooth path following is used.
///
/// A piece takes a Jacobian and some nine evaluations; there may be thousands of pieces for fifty coordinates.
public struct Katzenelson: FixedPointSolver {
  /// The solver of the problem where the path arrives.
  public let corrector: any FixedPointSolver
  /// The largest number of updates of the corrector.
  private static let mostUpdates = 15
  /// The largest number of pieces of the first path; each further path may have twice as many, since the number varies
  /// widely from direction to direction.
  private static let firstPieces = 1_000
  private static let mostPaths = 5
  /// The largest number of evaluations of all paths together, a Jacobian counted by its price.
  private static let mostEvaluations = 200_000.0

  /// Katzenelson's method, which ends with Newton's method, unless another is given.
  public init(corrector: any FixedPointSolver = Newton()) {
    self.corrector = corrector
  }

  /// `katzenelson`.
  public var name: String { "katzenelson" }

  /// Follows a path for each sample, one after the other. A problem that is not known to be piecewise linear, or not
  /// constant far away, or without a Jacobian, or that cannot be restricted to a sample, is left to `PathFollowing`.
  ///
  /// - Complexity: A piece takes a factorisation, O(N³).
  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    guard problem.isPiecewiseLinear, problem.jacobian != nil, let select = problem.selecting else {
      return PathFollowing(corrector: corrector).solve(problem, from: start, until: rule)
    }
    return sampleBySample(start, solver: name) { followPaths(select([$0]), from: $1, until: rule) }
  }

  /// Follows one sample's paths until one arrives.
  private func followPaths<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    var (evaluations, rest) = (0, Self.mostEvaluations)
    var solution: FixedPointSolution<S>!
    for attempt in 0..<Self.mostPaths where rest > 0 {
      guard var path = PiecewiseLinearPath(problem, from: start, seed: 0xD0 + UInt64(attempt)) else {
        return PathFollowing(corrector: corrector).solve(problem, from: start, until: rule)
      }
      let mostPieces = min(Self.firstPieces << attempt, rule.maximumIterations)
      solution = follow(&path, of: problem, until: rule, mostPieces: mostPieces, budget: rest)
      evaluations += solution.evaluations
      rest -= Double(path.evaluations) + Double(path.jacobians) * problem.jacobian!.price
      if solution.converged { break }
    }
    solution.evaluations = evaluations
    return solution
  }

  /// Where one path arrives, or where it began if it does not arrive.
  private func follow<S: Scalar>(
    _ path: inout PiecewiseLinearPath<S>, of problem: FixedPointProblem<S>, until rule: StoppingRule,
    mostPieces: Int, budget: Double
  ) -> FixedPointSolution<S> {
    var last = rule
    last.maximumIterations = min(rule.maximumIterations, Self.mostUpdates)
    let price = problem.jacobian!.price
    var reason = StopReason.outOfIterations
    while path.pieces < mostPieces, Double(path.evaluations) + Double(path.jacobians) * price < budget {
      guard let next = path.advance() else {
        reason = .stalled
        break
      }
      guard case .arrival(let state) = next else { continue }
      var solution = corrector.solve(problem, from: state, until: last)
      solution.iterations += path.pieces
      solution.evaluations += path.evaluations
      solution.solver = name
      return solution
    }
    return .unsolved(
      at: path.start, residual: path.firstResidual, reason: reason, iterations: path.pieces,
      evaluations: path.evaluations, solver: name)
  }
}
