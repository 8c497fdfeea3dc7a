import LinearAlgebra
import Testing

/// Factorisations against what they factorise, and matrices whose inverse and condition are known in closed form.
@Suite("LU factorisations") struct LUFactorizationTests {
  private func random(_ order: Int, seed: UInt64) -> Matrix<Double> {
    var generator = SeededGenerator(seed: seed)
    return Matrix(
      rows: order, columns: order, elements: (0..<order * order).map { _ in generator.normal() })
  }

  /// `‖A x − b‖∞ / (‖A‖∞ ‖x‖∞ + ‖b‖∞)`, the normwise backward error (Rigal and Gaches, 1967), by a plain loop.
  private func backwardError(_ a: Matrix<Double>, _ x: [Double], _ b: [Double]) -> Double {
    let rows = a.rowArrays
    let residual = zip(rows, b).map { row, right in abs(zip(row, x).reduce(0) { $0 + $1.0 * $1.1 } - right) }
    let norm = rows.map { $0.reduce(0) { $0 + abs($1) } }.max() ?? 0
    return (residual.max() ?? 0) / (norm * largestMagnitude(x[...]) + largestMagnitude(b[...]))
  }

  @Test("Both systems are solved with a backward error of rounding", arguments: [1, 2, 3, 10, 65, 200])
  func solutions(order: Int) {
    let matrix = random(order, seed: UInt64(order))
    let factors = LUFactorization(matrix)
    let b = (0..<order).map { Double($0 % 7) - 3 }
    #expect(!factors.isSingular)
    #expect(backwardError(matrix, factors.solve(b), b) <= 1e-14)
    #expect(backwardError(matrix.transposed, factors.solve(b, transposed: true), b) <= 1e-14)
  }

  @Test("The determinant's sign is that of Leibniz's formula, and 0 of a singular matrix", arguments: 1...5)
  func determinantSign(order: Int) {
    func determinant(_ rows: [[Double]]) -> Double {
      guard let first = rows.first else { return 1 }
      return first.indices.reduce(0) { sum, column in
        let minor = rows.dropFirst().map { $0.enumerated().filter { $0.offset != column }.map(\.element) }
        return sum + (column % 2 == 0 ? 1 : -1) * first[column] * determinant(minor)
      }
    }
    var signs: Set<Int> = []
    for seed in 0..<20 {
      let matrix = random(order, seed: UInt64(seed))
      let sign = determinant(matrix.rowArrays) > 0 ? 1 : -1
      #expect(LUFactorization(matrix).determinantSign == sign)
      signs.insert(sign)
    }
    #expect(signs == [1, -1])
    #expect(LUFactorization(Matrix<Double>(rows: order, columns: order)).determinantSign == 0)
  }

  @Test("The inverse times the matrix is the identity to the condition's rounding", arguments: [1, 2, 7, 40])
  func inverse(order: Int) {
    let matrix = random(order, seed: 9)
    let factors = LUFactorization(matrix)
    let product = Matrix.product(factors.inverse, times: matrix)
    let allowed = Double(order) * Double.ulpOfOne / factors.reciprocalCondition * 4
    for row in 0..<order {
      for column in 0..<order {
        #expect(abs(product[row, column] - (row == column ? 1 : 0)) <= allowed)
      }
    }
  }

  @Test("A Hilbert matrix of order 5: the inverse is one of integers, the condition in the 1-norm is 943,656")
  func hilbert() {
    let matrix = Matrix<Double>((1...5).map { row in (1...5).map { 1 / Double(row + $0 - 1) } })
    let factors = LUFactorization(matrix)
    #expect(abs(1 / factors.reciprocalCondition / 943_656 - 1) <= 1e-9)
    let inverse = factors.inverse
    // (−1)^(i+j) (i+j−1) C(5+i−1, 5−j) C(5+j−1, 5−i) C(i+j−2, i−1)², for i = j = 1 and i = j = 4.
    #expect(abs(inverse[0, 0] / 25 - 1) <= 1e-10)
    #expect(abs(inverse[3, 3] / 179_200 - 1) <= 1e-10)
  }

  @Test("Pivots are exchanged where the first one is zero")
  func pivots() {
    let factors = LUFactorization(Matrix<Double>([[0, 2], [3, 0]]))
    #expect(factors.solve([4, 9]) == [3, 2])
    #expect(factors.solve([9, 4], transposed: true) == [2, 3])
  }

  @Test(
    "What is singular, or singular to rounding, is said to be",
    arguments: [
      [[0.0]], [[1, 2], [2, 4]], [[1, 1], [1, 1 + 0x1p-52]], [[.nan, 0], [0, 1]], [[.infinity, 0], [0, 1]],
    ])
  func singular(rows: [[Double]]) {
    #expect(LUFactorization(Matrix(rows)).isSingular)
  }

  @Test(
    "A number that is none leaves no condition, wherever it stands",
    arguments: [Double.nan, .infinity, -.infinity], 0..<9)
  func notFinite(number: Double, place: Int) {
    var matrix = Matrix([[4.0, 1, 2], [1, 5, 1], [2, 1, 6]])
    matrix.elements[place] = number
    #expect(LUFactorization(matrix).reciprocalCondition == 0)
  }

  @Test("No equations have the solution that has no coordinates")
  func empty() {
    let factors = LUFactorization(Matrix<Double>(rows: 0, columns: 0))
    #expect(factors.solve([]) == [] && !factors.isSingular && factors.inverse.elements.isEmpty)
  }

  @Test("Single precision solves to its own rounding")
  func single() {
    let matrix = random(30, seed: 4)
    let b = (0..<30).map { Float($0) }
    let x = LUFactorization(matrix.cast(to: Float.self)).solve(b)
    #expect(
      backwardError(matrix.cast(to: Float.self).cast(to: Double.self), x.map(Double.init), b.map(Double.init))
        <= 1e-5)
  }
}
