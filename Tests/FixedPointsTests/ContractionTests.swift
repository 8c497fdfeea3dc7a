import FixedPoints
import LinearAlgebra
import Testing

@Suite("Contractions")
struct ContractionTests {
  @Test("Every solver finds the equilibrium of tanh(W z + b) with ‖W‖₂ = 0.9", arguments: allSolvers.indices)
  func everySolverAgreesWithPlainLoops(solver: Int) {
    var generator = SeededGenerator(seed: 11)
    let weight = weight(order: 24, spectralNorm: 0.9, using: &generator)
    let bias = generator.matrix(6, 24, as: Double.self)
    let start = generator.matrix(6, 24, scale: 2, as: Double.self)
    let expected = plainEquilibrium(weight, bias)
    let model = transition(weight, bias) { Double.tanh($0) }
    let solution = allSolvers[solver].solve(model, from: start, until: .rounding(of: Double.self))
    #expect(solution.converged, "\(solution.samples)")
    #expect(distance(solution.state, expected) <= 1e-12)
    expectTrueResiduals(solution, of: model)
  }

  @Test("Every solver reaches rounding level in single precision", arguments: allSolvers.indices)
  func everySolverInSinglePrecision(solver: Int) {
    var generator = SeededGenerator(seed: 12)
    let weight = weight(order: 24, spectralNorm: 0.9, using: &generator)
    let bias = generator.matrix(6, 24, as: Double.self)
    let model = transition(weight.cast(to: Float.self), bias.cast(to: Float.self)) { Float.tanh($0) }
    let solution = allSolvers[solver].solve(
      model, from: Matrix(rows: 6, columns: 24), until: .rounding(of: Float.self))
    #expect(solution.converged, "\(solution.samples)")
    #expect(distance(solution.state.cast(to: Double.self), plainEquilibrium(weight, bias)) <= 1e-4)
    expectTrueResiduals(solution, of: model)
  }

  private func expectTrueResiduals<S: Scalar>(
    _ solution: FixedPointSolution<S>, of model: (Matrix<S>) -> Matrix<S>
  ) {
    let values = model(solution.state)
    for (row, outcome) in solution.samples.enumerated() {
      let residual = zip(values.row(row), solution.state.row(row)).map { abs($0 - $1) }.max() ?? 0
      #expect(outcome.residual == Double(residual))
    }
  }

  /// z ↦ W·z + 1: W turns 64 coordinates round a circle, shrunk to 0.6, where acceleration has nothing to gain, and
  /// shrinks one more coordinate by `slow`.
  private func circle(slow: Double) -> (Matrix<Double>) -> Matrix<Double> {
    { states in
      var next = Matrix<Double>(rows: states.rows, columns: 65, repeating: 1)
      for row in 0..<states.rows {
        for index in 0..<64 {
          next[row, index] += 0.6 * states[row, (index + 1) % 64] * (index == 0 ? -1 : 1)
        }
        next[row, 64] += slow * states[row, 64]
      }
      return next
    }
  }

  @Test(
    "Where acceleration gains nothing it costs no updates either; a slow direction behind it is accelerated")
  func accelerationRestsAndWakes() {
    var generator = SeededGenerator(seed: 14)
    let start = generator.matrix(2, 65, as: Double.self)
    func iterations(_ solver: any FixedPointSolver, slow: Double) -> Int {
      let solution = solver.solve(
        circle(slow: slow), from: start,
        until: .rounding(of: Double.self, maximumIterations: 20_000))
      #expect(solution.converged)
      return solution.iterations
    }
    // Polish and the last application add a few.
    #expect(iterations(Anderson(), slow: 0) <= iterations(Picard(), slow: 0) + 4)
    #expect(iterations(Anderson(), slow: 0.99) < iterations(Picard(), slow: 0.99) / 10)
    // Plain steps that run off must not be taken for long.
    #expect(iterations(Anderson(), slow: -4) < 200)
  }

  @Test("Acceleration takes fewer updates than Picard, and Newton fewer still")
  func accelerationAccelerates() {
    var generator = SeededGenerator(seed: 13)
    let weight = weight(order: 20, spectralNorm: 0.99, using: &generator)
    var symmetric = Matrix<Double>(rows: 20, columns: 20)
    symmetric.add(weight, timesTransposed: weight)
    let bias = generator.matrix(1, 20, scale: 0.01, as: Double.self)
    let model = transition(symmetric, bias) { Double.tanh($0) }
    let rule = StoppingRule.rounding(of: Double.self, maximumIterations: 5_000)
    let iterations = allSolvers.map {
      let solution = $0.solve(model, from: Matrix(rows: 1, columns: 20), until: rule)
      #expect(solution.converged)
      return solution.iterations
    }
    #expect(iterations[1] < iterations[0] / 2, "\(iterations)")
    #expect(iterations[2] < iterations[0] / 2, "\(iterations)")
    #expect(iterations[3] <= 8 && iterations[4] <= 10, "\(iterations)")
  }

  @Test("Beyond its dense limit Newton's method needs far fewer evaluations than a Jacobian has columns")
  func newtonKrylovOnALargeState() {
    var generator = SeededGenerator(seed: 14)
    // The spectral norm of such a matrix is close to 2·√(n/3) times its scale: here 0.9.
    let weight = generator.matrix(200, 200, scale: 0.055, as: Double.self)
    let bias = generator.matrix(2, 200, as: Double.self)
    let solution = Newton().solve(
      transition(weight, bias) { Double.tanh($0) }, from: Matrix(rows: 2, columns: 200),
      until: .rounding(of: Double.self))
    #expect(solution.converged)
    #expect(solution.evaluations < 150, "\(solution.evaluations)")
    #expect(distance(solution.state, plainEquilibrium(weight, bias)) <= 1e-12)
  }

  @Test("Every solver finds the adjoint g = (I − Jᵀ)⁻¹ e, of any size of e", arguments: allSolvers.indices)
  func adjointEquation(solver: Int) {
    var generator = SeededGenerator(seed: 15)
    let jacobian = weight(order: 18, spectralNorm: 0.9, using: &generator)
    for scale in [1, 1e-200, 1e100] {
      let cotangent = generator.matrix(3, 18, scale: scale, as: Double.self)
      var system = jacobian.transposed
      system.elements = system.elements.map { -$0 }
      for index in 0..<18 { system[index, index] += 1 }
      let factors = LUFactorization(system)
      let expected = Matrix(cotangent.rowArrays.map { factors.solve($0) })
      let solution = allSolvers[solver].solve(
        transition(jacobian.transposed, cotangent) { $0 }, from: Matrix(rows: 3, columns: 18),
        until: .rounding(of: Double.self))
      #expect(solution.converged, "\(solution.samples)")
      #expect(distance(solution.state, expected) <= 1e-11 * scale)
    }
  }

  @Test("The adjoint with J of radius above 1 is found by all but Picard")
  func expandingAdjoint() {
    var generator = SeededGenerator(seed: 16)
    let jacobian = weight(order: 8, spectralNorm: 3, using: &generator)
    let cotangent = generator.matrix(2, 8, as: Double.self)
    for solver in allSolvers {
      let adjoint = transition(jacobian.transposed, cotangent) { $0 }
      let solution = solver.solve(adjoint, from: cotangent, until: .rounding(of: Double.self))
      #expect(solution.converged == (solver.name != "picard"), "\(solver.name): \(solution.samples)")
    }
  }

  @Test("Damping lets Picard converge where the eigenvalue of J is below −1")
  func dampedPicard() {
    let model = componentwise { (z: Double) in -2 * z + 1 }
    let solution = Picard(damping: 0.5).solve(model, from: column([7]), until: .rounding(of: Double.self))
    #expect(solution.converged)
    #expect(abs(solution.state[0, 0] - 1.0 / 3) <= 1e-13)
    #expect(solution.samples[0].spectralRadiusEstimate == nil)
  }

  @Test("The start is returned untouched where it is a fixed point, and after no iterations")
  func nothingToDo() {
    for solver in allSolvers {
      let model = componentwise { (z: Double) in z * z }
      let fixed = solver.solve(model, from: column([1, 0]), until: .exact(maximumIterations: 10))
      #expect(fixed.converged && fixed.iterations == 0 && fixed.evaluations == 1)
      #expect(fixed.state == column([1, 0]))
      let stopped = solver.solve(model, from: column([0.5]), until: .exact(maximumIterations: 0))
      #expect(stopped.samples == [SampleOutcome(reason: .outOfIterations, iterations: 0, residual: 0.25)])
      #expect(stopped.state == column([0.5]))
      let empty = solver.solve(model, from: Matrix(rows: 0, columns: 3), until: .exact(maximumIterations: 1))
      #expect(empty.converged && empty.evaluations == 0)
      let narrow = solver.solve(model, from: Matrix(rows: 2, columns: 0), until: .exact(maximumIterations: 1))
      #expect(narrow.converged && narrow.iterations == 0)
    }
  }
}
