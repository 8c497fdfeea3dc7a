/// The LU factorisation of a square matrix with partial pivoting.
public struct LUFactorization<S: Scalar>: Sendable {
  /// The matrix's order.
  public let order: Int
  /// An estimate of 1 / (‖A‖₁·‖A⁻¹‖₁), at most 1; exactly 0 if a pivot is exactly zero.
  public let reciprocalCondition: S
  private let factors: [S]
  private let pivots: [Int32]

  /// Factorises `matrix`.
  ///
  /// - Precondition: The matrix is square.
  /// - Complexity: O(n³).
  @specialized(where S == Double)
  @specialized(where S == Float)
  public init(_ matrix: Matrix<S>) {
    precondition(
      matrix.rows == matrix.columns, "an LU factorisation of a \(matrix.rows)×\(matrix.columns) matrix")
    let order = matrix.rows
    // LAPACK is column-major, so it factorises the transpose, and `solve` requests the opposite
    // transposition.
    var factors = matrix.elements
    var pivots = [Int32](repeating: 0, count: order)
    let norm = greatestRowSum(factors, columns: order)
    let singular =
      order == 0
      ? 0
      : factors.withUnsafeMutableBufferPointer { factors in
        pivots.withUnsafeMutableBufferPointer { pivots in
          S.luFactorize(factors.baseAddress!, n: order, pivots: pivots.baseAddress!)
        }
      }
    self.order = order
    if order == 0 {
      reciprocalCondition = 1
    } else if singular != 0 || !norm.isFinite {
      reciprocalCondition = 0
    } else {
      reciprocalCondition = factors.withUnsafeBufferPointer {
        S.luReciprocalCondition($0.baseAddress!, n: order, oneNorm: norm)
      }
    }
    self.factors = factors
    self.pivots = pivots
  }

  /// Whether the matrix is singular to working precision.
  public var isSingular: Bool { !(reciprocalCondition > S.ulpOfOne) }

  /// The sign of the determinant: 1, −1, or 0 where a pivot is exactly zero.
  ///
  /// - Complexity: O(n).
  public var determinantSign: Int {
    var sign = 1
    for index in 0..<order {
      let pivot = factors[index * order + index]
      guard pivot != 0 else { return 0 }
      // LAPACK counts rows from 1; a row that is exchanged with another changes the sign.
      if (pivot < 0) != (pivots[index] != Int32(index + 1)) { sign = -sign }
    }
    return sign
  }

  /// The solution of A·x = b, or of Aᵀ·x = b.
  ///
  /// - Precondition: `b.count == order`, and no pivot is zero.
  public func solve(_ b: [S], transposed: Bool = false) -> [S] {
    precondition(b.count == order, "a right-hand side of \(b.count) for order \(order)")
    guard order > 0 else { return [] }
    var x = b
    x.withUnsafeMutableBufferPointer { x in
      factors.withUnsafeBufferPointer { factors in
        pivots.withUnsafeBufferPointer { pivots in
          S.luSolve(
            factors.baseAddress!, n: order, pivots: pivots.baseAddress!, transposed: !transposed,
            b: x.baseAddress!, rightHandSides: 1)
        }
      }
    }
    return x
  }

  /// A⁻¹, all columns at once.
  ///
  /// - Precondition: No pivot is zero.
  public var inverse: Matrix<S> {
    var result = Matrix<S>(rows: order, columns: order)
    for index in 0..<order { result.elements[index * order + index] = 1 }
    guard order > 0 else { return result }
    result.elements.withUnsafeMutableBufferPointer { x in
      factors.withUnsafeBufferPointer { factors in
        pivots.withUnsafeBufferPointer { pivots in
          // The factors are those of Aᵀ, and columns of A⁻ᵀ are rows of A⁻¹.
          S.luSolve(
            factors.baseAddress!, n: order, pivots: pivots.baseAddress!, transposed: false,
            b: x.baseAddress!, rightHandSides: order)
        }
      }
    }
    return result
  }
}

/// The largest sum of magnitudes in one of the rows, which stand one after the other; not finite if a number is not.
@specialized(where S == Double)
@specialized(where S == Float)
private func greatestRowSum<S: Scalar>(_ elements: [S], columns: Int) -> S {
  elements.withUnsafeBufferPointer { elements in
    var largest = S(0)
    for start in stride(from: 0, to: elements.count, by: max(columns, 1)) {
      var sum = S(0)
      for index in start..<start + columns { sum += elements[index].magnitude }
      // A sum that is not a number is kept: the test for a finite norm must see it.
      if !(sum <= largest) { largest = sum }
      if largest.isNaN { return largest }
    }
    return largest
  }
}
