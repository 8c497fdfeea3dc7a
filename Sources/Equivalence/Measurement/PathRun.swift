import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Operators

/// An equilibrium model solved on the whole state by a generic solver that only evaluates f, forward and
/// adjoint, from random states: a test of the theorem itself, and of implicit differentiation.
struct PathRun<S: Scalar> {
  private let model: EquilibriumModel<S>
  let solution: EquilibriumSolution<S>
  private let point: Linearization<S>
  let adjoint: Adjoint<S>

  /// Solves for the equilibria of `x` and for the adjoint of `cotangent`, from the given states, `[batch,
  /// N]`.
  ///
  /// - Parameter patience: The most iterations of a solve; the method's own limit if nil.
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

  /// Computes the gradients of `Σ ⟨cotangent, output⟩`, those of the parameters in parts.
  ///
  /// - Returns: The gradient of the input, `[batch, input]`.
  func visitGradients(_ visit: (ParameterTensors<S>) -> Void) -> Matrix<S> {
    model.visitGradients(at: point, adjoint: adjoint, visit)
  }
}
