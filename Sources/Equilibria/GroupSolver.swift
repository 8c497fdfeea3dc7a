import FixedPoints
import LinearAlgebra

/// What cyclic groups are solved with where nobody asks for another: Anderson acceleration, and Newton's method
/// for the samples that it does not settle.
public struct GroupSolver: FixedPointSolver {
  /// Tried first, on all samples.
  public let first: any FixedPointSolver
  /// Tried on the whole batch where a sample is left; its answers count for those samples only.
  public let second: any FixedPointSolver

  /// A solver of two stages.
  public init(first: any FixedPointSolver = Anderson(), second: any FixedPointSolver = Newton()) {
    self.first = first
    self.second = second
  }

  /// `anderson, newton`.
  public var name: String { "\(first.name), \(second.name)" }

  public func solve<S: Scalar>(
    _ transition: (Matrix<S>) -> Matrix<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    var solution = first.solve(transition, from: start, until: rule)
    guard !solution.converged else { return solution }
    let retry = second.solve(transition, from: start, until: rule)
    for sample in solution.samples.indices
    where solution.samples[sample].reason != .converged && retry.samples[sample].reason == .converged {
      solution.samples[sample] = retry.samples[sample]
      for column in 0..<start.columns { solution.state[sample, column] = retry.state[sample, column] }
    }
    solution.evaluations += retry.evaluations
    solution.iterations = max(solution.iterations, retry.iterations)
    solution.solver = name
    return solution
  }
}
