import LinearAlgebra

extension RootProblem {
  /// dz/dx = −(∂g/∂z)⁻¹ · ∂g/∂x at a root z, a matrix `[m, n]` (implicit function theorem).
  ///
  /// - Parameter z: A root `[m]` of g(x, ·), which determines the branch; that it is a root is not checked.
  /// - Throws: `RootProblemError.singular` where ∂g/∂z is singular, or may be within the rounding of z;
  ///   `.notFinite`; `.wrongSize`.
  /// - Complexity: O(m³ + m²·n).
  public func derivative(x: [S], z: [S]) throws(RootProblemError) -> Matrix<S> {
    let factors = try invertibleStateDerivative(x: x, z: z)
    let sensitivity = try checkedInputDerivative(x: x, z: z)
    return factors.solved(sensitivity, scale: -1)
  }

  /// (dz/dx)ᵀ · `cotangent` at a root z, `[n]`: −(∂g/∂x)ᵀ · (∂g/∂z)⁻ᵀ · cotangent.
  ///
  /// Solves one transposed system, as the backward pass of an implicit layer does (Bai, Kolter & Koltun
  /// 2019, theorem 1).
  ///
  /// - Parameters:
  ///   - cotangent: ∂ℓ/∂z, `[m]`.
  ///   - z: A root `[m]` of g(x, ·).
  /// - Throws: As `derivative(x:z:)` does.
  public func vjp(cotangent: [S], x: [S], z: [S]) throws(RootProblemError) -> [S] {
    guard cotangent.count == z.count else {
      throw .wrongSize(quantity: "the cotangent", expected: "\(z.count)", found: "\(cotangent.count)")
    }
    let factors = try invertibleStateDerivative(x: x, z: z)
    let sensitivity = try checkedInputDerivative(x: x, z: z)
    let adjoint = factors.solve(cotangent, transposed: true)
    var result = [S](repeating: 0, count: x.count)
    for (row, weight) in adjoint.enumerated() {
      accumulate(Array(sensitivity.row(row)), scaledBy: -weight, into: &result)
    }
    return result
  }

  /// The factors of ∂g/∂z, provided that it remains invertible within the rounding of z.
  ///
  /// Rounding leaves g uncertain by `roundingLevel`, and so z by u = (∂g/∂z)⁻¹ · level. If ∂g/∂z changes by
  /// half of itself between z and z ± u, it may be singular there, as it is at a fold such as the circle's at
  /// x = 1, where a solver arrives at y ≈ √ulp instead of 0.
  private func invertibleStateDerivative(x: [S], z: [S]) throws(RootProblemError) -> LUFactorization<S> {
    let matrix = try checkedStateDerivative(x: x, z: z)
    let factors = try factorized(matrix, z: z)
    let uncertainty = factors.solve(try roundingLevel(x: x, z: z))
    for sign: S in [1, -1] {
      let nearby = stateDerivative(x, moved(z, by: sign, along: uncertainty))
      let change = factors.solved(nearby - matrix, scale: 1)
      let size = change.rowArrays.map { $0.reduce(0) { $0 + abs($1) } }.max() ?? 0
      guard size < 0.5 else {
        throw .singular(state: doubles(z), reciprocalCondition: Double(factors.reciprocalCondition))
      }
    }
    return factors
  }

  /// ∂g/∂z factorised; throws `.singular` where it is singular to working precision.
  func factorizedStateDerivative(x: [S], z: [S]) throws(RootProblemError) -> LUFactorization<S> {
    try factorized(try checkedStateDerivative(x: x, z: z), z: z)
  }

  private func factorized(_ matrix: Matrix<S>, z: [S]) throws(RootProblemError) -> LUFactorization<S> {
    let factors = LUFactorization(matrix)
    guard !factors.isSingular else {
      throw .singular(state: doubles(z), reciprocalCondition: Double(factors.reciprocalCondition))
    }
    return factors
  }
}

extension LUFactorization {
  /// scale · A⁻¹ · B, column by column.
  fileprivate func solved(_ matrix: Matrix<S>, scale: S) -> Matrix<S> {
    let columns = matrix.transposed.rowArrays.map { solve($0).map { scale * $0 } }
    return Matrix(rows: columns.count, columns: matrix.rows, elements: columns.flatMap { $0 }).transposed
  }
}
