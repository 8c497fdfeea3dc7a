import Equilibria
import FixedPoints
import LinearAlgebra
import Operators

/// One path through the equilibrium model, forward and back, in one precision.
struct PathRun<S: Scalar> {
  private let model: EquilibriumModel<S>
  let solution: EquilibriumSolution<S>
  let point: Linearization<S>
  let adjoint: Adjoint<S>

  /// Solves for the equilibria of `x` and for the adjoint of `cotangent`, from the given states, `[batch, N]`.
  ///
  /// - Parameter patience: How many iterations a solve may take; as many as the method takes by itself if nil.
  init(
    _ model: EquilibriumModel<S>, _ x: Matrix<Double>, _ cotangent: Matrix<Double>, by method: SolutionMethod,
    from start: Matrix<Double>? = nil, adjointFrom adjointStart: Matrix<Double>? = nil, patience: Int? = nil
  ) {
    let rule = patience.map { StoppingRule.rounding(of: S.self, maximumIterations: $0) }
    self.model = model
    solution = model.solve(
      x.cast(to: S.self), by: method, from: start.map { model.unflatten($0.cast(to: S.self)) },
      until: rule)
    point = model.linearization(at: solution)
    adjoint = model.adjoint(
      at: point, cotangent: cotangent.cast(to: S.self), by: method,
      from: adjointStart.map { model.unflatten($0.cast(to: S.self)) }, until: rule)
  }

  /// The first failure, forward or adjoint.
  var failure: NoEquilibrium? { solution.failure ?? adjoint.failure }

  /// The gradients of `Σ ⟨cotangent, output⟩`.
  var gradients: Gradients<S> { model.gradients(at: point, adjoint: adjoint) }
}
