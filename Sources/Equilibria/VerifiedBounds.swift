import LinearAlgebra

// Inequalities that hold for the exact numbers: floating-point results with bounds of their rounding added.

/// 2⁻⁵², twice the unit roundoff of Double: covers the rounding of the bounds themselves.
private let unit = 0x1p-52

/// An upper bound of a sum of `count` products of numbers that are not negative, given their computed sum.
func roundedUp(_ sum: Double, summands count: Int) -> Double {
  sum * (1 + Double(count + 4) * unit) + 0x1p-1000
}

/// An upper bound of the largest `(M d)_i / d_i` for a matrix M whose entries off the diagonal are not negative, and
/// d > 0.
///
/// It bounds the real parts of M's eigenvalues (Collatz & Wielandt), and M in the maximum norm weighted by 1/d.
func largestRatio(of M: Matrix<Double>, _ d: [Double]) -> Double {
  guard d.allSatisfy({ $0 > 0 && $0.isFinite }) else { return .infinity }
  return M.elements.withUnsafeBufferPointer { M in
    d.indices.map { row in
      var sum = 0.0
      for column in d.indices where column != row { sum += M[row * d.count + column] * d[column] }
      let rest = (roundedUp(sum, summands: d.count) / d[row]).nextUp
      return (rest + M[row * d.count + row]).nextUp
    }.max() ?? 0
  }
}

/// A lower bound of the least eigenvalue of a symmetric matrix: if a Cholesky factorisation succeeds, A − c I is
/// positive semidefinite up to its rounding.
///
/// If it completes, the product of the factors has an error of at most γ_{n+1} times the trace (Rump 2006,
/// "Verification of positive definiteness", BIT 46, theorem 2.3). c is an approximate eigenvalue, less a few times that
/// bound.
func leastEigenvalueBound(_ A: Matrix<Double>) -> Double {
  let order = A.rows
  guard A.isFinite, order > 0 else { return -.infinity }
  var copy = A.elements
  let estimate = copy.withUnsafeMutableBufferPointer {
    Double.symmetricEigenvalues($0.baseAddress!, n: order)
  }.first!
  let largest = Double(largestMagnitude(A.elements[...]))
  var gap = 0.0
  for _ in 0..<8 {
    let shift = estimate - gap
    var trace = 0.0
    for row in 0..<order { trace += abs(A[row, row] - shift) }
    let error = Double(order + 4) * unit * roundedUp(trace, summands: order) + unit * (largest + abs(shift))
    if gap >= error, hasCholeskyFactor(A, shift: shift) { return (shift - error).nextDown }
    gap = 2 * max(gap, error)
  }
  return -.infinity
}

/// Whether the Cholesky factorisation of A − c I, a symmetric matrix, completes.
private func hasCholeskyFactor(_ A: Matrix<Double>, shift: Double) -> Bool {
  let order = A.rows
  var L = A.elements
  return L.withUnsafeMutableBufferPointer { L in
    for row in 0..<order {
      let own = UnsafeBufferPointer(rebasing: L[row * order..<(row + 1) * order])
      for column in 0...row {
        let other = UnsafeBufferPointer(rebasing: L[column * order..<column * order + column])
        let product = Double.dot(UnsafeBufferPointer(rebasing: own[..<column]), other)
        if column < row {
          L[row * order + column] = (own[column] - product) / L[column * order + column]
        } else {
          let square = own[row] - shift - product
          guard square > 0, square.isFinite else { return false }
          L[row * order + row] = square.squareRoot()
        }
      }
    }
    return true
  }
}

/// An upper bound of `‖A‖₂` for all matrices that differ from `A` by at most `radius`, entry by entry.
func spectralNormBound(_ A: Matrix<Double>, radius: Matrix<Double>) -> Double {
  let scale = Double(largestMagnitude(A.elements[...]))
  guard scale.isFinite, radius.isFinite else { return .infinity }
  let spread = frobeniusBound(radius)
  guard scale > 0 else { return spread }
  // A power of two: no entry is rounded, and no square overflows.
  let power = Double(sign: .plus, exponent: scale.exponent, significand: 1)
  let scaled = Matrix(rows: A.rows, columns: A.columns, elements: A.elements.map { $0 / power })
  var square = Matrix<Double>(rows: A.columns, columns: A.columns)
  square.add(transposed: scaled, times: scaled)
  let size = frobeniusBound(scaled)
  let error = Double(A.rows + 4) * unit * size * size
  let negative = Matrix(rows: A.columns, columns: A.columns, elements: square.elements.map { -$0 })
  let largest = -leastEigenvalueBound(symmetric(negative)) + error
  return ((max(0, largest).squareRoot().nextUp * power).nextUp + spread).nextUp
}

/// An upper bound of the Frobenius norm, and so of the spectral one.
private func frobeniusBound(_ A: Matrix<Double>) -> Double {
  let scale = Double(largestMagnitude(A.elements[...]))
  guard scale > 0 else { return 0 }
  let sum = A.elements.reduce(0) { $0 + ($1 / scale) * ($1 / scale) }
  return roundedUp(sum, summands: A.elements.count).squareRoot().nextUp * scale * (1 + 4 * unit)
}

/// The matrix with its lower triangle in place of the upper one: products that should be symmetric may differ by
/// rounding.
private func symmetric(_ A: Matrix<Double>) -> Matrix<Double> {
  var result = A
  for row in 0..<A.rows {
    for column in 0..<row { result[column, row] = result[row, column] }
  }
  return result
}

/// A lower bound of the least eigenvalue of `I − (A + Aᵀ)/2` for all matrices that differ from `A` by at most `radius`.
func monotonicityBound(_ A: Matrix<Double>, radius: Matrix<Double>) -> Double {
  let order = A.rows
  guard A.isFinite, radius.isFinite else { return -.infinity }
  var part = Matrix<Double>(rows: order, columns: order)
  var spread = 0.0
  for row in 0..<order {
    var sum = 0.0
    for column in 0..<order {
      let (half, other) = (A[row, column] / 2, A[column, row] / 2)
      part[row, column] = (row == column ? 1 : 0) - (half + other)
      // This covers two roundings, each of a number no larger than these.
      sum += (radius[row, column] + radius[column, row]) / 2
      sum += 2 * unit * (abs(half) + abs(other) + (row == column ? 1 : 0))
    }
    spread = max(spread, roundedUp(sum, summands: 2 * order))
  }
  return (leastEigenvalueBound(symmetric(part)) - spread).nextDown
}
