import LinearAlgebra

/// A method that finds a state which a transition leaves unchanged: z* = f(z*).
///
/// A solver is a small value that holds its parameters. It sees only the problem's transition, not the model, so the
/// same solvers find an equilibrium `z = f(z, x)` and solve the adjoint equation `g = Jᵀ g + e` (Bai, Kolter & Koltun
/// 2019, section 3.1.3), whose transition is affine.
///
/// A batch is as many separate problems as it has rows: each sample has its own convergence, its own history and its
/// own outcome. The transition must be a function (equal arguments give equal results) that treats the rows separately.
/// Where the problem can be restricted to some rows, finished samples are removed as soon as they are half of those
/// evaluated; otherwise every later call receives their final states too.
public protocol FixedPointSolver: Sendable {
  /// The method's name in reports: `picard`, `anderson`, `broyden` or `newton`.
  var name: String { get }

  /// The solver that may first find a start in single precision, where a problem in double precision exists in both.
  /// Nil by default: the method then begins at the given start.
  var preparation: (any FixedPointSolver)? { get }

  /// Iterates from `start` until each sample converges by `rule`, fails, or runs out of iterations.
  ///
  /// Never traps on a transition without a fixed point, and never presents an unconverged state as
  /// converged: see `SampleOutcome.reason`.
  ///
  /// - Parameters:
  ///   - problem: The transition f, from `[batch, N]` to `[batch, N]`, and what is known of its rounding.
  ///   - start: The first iterates, `[batch, N]`.
  ///   - rule: When a sample's residual is small enough, and how many updates it may take.
  /// - Complexity: Memory O(batch · N · m), m the number of vectors that the method remembers; it does
  ///   not grow with the number of iterations.
  func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S>
}

extension FixedPointSolver {
  public var preparation: (any FixedPointSolver)? { nil }

  /// Iterates a transition without further information: residuals are measured against the largest coordinate, and the
  /// whole batch is evaluated every time.
  public func solve<S: Scalar>(
    _ transition: @escaping (Matrix<S>) -> Matrix<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    solve(FixedPointProblem(value: transition), from: start, until: rule)
  }
}
