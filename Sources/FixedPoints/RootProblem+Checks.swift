import LinearAlgebra

extension RootProblem {
  /// g(x, z), of m numbers.
  func value(x: [S], z: [S]) throws(RootProblemError) -> [S] {
    let result = equation(x, z)
    guard result.count == z.count else {
      throw .wrongSize(quantity: "g(x, z)", expected: "\(z.count)", found: "\(result.count)")
    }
    return result
  }

  /// ∂g/∂z, finite and `[m, m]`.
  func checkedStateDerivative(x: [S], z: [S]) throws(RootProblemError) -> Matrix<S> {
    try checked(stateDerivative(x, z), "∂g/∂z", columns: z.count, z: z)
  }

  /// ∂g/∂x, finite and `[m, n]`.
  func checkedInputDerivative(x: [S], z: [S]) throws(RootProblemError) -> Matrix<S> {
    try checked(inputDerivative(x, z), "∂g/∂x", columns: x.count, z: z)
  }

  /// How far rounding of x and z moves each equation: ulp · (|∂g/∂z|·|z| + |∂g/∂x|·|x|), `[m]`.
  func roundingLevel(x: [S], z: [S]) throws(RootProblemError) -> [S] {
    let parts = [
      (try checkedStateDerivative(x: x, z: z), z), (try checkedInputDerivative(x: x, z: z), x),
    ]
    return z.indices.map { row in
      S.ulpOfOne
        * parts.reduce(0) { sum, part in
          zip(part.0.row(row), part.1).reduce(sum) { $0 + abs($1.0 * $1.1) }
        }
    }
  }

  private func checked(
    _ matrix: Matrix<S>, _ quantity: String, columns: Int, z: [S]
  ) throws(RootProblemError) -> Matrix<S> {
    guard matrix.rows == z.count, matrix.columns == columns else {
      throw .wrongSize(
        quantity: quantity, expected: "\(z.count)×\(columns)", found: "\(matrix.rows)×\(matrix.columns)")
    }
    guard matrix.isFinite else { throw .notFinite(quantity: quantity, state: doubles(z)) }
    return matrix
  }

  /// The numbers in double precision, for messages.
  func doubles(_ numbers: [S]) -> [Double] {
    numbers.map { Double($0) }
  }
}
