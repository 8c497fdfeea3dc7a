import LinearAlgebra

/// A solver followed by plain iterations while these reduce the residual.
///
/// A solver stops within its tolerance, which is measured against the largest coordinate; so small coordinates may be
/// far from full precision. Where the transition contracts, plain iterations bring every coordinate there; where it
/// does not, the residual grows at once and the solver's own answer is kept.
public struct Refined: FixedPointSolver {
  /// The solver that finds the fixed point.
  public let base: any FixedPointSolver
  /// The number of iterations without a smaller residual after which the refinement ends.
  private static let patience = 8
  /// The largest number of iterations of the refinement.
  private static let most = 400

  /// The solver `base`, followed by plain iterations.
  public init(_ base: any FixedPointSolver) {
    self.base = base
  }

  /// The name of the solver that finds the fixed point.
  public var name: String { base.name }

  /// The solver that prepares the one that finds the fixed point.
  public var preparation: (any FixedPointSolver)? { base.preparation }

  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    var solution = base.solve(problem, from: start, until: rule)
    var candidate = solution.state
    var idle = [Int](repeating: 0, count: start.rows)
    for sample in idle.indices
    where solution.samples[sample].reason != .converged || solution.samples[sample].residual == 0 {
      idle[sample] = Self.patience
    }
    for _ in 0..<Self.most where idle.contains(where: { $0 < Self.patience }) {
      let next = problem.value(candidate)
      solution.evaluations += 1
      for sample in idle.indices where idle[sample] < Self.patience {
        let residual = Double(largestMagnitude((next - candidate).row(sample)))
        idle[sample] += 1
        if residual <= solution.samples[sample].residual {
          if residual < solution.samples[sample].residual { idle[sample] = 0 }
          solution.samples[sample].residual = residual
          solution.state.replaceRow(sample, with: candidate.row(sample))
          if residual == 0 { idle[sample] = Self.patience }
        }
        candidate.replaceRow(sample, with: next.row(sample))
      }
    }
    return solution
  }
}
