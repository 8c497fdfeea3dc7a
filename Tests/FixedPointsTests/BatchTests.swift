import FixedPoints
import LinearAlgebra
import Testing

@Suite("Batches")
struct BatchTests {
  /// Easy, hard, diverging, oscillating, not finite.
  private let functions: [(Double) -> Double] = [
    { 0.1 * $0 + 1 }, { 0.97 * $0 + 1 }, { 2 * $0 + 1 }, { 1 - $0 }, { $0 > 2 ? .nan : $0 + 1 },
  ]
  private let start = column([3.0, 3, 3, 3, 0])

  @Test("Every sample has its own outcome")
  func ownOutcomes() {
    let rule = StoppingRule.rounding(of: Double.self, maximumIterations: 2_000)
    let solution = Picard().solve(rowwise(functions), from: start, until: rule)
    #expect(
      solution.samples.map(\.reason) == [
        .converged, .converged, .diverging, .oscillating(period: 2), .notFinite,
      ])
    #expect(solution.samples[0].iterations < 20 && solution.samples[1].iterations > 500)
    #expect(abs(solution.state[0, 0] - 1 / 0.9) <= 1e-12)
    #expect(abs(solution.state[1, 0] - 1 / 0.03) <= 1e-10)
    #expect(solution.state.isFinite)
    #expect(solution.samples[4].residual == .infinity)
    #expect(!solution.converged)
    #expect(solution.iterations == solution.samples.map(\.iterations).max())
  }

  @Test("A sample's answer does not depend on its neighbours", arguments: allSolvers.indices)
  func independenceOfNeighbours(solver: Int) {
    let rule = StoppingRule.rounding(of: Double.self, maximumIterations: 300)
    let together = allSolvers[solver].solve(rowwise(functions), from: start, until: rule)
    for row in functions.indices {
      let alone = allSolvers[solver].solve(
        rowwise([functions[row]]), from: column([start[row, 0]]), until: rule)
      #expect(alone.samples[0] == together.samples[row])
      #expect(alone.state[0, 0].bitPattern == together.state[row, 0].bitPattern)
    }
  }

  @Test(
    "With matrix products of one shape, changing the neighbours changes no bit", arguments: allSolvers.indices
  )
  func independenceThroughMatrixProducts(solver: Int) {
    var generator = SeededGenerator(seed: 21)
    let weight = weight(order: 16, spectralNorm: 0.9, using: &generator)
    let bias = generator.matrix(5, 16, as: Double.self)
    var other = generator.matrix(5, 16, scale: 1_000, as: Double.self)
    for index in 0..<16 { other[2, index] = bias[2, index] }
    let solutions = [bias, other].map {
      allSolvers[solver].solve(
        transition(weight, $0) { Double.tanh($0) }, from: Matrix(rows: 5, columns: 16),
        until: .rounding(of: Double.self))
    }
    #expect(solutions[0].state.row(2) == solutions[1].state.row(2))
    #expect(solutions[0].samples[2] == solutions[1].samples[2])
    #expect(solutions[0].state.row(1) != solutions[1].state.row(1))
  }

  @Test(
    "The transition always sees the whole batch, and finished samples unchanged",
    arguments: allSolvers.indices)
  func finishedSamplesAreFrozen(solver: Int) {
    var seen: [Matrix<Double>] = []
    let model = rowwise(functions)
    let solution = allSolvers[solver].solve(
      { states in
        seen.append(states)
        return model(states)
      }, from: start, until: .rounding(of: Double.self, maximumIterations: 200))
    #expect(seen.count == solution.evaluations)
    #expect(seen.allSatisfy { $0.rows == 5 && $0.columns == 1 })
    for row in 0..<5 {
      let values = seen.map { $0[row, 0] }
      let final = solution.state[row, 0]
      // A sample that took k evaluations shows its final state in all later calls.
      if solver == 0 {
        #expect(values.dropFirst(solution.samples[row].iterations + 1).allSatisfy { $0 == final })
      }
      if solution.samples[row].reason == .converged { #expect(values.last == final) }
    }
  }

  @Test("On failure Picard returns the last iterate, the others the best")
  func whatFailureReturns() {
    // The residual |z² + 0.3| is smallest at 0; there is no fixed point.
    let model = componentwise { (z: Double) in z + z * z + 0.3 }
    for solver in allSolvers {
      var best = Double.infinity
      var last = 0.0
      let solution = solver.solve(
        { states in
          last = states[0, 0]
          best = min(best, last * last + 0.3)
          return model(states)
        }, from: column([-2.0]), until: .rounding(of: Double.self, maximumIterations: 8))
      #expect(!solution.converged)
      if solver.name == "picard" {
        #expect(solution.state[0, 0] == last)
      } else {
        #expect(solution.samples[0].residual <= best + 1e-6, "\(solver.name)")
      }
    }
  }
}
