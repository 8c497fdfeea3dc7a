import FixedPoints
import LinearAlgebra
import Testing

/// What a solver does with more than a transition: magnitudes that residuals are judged against, and rows to leave out.
@Suite("Problems")
struct ProblemTests {
  /// z ↦ w·z + 1 for each row, with the magnitudes |w|·|z| + 1, some rows of it at a time.
  private func problem(
    _ weights: [Double], log: @escaping (_ rows: Int) -> Void = { _ in }
  ) -> FixedPointProblem<Double> {
    FixedPointProblem(
      value: { state in
        log(state.rows)
        return column(zip(weights, state.elements).map { $0 * $1 + 1 })
      },
      magnitudes: { state in column(zip(weights, state.elements).map { abs($0 * $1) + 1 }) },
      selecting: { rows in problem(rows.map { weights[$0] }, log: log) })
  }

  @Test("Samples that have settled are left out, and the others' answers are what they would be alone")
  func compaction() {
    // Six easy rows, one slow, and one that never settles.
    let weights = [0.5, 0, 0.1, -0.5, 0.2, 0.3, 0.99, 1.5]
    var rows: [Int] = []
    let rule = StoppingRule.rounding(of: Double.self, maximumIterations: 4_000)
    let start = column([Double](repeating: 0, count: 8))
    let solution = Picard().solve(problem(weights) { rows.append($0) }, from: start, until: rule)
    #expect(solution.samples.map { $0.reason == .converged } == weights.map { abs($0) < 1 })
    for (row, weight) in weights.enumerated() {
      let alone = Picard().solve(problem([weight]), from: column([0]), until: rule)
      #expect(alone.state.elements[0] == solution.state[row, 0])
      #expect(alone.samples[0] == solution.samples[row])
    }
    #expect(rows.first == 8 && rows.last == 1)
    #expect(zip(rows, rows.dropFirst()).allSatisfy { $0 >= $1 })
    // Two rows for as long as the slow one takes, then one: far from eight rows each time.
    #expect(rows.reduce(0, +) < 3 * rows.count)
  }

  @Test("A residual is measured against what a coordinate adds up, not against the state")
  func magnitudes() {
    // z = −10⁶·z + 1: rounding of f alone is 10⁶ times that of z.
    for solver in [Anderson(), Broyden(), Newton()] as [any FixedPointSolver] {
      let solution = solver.solve(problem([-1e6]), from: column([0]), until: .rounding(of: Double.self))
      #expect(solution.converged, "\(solver.name): \(solution.samples)")
      #expect(abs(solution.state[0, 0] * 1_000_001 - 1) <= 1e-14, "\(solver.name)")
    }
  }

  @Test("Coordinates of any scales are found to their own last digits", arguments: allSolvers.indices)
  func balance(solver: Int) {
    // Each coordinate has its own scale and a neighbour's value in it.
    let scales: [Double] = [1e12, 1, 1e-12, 1e30]
    func value(_ state: Matrix<Double>) -> Matrix<Double> {
      Matrix([
        scales.indices.map { index in
          let neighbour = (index + 1) % 4
          return scales[index] * (0.5 * state[0, neighbour] / scales[neighbour] + Double(index + 1))
        }
      ])
    }
    let problem = FixedPointProblem<Double>(
      value: value, magnitudes: { value(Matrix([$0.elements.map { abs($0) }])) })
    let solution = allSolvers[solver].solve(
      problem, from: Matrix(rows: 1, columns: 4), until: .rounding(of: Double.self))
    #expect(solution.converged, "\(solution.samples)")
    // y_i = y_{i+1} / 2 + i + 1, by substitution: y₀ = (1 + 2/2 + 3/4 + 4/8) / (1 − 1/16).
    var expected = [0.0, 0, 0, 0]
    expected[0] = 3.25 / (1 - 0.0625)
    for index in [3, 2, 1] { expected[index] = 0.5 * expected[(index + 1) % 4] + Double(index + 1) }
    for index in 0..<4 {
      #expect(abs(solution.state[0, index] / scales[index] / expected[index] - 1) <= 1e-13)
    }
  }

  @Test("Scales cost no updates: a scaled problem takes about as many as a plain one")
  func balanceSavesUpdates() {
    var generator = SeededGenerator(seed: 8)
    let weight = weight(order: 8, spectralNorm: 0.95, using: &generator)
    let bias = generator.matrix(1, 8, as: Double.self)
    func iterations(_ solver: any FixedPointSolver, _ scales: [Double]) -> Int {
      func value(_ state: Matrix<Double>, _ weight: Matrix<Double>, _ bias: Matrix<Double>) -> Matrix<Double>
      {
        var result = bias
        result.add(Matrix([zip(state.elements, scales).map { $0 / $1 }]), timesTransposed: weight)
        return Matrix([zip(result.elements, scales).map { $0 * $1 }])
      }
      func absolute(_ matrix: Matrix<Double>) -> Matrix<Double> {
        Matrix(rows: matrix.rows, columns: matrix.columns, elements: matrix.elements.map { abs($0) })
      }
      let solution = solver.solve(
        FixedPointProblem<Double>(
          value: { value($0, weight, bias) },
          magnitudes: { value(absolute($0), absolute(weight), absolute(bias)) }),
        from: Matrix(rows: 1, columns: 8), until: .rounding(of: Double.self))
      #expect(solution.converged, "\(solver.name): \(solution.samples)")
      return solution.iterations
    }
    for solver in [Anderson(), Broyden()] as [any FixedPointSolver] {
      let plain = iterations(solver, [Double](repeating: 1, count: 8))
      let scaled = iterations(solver, [0x1p40, 1, 0x1p-40, 0x1p90, 1, 0x1p20, 0x1p-10, 0x1p60])
      #expect(scaled <= plain + 6, "\(solver.name): \(scaled) and \(plain)")
    }
  }

  @Test("The state handed on is a value of f where f does not spoil it")
  func lastApplication() {
    // relu(A z + b) with equilibria at 0: a combination of iterates misses 0 by rounding.
    let weight = Matrix<Double>([[0.5, -0.9], [0.3, 0.2]])
    for solver in [Anderson(), Broyden(), Newton()] as [any FixedPointSolver] {
      let solution = solver.solve(
        transition(weight, Matrix([[-0.1, 1.3]])) { max($0, 0) }, from: Matrix([[3, -2]]),
        until: .rounding(of: Double.self))
      #expect(solution.converged && solution.state[0, 0] == 0, "\(solver.name): \(solution.state)")
      // A gain of −1000 would make of an error in z one of a thousand times its size.
      let stiff = solver.solve(
        componentwise { (z: Double) in -1000 * z + 1 }, from: column([0]),
        until: StoppingRule(relativeTolerance: 1e-12, absoluteTolerance: 0, maximumIterations: 100))
      #expect(stiff.converged && abs(stiff.state[0, 0] * 1001 - 1) <= 1e-14, "\(solver.name)")
    }
  }

  @Test("Iteration goes on within the tolerance while that halves the residual, and no longer")
  func polish() {
    let model = componentwise { (z: Double) in 0.3 * z + 1 }
    var rule = StoppingRule(relativeTolerance: 1e-3, absoluteTolerance: 0, maximumIterations: 1_000)
    let damped = Picard(damping: 0.9)
    let quick = damped.solve(model, from: column([0]), until: rule)
    rule.polishedShare = 1e-6
    let polished = damped.solve(model, from: column([0]), until: rule)
    #expect(quick.converged && polished.converged)
    #expect(quick.samples[0].residual > 1e-6 && polished.samples[0].residual <= 2e-9)
    // A contraction by 0.9 does not halve it: two more updates, and the last application.
    let slow = Picard(damping: 0.5).solve(
      componentwise { (z: Double) in 0.8 * z + 1 }, from: column([0]), until: rule)
    #expect(slow.converged && slow.samples[0].residual > 1e-4)
  }

  @Test("How far the state moves for a change of the residual estimates ‖(I − J)⁻¹‖")
  func sensitivity() {
    for gap in [0.5, 1e-3, 1e-6] {
      let solution = Anderson().solve(
        componentwise { (z: Double) in (1 - gap) * z + 1 }, from: column([0]),
        until: .rounding(of: Double.self))
      #expect(abs((solution.samples[0].sensitivity ?? 0) * gap - 1) <= 0.01, "\(gap)")
    }
  }
}
