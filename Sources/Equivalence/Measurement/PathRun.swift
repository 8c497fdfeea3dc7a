import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Operators

/// An equilibrium model solved on the whole state by a solver that sees nothing but f, forward and back, from random
/// states: the test of the theorem's own statement, and of implicit differentiation.
struct PathRun<S: Scalar> {
  private let model: EquilibriumModel<S>
  let solution: EquilibriumSolution<S>
  private let point: Linearization<S>
  let adjoint: Adjoint<S>

  /// Solves for the equilibria of `x` and for the adjoint of `cotangent`, from the given states, `[batch, N]`.
  ///
  /// - Parameter patience: How many iterations a solve may take; as many as the method takes by itself if nil.
  init(
    _ model: EquilibriumModel<S>, _ x: Matrix<Double>, _ cotangent: Matrix<Double>, by method: SolutionMethod,
    from start: Matrix<Double>, adjointFrom adjointStart: Matrix<Double>, patience: Int?
  ) {
    let rule = patience.map { StoppingRule.rounding(of: S.self, maximumIterations: $0) }
    self.model = model
    solution = model.solve(
      x.cast(to: S.self), by: method, from: model.unflatten(start.cast(to: S.self)), until: rule)
    point = model.linearization(at: solution)
    adjoint = model.adjoint(
      at: point, cotangent: cotangent.cast(to: S.self), by: method,
      from: model.unflatten(adjointStart.cast(to: S.self)), until: rule)
  }

  /// The gradients of `Σ ⟨cotangent, output⟩`.
  var gradients: Gradients<S> { model.gradients(at: point, adjoint: adjoint) }
}
