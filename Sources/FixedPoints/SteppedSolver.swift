import LinearAlgebra

/// A user-defined solver: how it begins, what one step does, and when it gives up. The loop, the counts, the evidence
/// of failures and the decision that a sample has converged are shared with all solvers.
///
/// A conforming type defines `name` and `begin`; `solve` is provided, so that it can be used wherever a solver can:
/// along the dependency graph, for adjoints, and in batches:
///
/// ```swift
/// struct HeavyBall: SteppedSolver {
///   var name: String { "heavy ball" }
///   func begin<S: Scalar>(at start: [S]) -> any SolverSteps<S> { HeavyBallSteps(last: start) }
/// }
///
/// struct HeavyBallSteps<S: Scalar>: SolverSteps {
///   var last: [S]
///   mutating func step(from z: [S], value: [S]) -> [S]? {
///     defer { last = z }
///     return zip(value, zip(z, last)).map { $0 + ($1.0 - $1.1) / 4 }
///   }
/// }
/// ```
///
/// The parts are those of optimistix's solvers, `init / step / terminate` (Rader, Lyons and Kidger 2024, "Optimistix:
/// modular optimisation in JAX and Equinox").
public protocol SteppedSolver: FixedPointSolver {
  /// The method for one sample, before its first step from `start`, `[N]`.
  func begin<S: Scalar>(at start: [S]) -> any SolverSteps<S>
}

/// One sample's iteration by a user-defined solver.
public protocol SolverSteps<S>: Sendable {
  /// The precision.
  associatedtype S: Scalar

  /// The next iterate, `[N]`, from an iterate z `[N]` and the transition's finite value f(z) there; nil where the
  /// method cannot continue.
  mutating func step(from z: [S], value: [S]) -> [S]?

  /// Why the sample is given up at an iterate that has not converged, or nil to continue, the default.
  ///
  /// Only the stopping rule decides what has converged, so the answer `.converged` counts as `.outOfIterations`.
  ///
  /// - Parameters:
  ///   - residual: ‖f(z) − z‖∞.
  ///   - step: How many steps were taken before, from 0.
  func terminate(residual: Double, step: Int) -> StopReason?
}

extension SolverSteps {
  public func terminate(residual: Double, step: Int) -> StopReason? { nil }
}

extension SteppedSolver {
  /// Iterates until each sample converges by `rule`, is given up, or runs out of iterations; where it fails, the
  /// iterate with the smallest residual is returned.
  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    iterate(problem, from: start, until: rule, solver: name) { BroughtMethod<S>(solver: self) }
  }
}

/// A user's method in the form that the driver runs.
private struct BroughtMethod<S: Scalar>: SampleMethod {
  let solver: any SteppedSolver
  private var steps: (any SolverSteps<S>)?
  private var count = 0

  init(solver: any SteppedSolver) {
    self.solver = solver
  }

  /// What the iterates depend on is unknown.
  var kind: IterationKind { .accelerated }

  mutating func proposal(after evaluation: Evaluation<S>, limit: Double) -> Proposal<S> {
    guard evaluation.isFinite else { return .failure(.notFinite) }
    var steps = self.steps ?? solver.begin(at: evaluation.point)
    if let reason = steps.terminate(residual: evaluation.residual, step: count) {
      return .failure(reason == .converged ? .outOfIterations : reason)
    }
    let next = steps.step(from: evaluation.point, value: evaluation.value)
    self.steps = steps
    count += 1
    guard let next else { return .failure(.outOfIterations) }
    precondition(
      next.count == evaluation.point.count, "a step from \(evaluation.point.count) to \(next.count) numbers")
    return .iterate(isWithin(limit, next) ? next : evaluation.value)
  }
}
