import FixedPoints
import LinearAlgebra

/// What cyclic groups are solved with where nobody asks for another: Anderson acceleration, Newton's method for the
/// samples that it has not settled after a while, and Anderson acceleration to the end for what is left then.
public struct GroupSolver: FixedPointSolver {
  /// After how many iterations the second solver takes over: a contraction by 0.93 is settled until then.
  public static let patience = 500

  /// Tried first, on all samples, and last.
  public let first: any FixedPointSolver
  /// Tried on the whole batch where a sample is left; its answers count for those samples only.
  public let second: any FixedPointSolver

  /// A solver of two stages.
  public init(first: any FixedPointSolver = FittedAnderson(), second: any FixedPointSolver = Newton()) {
    self.first = first
    self.second = second
  }

  /// The first solver: where a group can be had in single precision, its equilibrium there is a good start.
  public var preparation: (any FixedPointSolver)? { first }

  /// `anderson, newton`.
  public var name: String { "\(first.name), \(second.name)" }

  public func solve<S: Scalar>(
    _ transition: (Matrix<S>) -> Matrix<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    var quick = rule
    quick.maximumIterations = min(rule.maximumIterations, Self.patience)
    var solution = first.solve(transition, from: start, until: quick)
    if !solution.converged { solution.improve(by: second.solve(transition, from: start, until: rule)) }
    if !solution.converged, quick.maximumIterations < rule.maximumIterations {
      solution.improve(by: first.solve(transition, from: start, until: rule))
    }
    solution.solver = name
    return solution
  }
}

extension FixedPointSolution {
  /// Takes from another attempt the samples that it has settled and this one has not. Of those that neither has, the
  /// longer attempt says why.
  fileprivate mutating func improve(by other: FixedPointSolution) {
    for sample in samples.indices where samples[sample].reason != .converged {
      guard other.samples[sample].reason == .converged || samples[sample].reason == .outOfIterations else {
        continue
      }
      samples[sample] = other.samples[sample]
      state.replaceRow(sample, with: other.state.row(sample))
    }
    evaluations += other.evaluations
    iterations = max(iterations, other.iterations)
  }
}
