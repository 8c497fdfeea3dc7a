import Equilibria
import LinearAlgebra
import Operators

extension OffPatternGradient {
  /// The norms of `∂ℓ/∂W_z = Σ s zᵀ` on and off the pattern, summed over samples; nil if a value is not
  /// finite.
  ///
  /// - Complexity: Memory for `min(samples, N)²` numbers, or for the largest entry of `W_z` if that is
  ///   less.
  init?<S: Scalar>(of model: EquilibriumModel<S>, at point: Linearization<S>, adjoint: Adjoint<S>) {
    let state = point.state.map { $0.cast(to: Double.self) }
    let cotangents = point.portCotangents(adjoint).map { ports in ports.map { $0.cast(to: Double.self) } }
    var on = 0.0
    for (index, block) in model.blocks.enumerated() {
      for port in block.portShapes.indices {
        // Sorted, since the order of a set differs between processes and changes the last digits of the
        // sum.
        for source in block.nodeSources(ofPort: port).sorted() {
          on += squaredNorm(ofTransposed: cotangents[index][port], times: state[source])
        }
      }
    }
    let batch = point.input.rows
    let all = squaredNorm(
      ofTransposed: Matrix(sideBySide: cotangents.flatMap { $0 }, rows: batch),
      times: Matrix(sideBySide: state, rows: batch)
    )
    guard all.isFinite else { return nil }
    self.init(on: on.squareRoot(), off: max(0, all - on).squareRoot())
  }
}

/// `‖Aᵀ B‖²`, from the smaller of two matrices: `Aᵀ B` itself, or the inner products of all pairs of rows,
/// since the squared norm of a sum of outer products is `Σ_{i,j} ⟨a_i, a_j⟩ ⟨b_i, b_j⟩`.
private func squaredNorm(ofTransposed a: Matrix<Double>, times b: Matrix<Double>) -> Double {
  if a.rows * a.rows <= a.columns * b.columns {
    return zip(gram(a).elements, gram(b).elements).reduce(0) { $0 + $1.0 * $1.1 }
  }
  var product = Matrix<Double>(rows: a.columns, columns: b.columns)
  product.add(transposed: a, times: b)
  return product.elements.reduce(0) { $0 + $1 * $1 }
}

/// The inner products of all pairs of rows.
private func gram(_ matrix: Matrix<Double>) -> Matrix<Double> {
  var gram = Matrix<Double>(rows: matrix.rows, columns: matrix.rows)
  gram.add(matrix, timesTransposed: matrix)
  return gram
}
