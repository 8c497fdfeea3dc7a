import LinearAlgebra
import Testing

@testable import FixedPoints

/// Paths from kink to kink, for piecewise linear transitions.
@Suite("Katzenelson's method")
struct KatzenelsonTests {
  private let rule = StoppingRule.rounding(of: Double.self, maximumIterations: 10_000)

  /// `z = min(max(W z + c, low), high)`, row by row.
  private func clamped(
    _ W: [[Double]], _ c: [Double], _ low: Double, _ high: Double, rows: Int = 1
  ) -> FixedPointProblem<Double> {
    func sums(_ z: ArraySlice<Double>) -> [Double] {
      zip(W, c).map { row, offset in zip(row, z).reduce(offset) { $0 + $1.0 * $1.1 } }
    }
    var problem = FixedPointProblem<Double>(
      value: { state in
        Matrix(
          rows: rows, columns: c.count,
          elements: (0..<rows).flatMap { sums(state.row($0)).map { min(max($0, low), high) } })
      },
      magnitudes: { state in
        Matrix(
          (0..<rows).map { row in
            zip(zip(W, c), sums(state.row(row))).map { weights, sum in
              guard low < sum, sum < high else { return max(abs(low), abs(high)) }
              return zip(weights.0, state.row(row)).reduce(abs(weights.1)) { $0 + abs($1.0 * $1.1) }
            }
          })
      },
      selecting: { [self] in clamped(W, c, low, high, rows: $0.count) })
    problem.jacobian = FixedPointJacobian(price: 2) { state, row in
      let slopes = sums(state.row(row)).map { low < $0 && $0 < high ? 1.0 : 0 }
      return (Matrix(zip(slopes, W).map { slope, row in row.map { slope * $0 } }), 1)
    }
    problem.isPiecewiseLinear = true
    return problem
  }

  /// A piecewise linear map of one coordinate, with its derivative.
  private func scalar(
    _ f: @escaping (Double) -> Double, slope: @escaping (Double) -> Double
  ) -> FixedPointProblem<Double> {
    var problem = FixedPointProblem<Double>(
      value: { Matrix(rows: $0.rows, columns: 1, elements: $0.elements.map(f)) },
      selecting: { [self] _ in scalar(f, slope: slope) })
    problem.jacobian = FixedPointJacobian(price: 1) { state, row in
      (Matrix(rows: 1, columns: 1, elements: [slope(state[row, 0])]), 1)
    }
    problem.isPiecewiseLinear = true
    return problem
  }

  /// All fixed points of a clamped map: for each choice of the coordinates that are free, at `low`, and at `high`, the
  /// solution of the linear equations, where it is consistent with the choice.
  private func enumerated(
    _ W: [[Double]], _ c: [Double], _ low: Double, _ high: Double
  ) -> [[Double]] {
    let n = c.count
    var choices: [[Int]] = [[]]
    for _ in 0..<n { choices = choices.flatMap { choice in [-1, 0, 1].map { choice + [$0] } } }
    return choices.compactMap { choice in
      var A = [[Double]](repeating: [Double](repeating: 0, count: n + 1), count: n)
      for i in 0..<n {
        for j in 0..<n { A[i][j] = (i == j ? 1 : 0) - (choice[i] == 0 ? W[i][j] : 0) }
        A[i][n] = choice[i] == 0 ? c[i] : choice[i] < 0 ? low : high
      }
      guard let z = eliminated(A) else { return nil }
      let isConsistent = (0..<n).allSatisfy { i in
        let sum = zip(W[i], z).reduce(c[i]) { $0 + $1.0 * $1.1 }
        return choice[i] == 0 ? low <= sum && sum <= high : choice[i] < 0 ? sum <= low : sum >= high
      }
      return isConsistent ? z : nil
    }
  }

  /// Gaussian elimination with pivoting, of an augmented matrix.
  private func eliminated(_ augmented: [[Double]]) -> [Double]? {
    var A = augmented
    let n = A.count
    for k in 0..<n {
      let pivot = (k..<n).max { abs(A[$0][k]) < abs(A[$1][k]) }!
      guard A[pivot][k] != 0 else { return nil }
      A.swapAt(k, pivot)
      for i in 0..<n where i != k {
        let factor = A[i][k] / A[k][k]
        for j in k...n { A[i][j] -= factor * A[k][j] }
      }
    }
    return (0..<n).map { A[$0][n] / A[$0][$0] }
  }

  @Test("A fixed point of two coordinates at a gain of 160, which no iteration finds")
  func twoCoordinates() {
    let W = [[16.1468, 121.4113], [-105.3115, 33.8971]]
    let problem = clamped(W, [53.9773, -100.1274], -2, 3)
    let start = Matrix<Double>(rows: 1, columns: 2)
    for solver in allSolvers { #expect(!solver.solve(problem, from: start, until: rule).converged) }
    let solution = Katzenelson().solve(problem, from: start, until: rule)
    #expect(solution.converged && solution.solver == "katzenelson")
    #expect(abs(solution.state[0, 0] + 1.04878) <= 1e-5 && abs(solution.state[0, 1] + 0.31374) <= 1e-5)
  }

  @Test("What is found is one of the fixed points that enumeration finds", arguments: 0..<30)
  func enumeration(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    let n = 2 + seed % 5
    let gain = [3.0, 30, 300, 1e4][seed % 4]
    let W = generator.matrix(n, n, scale: gain, as: Double.self).rowArrays
    let c = generator.matrix(1, n, scale: seed.isMultiple(of: 3) ? gain : 1, as: Double.self).elements
    let all = enumerated(W, c, -1, 1.5)
    // The number of fixed points of a bounded map is odd, but for coincidences.
    #expect(all.count % 2 == 1)
    let solution = Katzenelson().solve(
      clamped(W, c, -1, 1.5), from: Matrix(rows: 1, columns: n), until: rule)
    #expect(solution.converged)
    #expect(all.contains { z in zip(z, solution.state.elements).allSatisfy { abs($0 - $1) <= 1e-9 } })
  }

  @Test("Twenty-four coordinates at a gain of 20", arguments: 0..<3)
  func many(seed: Int) {
    var generator = SeededGenerator(seed: 24 + UInt64(seed))
    let W = generator.matrix(24, 24, scale: 20 * (3.0 / 24).squareRoot(), as: Double.self).rowArrays
    let c = generator.matrix(1, 24, as: Double.self).elements
    let solution = Katzenelson().solve(
      clamped(W, c, -1, 1), from: Matrix(rows: 1, columns: 24), until: rule)
    #expect(solution.converged)
    let z = solution.state.elements
    for (index, row) in W.enumerated() {
      let sum = zip(row, z).reduce(c[index]) { $0 + $1.0 * $1.1 }
      #expect(abs(min(max(sum, -1), 1) - z[index]) <= 1e-11)
    }
  }

  @Test("Each sample follows its own path, and none more pieces than updates are allowed")
  func batch() {
    let problem = clamped([[-50, 200], [-200, 30]], [3, -5], -1, 1, rows: 2)
    let start = Matrix<Double>([[0, 0], [0.5, -0.5]])
    let together = Katzenelson().solve(problem, from: start, until: rule)
    #expect(together.converged)
    for row in 0..<2 {
      let alone = Katzenelson().solve(
        clamped([[-50, 200], [-200, 30]], [3, -5], -1, 1), from: start.selectingRows([row]), until: rule)
      #expect(alone.state.elements == Array(together.state.row(row)))
    }
    var short = rule
    short.maximumIterations = 1
    let stopped = Katzenelson().solve(problem, from: start, until: short)
    #expect(!stopped.converged && stopped.state == start && stopped.iterations <= 1)
    #expect(stopped.samples.allSatisfy { $0.reason == .outOfIterations })
  }

  @Test(
    "Where f is not constant far away, the path is a smooth one, which runs to infinity if there is no fixed point"
  )
  func none() {
    // z = max(2 z + 1, 0): where the maximum is 2 z + 1, z would be −1, and where it is 0, z would be 0.
    let problem = scalar({ max(2 * $0 + 1, 0) }, slope: { $0 > -0.5 ? 2 : 0 })
    let start = Matrix<Double>(rows: 1, columns: 1)
    let solution = Katzenelson().solve(problem, from: start, until: rule)
    #expect(solution.samples[0].reason == .stalled && solution.state == start)
    #expect(solution.evaluations < 1_000 && solution.solver == "path following")
    #expect("\(solution.samples[0])".contains("the path cannot be followed further"))
  }

  @Test("A problem that is not known to be piecewise linear is left to smooth path following")
  func smooth() {
    var problem = clamped([[0.5]], [0.2], -1, 1)
    problem.isPiecewiseLinear = false
    let solution = Katzenelson().solve(problem, from: Matrix(rows: 1, columns: 1), until: rule)
    #expect(solution.converged && abs(solution.state[0, 0] - 0.4) <= 1e-15)
    #expect(solution.solver == "path following")
  }

  @Test("A transition without values is said to be not finite")
  func notFinite() {
    let problem = scalar({ _ in .nan }, slope: { _ in .nan })
    let solution = Katzenelson().solve(problem, from: Matrix(rows: 1, columns: 1), until: rule)
    #expect(solution.samples[0].reason == .notFinite && solution.solver == "path following")
  }
}
