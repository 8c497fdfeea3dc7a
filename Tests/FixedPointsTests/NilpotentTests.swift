import FixedPoints
import LinearAlgebra
import Testing

@Suite("Nilpotent structure")
struct NilpotentTests {
  @Test("Picard reaches the equilibrium of an L-layer network in exactly L iterations", arguments: 1...12)
  func picardTakesExactlyTheDepth(depth: Int) {
    expectExactly(depth, as: Double.self)
    expectExactly(depth, as: Float.self)
  }

  private func expectExactly<S: Scalar>(_ depth: Int, as type: S.Type) {
    var generator = SeededGenerator(seed: UInt64(depth))
    let weight = networkWeight(depth: depth, width: 3, gain: 1, using: &generator, as: type)
    let bias = generator.matrix(4, 3 * depth, as: type)
    let start = generator.matrix(4, 3 * depth, scale: 5, as: type)
    let network = transition(weight, bias) { S.tanh($0) }
    let solution = Picard().solve(network, from: start, until: .exact(maximumIterations: 100))
    #expect(solution.converged)
    #expect(solution.iterations == depth)
    #expect(solution.evaluations == depth + 1)
    #expect(solution.samples.allSatisfy { $0.residual == 0 && $0.iterations == depth })
    #expect(network(solution.state) == solution.state)
    #expect(solution.trace.entries.map(\.iteration) == Array(0...depth))
  }

  @Test("Picard reaches the equilibrium of an affine network whose signals grow by many orders of magnitude")
  func growthOnTheWayIsNotDivergence() {
    var generator = SeededGenerator(seed: 7)
    let weight = networkWeight(depth: 40, width: 3, gain: 20, using: &generator, as: Double.self)
    let bias = generator.matrix(2, 120, as: Double.self)
    let start = generator.matrix(2, 120, as: Double.self)
    let solution = Picard().solve(
      transition(weight, bias) { $0 }, from: start, until: .exact(maximumIterations: 40))
    #expect(solution.converged && solution.iterations == 40)
    #expect(solution.trace.entries.map(\.residual).max() ?? 0 > 1e30)
  }

  @Test("Every solver reaches the layer-by-layer result of a network", arguments: allSolvers.indices)
  func everySolverAgreesWithTheForwardPass(solver: Int) {
    var generator = SeededGenerator(seed: 3)
    for (depth, gain) in [(1, 1.0), (4, 1.0), (9, 2.0), (16, 1.0)] {
      let weight = networkWeight(depth: depth, width: 4, gain: gain, using: &generator, as: Double.self)
      let bias = generator.matrix(3, 4 * depth, as: Double.self)
      let start = generator.matrix(3, 4 * depth, scale: 3, as: Double.self)
      for activation: @Sendable (Double) -> Double in [{ max($0, 0) }, { Double.tanh($0) }, { $0 }] {
        let expected = forwardPass(weight, bias, width: 4, activation)
        let size = expected.elements.map(abs).max() ?? 0
        let solution = allSolvers[solver].solve(
          transition(weight, bias, activation), from: start, until: .rounding(of: Double.self))
        #expect(solution.converged, "depth \(depth), gain \(gain): \(solution.samples)")
        #expect(distance(solution.state, expected) <= 1e-10 * size)
      }
    }
  }

  @Test("No solver takes a network with large signals for a runaway", arguments: allSolvers.indices)
  func largeSignals(solver: Int) {
    for seed in UInt64(1_000)..<1_006 {
      var generator = SeededGenerator(seed: seed)
      let weight = networkWeight(depth: 20, width: 4, gain: 20, using: &generator, as: Double.self)
      let bias = generator.matrix(2, 80, as: Double.self)
      let start = generator.matrix(2, 80, scale: 2, as: Double.self)
      let activation: (Double) -> Double = { max($0, 0) }
      let expected = forwardPass(weight, bias, width: 4, activation)
      let solution = allSolvers[solver].solve(
        transition(weight, bias, activation), from: start, until: .rounding(of: Double.self))
      #expect(solution.converged, "seed \(seed): \(solution.samples)")
      #expect(distance(solution.state, expected) <= 1e-10 * (expected.elements.max() ?? 0))
    }
  }

  @Test("Methods with a short memory still end on a deep chain", arguments: [0, 1])
  func shortMemoryOnADeepChain(index: Int) {
    let solver: any FixedPointSolver = [Anderson(memory: 1) as any FixedPointSolver, Broyden(memory: 1)][
      index]
    var shift = Matrix<Double>(rows: 60, columns: 60)
    for row in 1..<60 { shift[row, row - 1] = 1 }
    var bias = Matrix<Double>(rows: 1, columns: 60)
    bias[0, 0] = 1
    let solution = solver.solve(
      transition(shift, bias) { $0 }, from: Matrix(rows: 1, columns: 60), until: .rounding(of: Double.self))
    #expect(solution.converged)
    #expect(distance(solution.state, Matrix(rows: 1, columns: 60, repeating: 1)) <= 1e-12)
  }
}
