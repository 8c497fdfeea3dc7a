import Equilibria
import LinearAlgebra
import Operators

/// The norms of `∂ℓ/∂W_z = Σ s zᵀ` on and off the pattern, summed over samples, from blocks that are met one by one.
///
/// - Complexity: Memory for `min(samples, N)²` numbers, or for the largest entry of `W_z` if that is less.
struct OffPatternNorms<S: Scalar> {
  private let model: EquilibriumModel<S>
  private let batch: Int
  /// The squared norm on the pattern.
  private var on = 0.0
  /// The inner products of all pairs of samples, of all cotangents and of the whole state; nil where `∂ℓ/∂W_z` itself
  /// is smaller.
  private var grams: (cotangents: Matrix<Double>, state: Matrix<Double>)?
  /// All cotangents and the whole state, by block; only without `grams`.
  private var parts: (cotangents: [[Matrix<Double>]], state: [Matrix<Double>])

  /// Nothing met so far, for `batch` samples.
  init(of model: EquilibriumModel<S>, batch: Int) {
    self.model = model
    self.batch = batch
    let count = model.blocks.count
    parts = (
      [[Matrix<Double>]](repeating: [], count: count),
      [Matrix<Double>](repeating: Matrix(rows: 0, columns: 0), count: count)
    )
    if batch * batch <= model.portCoordinates * model.stateSize {
      grams = (Matrix(rows: batch, columns: batch), Matrix(rows: batch, columns: batch))
    }
  }

  /// Adds one block, each exactly once.
  mutating func add(_ index: Int, portCotangents: [Matrix<S>], value: (Int) -> Matrix<S>) {
    let block = model.blocks[index]
    let cotangents = portCotangents.map { $0.cast(to: Double.self) }
    let own = value(index).cast(to: Double.self)
    for port in block.portShapes.indices {
      // Sorted, since the order of a set differs between processes and changes the last digits of the
      // sum.
      for source in block.nodeSources(ofPort: port).sorted() {
        on += squaredNorm(ofTransposed: cotangents[port], times: value(source).cast(to: Double.self))
      }
    }
    guard grams != nil else {
      (parts.cotangents[index], parts.state[index]) = (cotangents, own)
      return
    }
    for cotangent in cotangents { grams!.cotangents.add(cotangent, timesTransposed: cotangent) }
    grams!.state.add(own, timesTransposed: own)
  }

  /// The norms; nil if a value is not finite.
  var gradient: OffPatternGradient? {
    let all =
      grams.map { zip($0.cotangents.elements, $0.state.elements).reduce(0) { $0 + $1.0 * $1.1 } }
      ?? squaredNorm(
        ofTransposed: Matrix(sideBySide: parts.cotangents.flatMap { $0 }, rows: batch),
        times: Matrix(sideBySide: parts.state, rows: batch))
    guard all.isFinite else { return nil }
    return OffPatternGradient(on: on.squareRoot(), off: max(0, all - on).squareRoot())
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
