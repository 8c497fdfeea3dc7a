import LinearAlgebra

/// Picard iteration, z ← f(z), or damped, z ← z + β·(f(z) − z).
///
/// Converges where f contracts, and on nilpotent structure: a map whose dependencies have depth L reaches its
/// fixed point after exactly L updates from any start (Bai, Kolter & Koltun 2019, theorem on weight-tied,
/// input-injected networks). Undamped, z_{k+1} is f(z_k) bit for bit.
///
/// Where a sample fails, its last iterate is returned (the last one that is finite, unless the start is not).
/// A cycle of the iterates ends the sample as soon as it is certain. Growth does not, since a nilpotent map
/// may grow before it settles; it becomes the reason where the updates are used up.
public struct Picard: FixedPointSolver {
  /// β: 1 is no damping, a smaller value makes each update smaller. With β below 1 a negative eigenvalue of J
  /// below −1 can be moved into the unit disk, but nilpotent structure no longer converges in finitely many
  /// updates.
  public let damping: Double

  /// Picard iteration with 0 < `damping` ≤ 1.
  public init(damping: Double = 1) {
    precondition(damping > 0 && damping <= 1, "a damping outside (0, 1]")
    self.damping = damping
  }

  /// `picard`.
  public var name: String { "picard" }

  /// Iterates as described for the type; one call of the transition per update, and one more.
  ///
  /// - Complexity: O(N) besides each call, and memory for a fixed number of states.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    iterate(problem, from: start, until: rule, solver: name) { PicardIteration<S>(damping: S(damping)) }
  }
}

/// Picard iteration of one sample.
private struct PicardIteration<S: Scalar>: SampleMethod {
  let damping: S

  var kind: IterationKind { damping == 1 ? .plain : .stationary }

  mutating func proposal(after evaluation: Evaluation<S>, limit: Double) -> Proposal<S> {
    guard evaluation.isFinite else { return .failure(.notFinite) }
    guard damping != 1 else { return .iterate(evaluation.value) }
    return .iterate(moved(evaluation.point, by: damping, along: evaluation.difference))
  }
}
