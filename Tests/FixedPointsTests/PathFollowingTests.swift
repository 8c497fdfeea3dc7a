import LinearAlgebra
import RealModule
import Testing

@testable import FixedPoints

/// Homotopies that turn back on the way.
@Suite("Path following")
struct PathFollowingTests {
  private let rule = StoppingRule.rounding(of: Double.self, maximumIterations: 500)

  /// A problem of one coordinate that acts on each sample alike, with its derivative.
  private func scalar(
    _ samples: Int, _ f: @escaping (Double) -> Double, slope: @escaping (Double) -> Double
  ) -> FixedPointProblem<Double> {
    var problem = FixedPointProblem<Double>(
      value: { Matrix(rows: $0.rows, columns: 1, elements: $0.elements.map(f)) },
      selecting: { [self] in scalar($0.count, f, slope: slope) })
    problem.jacobian = FixedPointJacobian(price: 1) { state, row in
      (Matrix(rows: 1, columns: 1, elements: [slope(state[row, 0])]), 1)
    }
    return problem
  }

  /// `f(z) = φ(W z + c)`, with W drawn such that its spectral radius is about `gain`.
  private func network(
    size: Int, gain: Double, seed: UInt64, _ φ: @escaping (Double) -> Double,
    slope: @escaping (Double) -> Double
  ) -> (problem: FixedPointProblem<Double>, W: [[Double]], c: [Double]) {
    var generator = SeededGenerator(seed: seed)
    // Uniform numbers of variance 1 / size.
    let W = generator.matrix(
      size, size, scale: gain * (3 / Double(size)).squareRoot(), as: Double.self
    ).rowArrays
    let c = generator.matrix(1, size, as: Double.self).elements
    func sums(_ z: ArraySlice<Double>) -> [Double] {
      zip(W, c).map { row, offset in zip(row, z).reduce(offset) { $0 + $1.0 * $1.1 } }
    }
    func problem(rows: Int) -> FixedPointProblem<Double> {
      var made = FixedPointProblem<Double>(
        value: { state in
          Matrix(
            rows: rows, columns: size, elements: (0..<rows).flatMap { sums(state.row($0)).map(φ) })
        },
        magnitudes: { state in
          Matrix(
            (0..<rows).map { row in
              zip(zip(W, c), sums(state.row(row))).map { weights, sum in
                let added = zip(weights.0, state.row(row)).reduce(abs(weights.1)) { $0 + abs($1.0 * $1.1) }
                return abs(slope(sum)) * added + abs(φ(sum))
              }
            })
        }, selecting: { problem(rows: $0.count) })
      made.jacobian = FixedPointJacobian(price: 2) { state, row in
        let slopes = sums(state.row(row)).map(slope)
        return (Matrix(zip(slopes, W).map { slope, row in row.map { slope * $0 } }), 1)
      }
      return made
    }
    return (problem(rows: 1), W, c)
  }

  @Test("A path that turns back twice, at the kinks of f, arrives at the only fixed point, 9")
  func kinks() {
    // z = λ f(z) passes (1, 1/2) and (3, 1/4), where λ turns, and ends at (9, 1).
    let problem = scalar(
      1, { 2 + 5 * max(0, $0 - 1) - 5.5 * max(0, $0 - 3) },
      slope: { ($0 > 1 ? 5 : 0) - ($0 > 3 ? 5.5 : 0) })
    let start = Matrix<Double>(rows: 1, columns: 1)
    let solution = PathFollowing().solve(problem, from: start, until: rule)
    #expect(solution.converged && abs(solution.state[0, 0] - 9) <= 1e-13)
    #expect(solution.solver == "path following")
  }

  @Test(
    "Smooth folds are passed: every bounded network has a fixed point, and it is found", arguments: 0..<12)
  func bounded(seed: Int) {
    let gain = [2.0, 5, 10, 40][seed % 4]
    let size = [3, 10, 24][seed % 3]
    let isSine = seed % 2 == 1
    let (problem, W, c) = network(
      size: size, gain: gain, seed: UInt64(seed), { isSine ? Double.sin($0) : Double.tanh($0) },
      slope: { isSine ? Double.cos($0) : 1 - Double.tanh($0) * Double.tanh($0) })
    let solution = PathFollowing().solve(problem, from: Matrix(rows: 1, columns: size), until: rule)
    #expect(solution.converged)
    let z = solution.state.elements
    for (index, row) in W.enumerated() {
      let sum = zip(row, z).reduce(c[index]) { $0 + $1.0 * $1.1 }
      // By exponentials, where the product takes the library's function.
      let value = isSine ? Double.cos(sum - Double.pi / 2) : 1 - 2 / (Double.exp(2 * sum) + 1)
      #expect(abs(value - z[index]) <= 1e-13 * (1 + gain))
    }
  }

  @Test("Nothing is found where there is no fixed point: z + 1, z² + 1, or no value")
  func none() {
    let functions: [(f: (Double) -> Double, slope: (Double) -> Double)] = [
      ({ $0 + 1 }, { _ in 1 }), ({ $0 * $0 + 1 }, { 2 * $0 }),
      ({ _ in .nan }, { _ in .nan }), ({ _ in .infinity }, { _ in 0 }),
    ]
    for (f, slope) in functions {
      let start = Matrix<Double>(rows: 1, columns: 1)
      let solution = PathFollowing().solve(scalar(1, f, slope: slope), from: start, until: rule)
      #expect(!solution.converged && solution.state == start)
      #expect(solution.iterations <= 500)
    }
  }

  @Test("A start that is a fixed point stays, and each sample follows a path of its own")
  func batch() {
    // The fixed points of z³ are 0 and ±1.
    let problem = scalar(3, { $0 * $0 * $0 }, slope: { 3 * $0 * $0 })
    let start = Matrix<Double>(rows: 3, columns: 1, elements: [0, 0.5, 1])
    let solution = PathFollowing().solve(problem, from: start, until: rule)
    #expect(solution.converged)
    #expect(solution.state[0, 0] == 0 && solution.state[2, 0] == 1)
    for row in 0..<3 {
      let alone = PathFollowing().solve(
        scalar(1, { $0 * $0 * $0 }, slope: { 3 * $0 * $0 }), from: start.selectingRows([row]), until: rule)
      #expect(alone.state.elements == [solution.state[row, 0]])
    }
  }

  @Test("No more steps are taken than updates are allowed")
  func limit() {
    var short = rule
    short.maximumIterations = 2
    let problem = scalar(
      1, { 2 + 5 * max(0, $0 - 1) - 5.5 * max(0, $0 - 3) },
      slope: { ($0 > 1 ? 5 : 0) - ($0 > 3 ? 5.5 : 0) })
    let solution = PathFollowing().solve(problem, from: Matrix(rows: 1, columns: 1), until: short)
    #expect(!solution.converged && solution.iterations <= 2)
  }

  @Test("Where the path from the start is too long, one from another start may arrive")
  func restart() {
    var arrivals = 0
    for seed in 0..<20 {
      let (problem, _, _) = network(
        size: 8, gain: 10, seed: UInt64(seed), { Double.tanh($0) },
        slope: { 1 - Double.tanh($0) * Double.tanh($0) })
      let start = Matrix<Double>(rows: 1, columns: 8)
      var path = HomotopyPath(problem, from: start)
      while case .onward = path.advance() {}
      // One step fewer than the path from the start takes.
      var short = rule
      short.maximumIterations = path.steps - 1
      let solution = PathFollowing().solve(problem, from: start, until: short)
      if solution.converged { arrivals += 1 }
    }
    #expect(arrivals >= 5)
  }

  @Test(
    "At a gain of 1,000 a step that ends off the path is taken again", arguments: [768, 980] + Array(0..<20))
  func steepBends(seed: Int) {
    let (problem, _, _) = network(
      size: 8, gain: 1_000, seed: 616 + UInt64(seed), { Double.tanh($0) },
      slope: { 1 / (Double.cosh(min(abs($0), 300)) * Double.cosh(min(abs($0), 300))) })
    var path = HomotopyPath(problem, from: Matrix(rows: 1, columns: 8))
    var next = path.advance()
    while case .onward = next, path.steps < 2_000 { next = path.advance() }
    guard case .arrival(let state) = next else {
      Issue.record("the path ends after \(path.steps) steps")
      return
    }
    #expect(Newton().solve(problem, from: state, until: rule).converged)
  }
}
