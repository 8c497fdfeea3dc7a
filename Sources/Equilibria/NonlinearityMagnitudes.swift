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
  /// to a small factor. Where the nonlinearity may jump, a displacement across the jump would make any residual look
  /// like rounding, and the derivative is taken.
  func propagated(_ m: [Matrix<S>], at ports: [Matrix<S>], value: Matrix<S>) -> Matrix<S> {
    guard nonlinearity.isContinuous else { return propagatedByDerivative(m, at: ports) }
    // As far as a sum may be off that counts as rounded (`StoppingRule`): further, an activation may saturate that does
    // not within rounding, or the other way round. The quotient then has the rounding of φ itself within 1/64 of φ.
    let step = 64 * S.ulpOfOne
    let patterns = nonlinearity is any Activation ? [0, 1] : [2, 3, 4, 5]
    var largest = Matrix<S>(rows: value.rows, columns: value.columns)
    for pattern in patterns {
      let moved = zip(ports, m).map { displaced($0, by: step, times: $1, pattern: pattern) }
      keepLargestChanges(self.value(at: moved).elements, from: value.elements, step, in: &largest.elements)
    }
    return largest
  }

  /// The same for a nonlinearity that acts elementwise on ports of one size, by its derivative.
  private func propagatedByDerivative(_ m: [Matrix<S>], at ports: [Matrix<S>]) -> Matrix<S> {
    let (rows, columns) = (ports[0].rows, ports[0].columns)
    let slopes = portCotangents(Matrix(rows: rows, columns: columns, repeating: 1), at: ports)
    var sum = Matrix<S>(rows: rows, columns: columns)
    for (slope, magnitude) in zip(slopes, m) {
      for index in sum.elements.indices {
        sum.elements[index] += abs(slope.elements[index]) * magnitude.elements[index]
      }
    }
    return sum
  }

  /// `|∂φ/∂p|ᵀ·m`, a matrix for each port, for errors of the value's cotangent at most m in magnitude, with the rounding
  /// of the product itself in units of the roundoff.
  ///
  /// That rounding exceeds the result where summands cancel, as in a normalisation that nothing passes. It is measured
  /// by the product with a multiple of the cotangent.
  func propagatedBack(_ m: Matrix<S>, at ports: [Matrix<S>]) -> [Matrix<S>] {
    let isActivation = nonlinearity is any Activation
    var largest = ports.map { Matrix<S>(rows: $0.rows, columns: $0.columns) }
    let zeros = Matrix<S>(rows: m.rows, columns: m.columns)
    // Its digits are spread over the whole significand, so that a multiple is rounded independently.
    let factor: S = 1.2345678901234567
    for pattern in isActivation ? [0] : [2, 3, 4, 5] {
      let images = portCotangents(displaced(zeros, by: 1, times: m, pattern: pattern), at: ports)
      var sizes = images.map(\.magnitude)
      if !isActivation {
        let multiples = portCotangents(displaced(zeros, by: factor, times: m, pattern: pattern), at: ports)
        for port in sizes.indices {
          var rounding = Matrix<S>(rows: sizes[port].rows, columns: sizes[port].columns)
          keepLargestChanges(
            multiples[port].elements.map { $0 / factor }, from: images[port].elements, S.ulpOfOne,
            in: &rounding.elements)
          sizes[port].add(rounding)
        }
      }
      for port in sizes.indices {
        let none = [S](repeating: 0, count: sizes[port].elements.count)
        keepLargestChanges(sizes[port].elements, from: none, 1, in: &largest[port].elements)
      }
    }
    return largest
  }
}

/// p + step·(±m), with signs all + (pattern 0), all − (pattern 1), or scattered (others).
@specialized(where S == Double)
@specialized(where S == Float)
func displaced<S: Scalar>(_ p: Matrix<S>, by step: S, times m: Matrix<S>, pattern: Int) -> Matrix<S> {
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
