#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Matrix {
  /// Adds A·Bᵀ to this matrix: A is `[rows, k]`, B is `[columns, k]`.
  ///
  /// With A a batch and B a weight `[outputs][inputs]` this is a dense layer's linear part.
  public mutating func add(_ a: Matrix, timesTransposed b: Matrix) {
    precondition(a.rows == rows && b.rows == columns && a.columns == b.columns, "A·Bᵀ of unfit sizes")
    multiply(a, transposed: false, b, transposed: true, m: rows, n: columns, k: a.columns)
  }

  /// Adds A·B to this matrix: A is `[rows, k]`, B is `[k, columns]`.
  public mutating func add(_ a: Matrix, times b: Matrix) {
    precondition(a.rows == rows && b.columns == columns && a.columns == b.rows, "A·B of unfit sizes")
    multiply(a, transposed: false, b, transposed: false, m: rows, n: columns, k: a.columns)
  }

  /// Adds Aᵀ·B to this matrix: A is `[k, rows]`, B is `[k, columns]`.
  ///
  /// With A a batch of cotangents and B the batch of inputs this is a weight's gradient, summed over samples.
  public mutating func add(transposed a: Matrix, times b: Matrix) {
    precondition(a.columns == rows && b.columns == columns && a.rows == b.rows, "Aᵀ·B of unfit sizes")
    multiply(a, transposed: true, b, transposed: false, m: rows, n: columns, k: a.rows)
  }

  /// A·Bᵀ: A is `[rows, k]`, B is `[columns, k]`.
  public static func product(_ a: Matrix, timesTransposed b: Matrix) -> Matrix {
    precondition(a.columns == b.columns, "A·Bᵀ of unfit sizes")
    return product(a, transposed: false, b, transposed: true, m: a.rows, n: b.rows, k: a.columns)
  }

  /// A·B: A is `[rows, k]`, B is `[k, columns]`.
  public static func product(_ a: Matrix, times b: Matrix) -> Matrix {
    precondition(a.columns == b.rows, "A·B of unfit sizes")
    return product(a, transposed: false, b, transposed: false, m: a.rows, n: b.columns, k: a.columns)
  }

  /// Aᵀ·B: A is `[k, rows]`, B is `[k, columns]`.
  public static func product(transposed a: Matrix, times b: Matrix) -> Matrix {
    precondition(a.rows == b.rows, "Aᵀ·B of unfit sizes")
    return product(a, transposed: true, b, transposed: false, m: a.columns, n: b.columns, k: a.rows)
  }

  @specialized(where S == Double)
  @specialized(where S == Float)
  private static func product(
    _ a: Matrix, transposed transposeA: Bool, _ b: Matrix, transposed transposeB: Bool, m: Int, n: Int, k: Int
  ) -> Matrix {
    guard m > 0, n > 0, k > 0 else { return Matrix(rows: m, columns: n) }
    return Matrix(rows: m, columns: n) { c in
      a.elements.withUnsafeBufferPointer { a in
        b.elements.withUnsafeBufferPointer { b in
          S.gemm(
            transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k,
            alpha: 1, a: a.baseAddress!, lda: transposeA ? m : k,
            b: b.baseAddress!, ldb: transposeB ? k : n, beta: 0, c: c.baseAddress!, ldc: n)
        }
      }
    }
  }

  @specialized(where S == Double)
  @specialized(where S == Float)
  private mutating func multiply(
    _ a: Matrix, transposed transposeA: Bool, _ b: Matrix, transposed transposeB: Bool, m: Int, n: Int, k: Int
  ) {
    guard m > 0, n > 0, k > 0 else { return }
    a.elements.withUnsafeBufferPointer { a in
      b.elements.withUnsafeBufferPointer { b in
        elements.withUnsafeMutableBufferPointer { c in
          S.gemm(
            transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k,
            alpha: 1, a: a.baseAddress!, lda: transposeA ? m : k,
            b: b.baseAddress!, ldb: transposeB ? k : n, beta: 1, c: c.baseAddress!, ldc: n)
        }
      }
    }
  }

  /// Adds `vector` to every row.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func addToEveryRow(_ vector: [S]) {
    precondition(vector.count == columns, "a vector of \(vector.count) added to rows of \(columns)")
    addRowwise(vector, to: &elements)
  }

  /// The sum of all rows: `columns` numbers.
  public var sumOfRows: [S] {
    @specialized(where S == Double)
    @specialized(where S == Float)
    get { sumRows(of: elements, columns: columns) }
  }

  /// Adds `scale` times another matrix of the same size.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public mutating func add(_ other: Matrix, scaledBy scale: S = 1) {
    precondition(other.rows == rows && other.columns == columns, "matrices of unfit sizes")
    addScaled(other.elements, by: scale, to: &elements)
  }

  /// The difference of two matrices of the same size.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public static func - (left: Matrix, right: Matrix) -> Matrix {
    var difference = left
    difference.add(right, scaledBy: -1)
    return difference
  }
}

@specialized(where S == Double)
@specialized(where S == Float)
func addRowwise<S: Scalar>(_ vector: [S], to elements: inout [S]) {
  guard !vector.isEmpty else { return }
  vector.withUnsafeBufferPointer { vector in
    elements.withUnsafeMutableBufferPointer { elements in
      let grain = (elementsPerPart + vector.count - 1) / vector.count
      inParts(of: elements.count / vector.count, grain: grain) { rows in
        for row in rows {
          let target = elements.baseAddress! + row * vector.count
          for column in vector.indices { target[column] += vector[column] }
        }
      }
    }
  }
}

@specialized(where S == Double)
@specialized(where S == Float)
func sumRows<S: Scalar>(of elements: [S], columns: Int) -> [S] {
  var sum = S.array(repeating: 0, count: columns)
  guard columns > 0 else { return sum }
  elements.withUnsafeBufferPointer { elements in
    sum.withUnsafeMutableBufferPointer { sum in
      for start in stride(from: 0, to: elements.count, by: columns) {
        let row = elements.baseAddress! + start
        for column in 0..<columns { sum[column] += row[column] }
      }
    }
  }
  return sum
}

@specialized(where S == Double)
@specialized(where S == Float)
func addScaled<S: Scalar>(_ source: [S], by scale: S, to target: inout [S]) {
  for index in target.indices { target[index] += scale * source[index] }
}

/// Whether two slices hold the same bits: 0 and −0 differ, and a NaN equals itself.
@specialized(where S == Double)
@specialized(where S == Float)
public func haveSameBits<S: Scalar>(_ left: ArraySlice<S>, _ right: ArraySlice<S>) -> Bool {
  left.withUnsafeBytes { left in
    right.withUnsafeBytes { right in
      left.count == right.count
        && (left.isEmpty || memcmp(left.baseAddress!, right.baseAddress!, left.count) == 0)
    }
  }
}

/// Whether two arrays hold the same bits.
@specialized(where S == Double)
@specialized(where S == Float)
public func haveSameBits<S: Scalar>(_ left: [S], _ right: [S]) -> Bool {
  haveSameBits(left[...], right[...])
}
