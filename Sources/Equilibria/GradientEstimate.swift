import Blocks
import FixedPoints
import LinearAlgebra
import Operators

/// An estimate of a gradient, where the adjoint equation `g = Jᵀ g + e` is not solved but truncated after a few
/// products.
///
/// The adjoint of each cyclic group is estimated, J being the derivative of its transition on the iterated blocks;
/// explicit blocks, and what one group passes on to another, are differentiated exactly. Estimates are for training,
/// where they cost less than a solve. They are ascent directions for transitions that contract enough, but not exact
/// gradients, and their error is not estimated.
public enum GradientEstimate: Sendable, Equatable {
  /// g = e: one application of f is differentiated, its argument held (Fung, Heaton, Li, McKenzie, Osher and Yin 2022,
  /// "JFB: Jacobian-free backpropagation for implicit networks").
  case jacobianFree
  /// g = Σ (Jᵀ)ⁱ e over the first `terms` ≥ 1 terms of Neumann's series, i from 0; one of them is `jacobianFree`.
  case neumann(terms: Int)
  /// The gradient through `steps` ≥ 1 damped updates z ← (1 − τ) z + τ f(z) that begin at the equilibrium, τ being
  /// `damping` in (0, 1]: g = τ Σ ((1 − τ) I + τ Jᵀ)ⁱ e (Geng, Zhang, Bai, Wang and Lin 2021, "On training implicit
  /// models", the unrolled form of phantom gradients).
  case phantom(steps: Int, damping: Double)

  /// The method for `backpropagate`. Its iterations never count as converged, since they are truncated.
  public var method: SolutionMethod { .structured(TruncatedSeries(self)) }

  /// The number of damped updates of g = Jᵀ g + e from zeros, and their damping.
  fileprivate var updates: (count: Int, damping: Double) {
    let updates: (Int, Double) =
      switch self {
      case .jacobianFree: (1, 1)
      case .neumann(let terms): (terms, 1)
      case .phantom(let steps, let damping): (steps, damping)
      }
    precondition(updates.0 >= 1 && updates.1 > 0 && updates.1 <= 1, "an estimate of nothing")
    return updates
  }
}

extension EquilibriumModel {
  /// Estimates of the gradients of `Σ ⟨cotangent, output⟩` at an equilibrium, for a cotangent `[batch, outputs]`.
  public func estimatedGradients(
    _ cotangent: Matrix<S>, through solution: EquilibriumSolution<S>, by estimate: GradientEstimate
  ) -> Gradients<S> {
    backpropagate(cotangent, through: solution, by: estimate.method).gradients
  }
}

/// A fixed number of damped updates from zeros, without a test of convergence.
struct TruncatedSeries: FixedPointSolver {
  private let count: Int
  private let damping: Double

  init(_ estimate: GradientEstimate) {
    (count, damping) = estimate.updates
  }

  var name: String { "truncated" }

  func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    var state = Matrix<S>(rows: start.rows, columns: start.columns)
    var trace = ResidualTrace()
    var residuals = [Double](repeating: 0, count: start.rows)
    for update in 0..<count {
      let difference = problem.value(state) - state
      residuals = residuals.indices.map { Double(largestMagnitude(difference.row($0))) }
      trace.record(iteration: update, residual: residuals.max() ?? 0)
      state.add(difference, scaledBy: S(damping))
    }
    return FixedPointSolution(
      state: state,
      samples: residuals.map { SampleOutcome(reason: .outOfIterations, iterations: count, residual: $0) },
      iterations: count, evaluations: count, trace: trace, solver: name)
  }
}
