import Equilibria
import LinearAlgebra
import Operators

extension OffPatternGradient {
  /// The norms of `∂ℓ/∂W_z = Σ s zᵀ` on and off the pattern, without forming the N × N matrix: the squared norm
  /// of a sum of outer products is `Σ_{a,b} ⟨s_a, s_b⟩ ⟨z_a, z_b⟩`, over pairs of samples.
  ///
  /// nil for a model whose blocks have several ports, and where a value is not finite.
  init?<S: Scalar>(of model: EquilibriumModel<S>, at point: Linearization<S>, adjoint: Adjoint<S>) {
    guard model.hasMatrixForm else { return nil }
    let state = point.state.map { gram($0) }
    let cotangents = point.portCotangents(adjoint).map { gram($0[0]) }
    var on = 0.0
    for (index, block) in model.blocks.enumerated() {
      for source in Set(block.nodeSources).sorted() { on += inner(cotangents[index], state[source]) }
    }
    let all = inner(sum(cotangents), sum(state))
    guard all.isFinite else { return nil }
    self.init(on: on.squareRoot(), off: max(0, all - on).squareRoot())
  }
}

/// The inner products of all pairs of rows.
private func gram<S: Scalar>(_ matrix: Matrix<S>) -> Matrix<Double> {
  let matrix = matrix.cast(to: Double.self)
  var gram = Matrix<Double>(rows: matrix.rows, columns: matrix.rows)
  gram.add(matrix, timesTransposed: matrix)
  return gram
}

private func inner(_ a: Matrix<Double>, _ b: Matrix<Double>) -> Double {
  zip(a.elements, b.elements).reduce(0) { $0 + $1.0 * $1.1 }
}

private func sum(_ matrices: [Matrix<Double>]) -> Matrix<Double> {
  matrices.dropFirst().reduce(into: matrices[0]) { $0.add($1) }
}
