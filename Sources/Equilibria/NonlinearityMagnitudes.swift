import Blocks
import LinearAlgebra
import Operators

// How strongly a nonlinearity propagates errors, measured by small displacements with several signs. This needs only
// the nonlinearity's values, and no products.

extension Block {
  /// `|∂φ/∂p|·m`, `[batch, size]`, for errors of the ports at most m in magnitude: the largest change of φ found, per
  /// unit.
  ///
  /// For an activation, displacements in both directions find it exactly; for others, four patterns of signs find it up
  /// to a small factor.
  func propagated(_ m: [Matrix<S>], at ports: [Matrix<S>], value: Matrix<S>) -> Matrix<S> {
    // A step at which truncation and rounding of the quotient are similar.
    let step = S.ulpOfOne.squareRoot()
    let patterns = nonlinearity is any Activation ? [0, 1] : [2, 3, 4, 5]
    var largest = Matrix<S>(rows: value.rows, columns: value.columns)
    for pattern in patterns {
      let moved = zip(ports, m).map { moving($0, by: step, times: $1, pattern: pattern) }
      keepLargestChanges(self.value(at: moved).elements, from: value.elements, step, in: &largest.elements)
    }
    return largest
  }

  /// `|∂φ/∂p|ᵀ·m`, a matrix for each port, for errors of the value's cotangent at most m in magnitude.
  func propagatedBack(_ m: Matrix<S>, at ports: [Matrix<S>]) -> [Matrix<S>] {
    let patterns = nonlinearity is any Activation ? [0] : [2, 3, 4, 5]
    var largest = ports.map { Matrix<S>(rows: $0.rows, columns: $0.columns) }
    let zeros = Matrix<S>(rows: m.rows, columns: m.columns)
    for pattern in patterns {
      let images = portCotangents(moving(zeros, by: 1, times: m, pattern: pattern), at: ports)
      for (port, image) in images.enumerated() {
        let none = [S](repeating: 0, count: image.elements.count)
        keepLargestChanges(image.elements, from: none, 1, in: &largest[port].elements)
      }
    }
    return largest
  }
}

/// p + step·(±m), with signs all + (pattern 0), all − (pattern 1), or scattered (others).
@specialized(where S == Double)
@specialized(where S == Float)
private func moving<S: Scalar>(_ p: Matrix<S>, by step: S, times m: Matrix<S>, pattern: Int) -> Matrix<S> {
  var moved = p
  for index in moved.elements.indices {
    let change = step * m.elements[index]
    moved.elements[index] += isPositive(index, in: pattern) ? change : -change
  }
  return moved
}

/// The sign at a position of a pattern.
private func isPositive(_ index: Int, in pattern: Int) -> Bool {
  if pattern < 2 { return pattern == 0 }
  return (UInt64(truncatingIfNeeded: index) &+ 1) &* 0x9E37_79B9_7F4A_7C15 >> UInt64(40 + 3 * pattern) & 1
    == 0
}

/// Raises each number to |new − old| / step where that is larger and finite.
@specialized(where S == Double)
@specialized(where S == Float)
private func keepLargestChanges<S: Scalar>(_ new: [S], from old: [S], _ step: S, in largest: inout [S]) {
  for index in largest.indices {
    let change = abs(new[index] - old[index]) / step
    if change.isFinite, change > largest[index] { largest[index] = change }
  }
}
