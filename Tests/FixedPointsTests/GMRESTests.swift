import FixedPoints
import LinearAlgebra
import Testing

@Suite("GMRES")
struct GMRESTests {
  private func product<S: Scalar>(_ matrix: Matrix<S>) -> ([S]) -> [S] {
    { vector in (0..<matrix.rows).map { row in zip(matrix.row(row), vector).reduce(0) { $0 + $1.0 * $1.1 } } }
  }

  private func system(order: Int, shift: Double, seed: UInt64) -> (
    matrix: Matrix<Double>, rightSide: [Double]
  ) {
    var generator = SeededGenerator(seed: seed)
    var matrix = generator.matrix(order, order, as: Double.self)
    for index in 0..<order { matrix[index, index] += shift }
    return (matrix, generator.matrix(1, order, as: Double.self).elements)
  }

  @Test("GMRES agrees with LU on random systems", arguments: [1, 2, 7, 30])
  func agreesWithLU(order: Int) {
    for seed in UInt64(0)..<5 {
      let (matrix, rightSide) = system(order: order, shift: 2, seed: seed)
      let expected = LUFactorization(matrix).solve(rightSide)
      let outcome = GMRES(restart: order, relativeTolerance: 1e-13).solve(
        rightSide: rightSide, product(matrix))
      #expect(outcome.converged, "\(outcome.relativeResidual)")
      #expect(outcome.products <= 4 * (order + 1))
      let scale = expected.map(abs).max() ?? 0
      let error = zip(outcome.solution, expected).map { abs($0 - $1) }.max() ?? 0
      #expect(error <= 1e-9 * scale, "order \(order), seed \(seed): \(error / scale)")
    }
  }

  @Test("Restarts reach the solution of a well-conditioned system")
  func restarts() {
    let (matrix, rightSide) = system(order: 60, shift: 12, seed: 9)
    let outcome = GMRES(restart: 5, relativeTolerance: 1e-12).solve(rightSide: rightSide, product(matrix))
    #expect(outcome.converged && outcome.products > 10)
    let rest = zip(product(matrix)(outcome.solution), rightSide).map { $0 - $1 }
    let size = rightSide.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let trueResidual = rest.reduce(0) { $0 + $1 * $1 }.squareRoot() / size
    #expect(abs(trueResidual - outcome.relativeResidual) <= 1e-15)
  }

  @Test("In single precision, and for right sides near underflow and overflow")
  func otherScales() {
    let (matrix, rightSide) = system(order: 12, shift: 5, seed: 4)
    let single = GMRES(restart: 12, relativeTolerance: 1e-5).solve(
      rightSide: rightSide.map { Float($0) }, product(matrix.cast(to: Float.self)))
    #expect(single.converged)
    for scale in [1e-250, 1e250] {
      let scaled = GMRES(restart: 12, relativeTolerance: 1e-12).solve(
        rightSide: rightSide.map { scale * $0 }, product(matrix))
      #expect(scaled.converged, "\(scale): \(scaled.relativeResidual)")
    }
  }

  @Test("A singular system is told by its closed Krylov space; a consistent one is solved")
  func singularSystems() {
    let singular = Matrix<Double>([[1, 0, 0], [0, 2, 0], [0, 0, 0]])
    let impossible = GMRES(relativeTolerance: 1e-12).solve(rightSide: [1, 1, 1], product(singular))
    #expect(!impossible.converged && impossible.isSingular)
    let consistent = GMRES(relativeTolerance: 1e-12).solve(rightSide: [1, 1, 0], product(singular))
    #expect(consistent.converged && !consistent.isSingular)
    #expect(abs(consistent.solution[0] - 1) <= 1e-12 && abs(consistent.solution[1] - 0.5) <= 1e-12)
  }

  @Test("A zero right side needs no product, and a budget is kept")
  func limits() {
    let (matrix, rightSide) = system(order: 20, shift: 0, seed: 2)
    let nothing = GMRES(relativeTolerance: 0).solve(
      rightSide: [Double](repeating: 0, count: 20), product(matrix))
    #expect(nothing.converged && nothing.products == 0 && nothing.solution.allSatisfy { $0 == 0 })
    for budget in 2...7 {
      let outcome = GMRES(restart: 3, relativeTolerance: 1e-12, maximumProducts: budget).solve(
        rightSide: rightSide, product(matrix))
      #expect(outcome.products <= budget && !outcome.converged)
    }
  }
}
