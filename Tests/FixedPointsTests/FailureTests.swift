import FixedPoints
import LinearAlgebra
import Testing

@Suite("Failures and their evidence")
struct FailureTests {
  private let rule = StoppingRule.rounding(of: Double.self, maximumIterations: 400)

  private func picard(
    from start: Double, iterations: Int = 400, _ function: @escaping (Double) -> Double
  ) -> SampleOutcome {
    let rule = StoppingRule.rounding(of: Double.self, maximumIterations: iterations)
    return Picard().solve(componentwise(function), from: column([start]), until: rule).samples[0]
  }

  @Test("relu(z + 1) diverges under Picard, and no solver claims an equilibrium of it")
  func steadyDrift() {
    let model = componentwise { (z: Double) in max(z + 1, 0) }
    for solver in allSolvers {
      let solution = solver.solve(model, from: column([0.25]), until: rule)
      let expected: [StopReason] = solver.name == "newton" ? [.singular] : [.diverging]
      #expect(solution.samples.map(\.reason) == expected, "\(solver.name)")
      #expect(solution.samples[0].residual == 1)
    }
  }

  @Test("Geometric growth is divergence, before and after it overflows")
  func geometricGrowth() {
    #expect(picard(from: 1, iterations: 100) { -2 * $0 + 1 }.reason == .diverging)
    #expect(picard(from: 1, iterations: 5_000) { -2 * $0 + 1 }.reason == .diverging)
    #expect(picard(from: 1, iterations: 1_000) { 1.001 * $0 + 1 }.reason == .diverging)
    #expect(picard(from: 2) { $0 * $0 }.reason == .diverging)
    #expect(picard(from: 1) { Double.exp($0) }.reason == .diverging)
  }

  @Test("Oscillation of period 2 is recognised, and Newton finds the fixed point")
  func periodTwo() {
    let cases: [(start: Double, function: (Double) -> Double)] = [
      (3, { 1 - $0 }), (0.4, { Double.tanh(-3 * $0 + 0.2) }), (0.4, { max(-1, min(1, -2 * $0 + 1)) }),
    ]
    for (start, function) in cases {
      let outcome = picard(from: start, function)
      #expect(outcome.reason == .oscillating(period: 2))
      #expect(outcome.iterations < 100)
      #expect(outcome.residual > 0.1)
      #expect(outcome.spectralRadiusEstimate == nil)
      for solver in [Newton(), Newton(denseLimit: 0)] {
        let solution = solver.solve(componentwise(function), from: column([start]), until: rule)
        #expect(solution.converged)
        #expect(abs(function(solution.state[0, 0]) - solution.state[0, 0]) <= 1e-13)
      }
    }
  }

  @Test("tanh(−3 W z + b) in many dimensions oscillates in single and double precision")
  func periodTwoInManyDimensions() {
    expectOscillation(as: Double.self)
    expectOscillation(as: Float.self)
  }

  private func expectOscillation<S: Scalar>(as type: S.Type) {
    var generator = SeededGenerator(seed: 31)
    var weight = generator.matrix(10, 10, scale: 0.05, as: type)
    for index in 0..<10 { weight[index, index] = -3 }
    let model = transition(weight, generator.matrix(2, 10, scale: 0.1, as: type)) { S.tanh($0) }
    let start = generator.matrix(2, 10, as: type)
    let solution = Picard().solve(model, from: start, until: .rounding(of: type))
    #expect(solution.samples.map(\.reason) == [.oscillating(period: 2), .oscillating(period: 2)])
    #expect(Newton().solve(model, from: start, until: .rounding(of: type)).converged)
  }

  @Test("The logistic map oscillates with the period that its parameter gives")
  func logisticMap() {
    for (parameter, period) in [(3.2, 2), (3.5, 4), (3.55, 8), (3.83, 3), (3.7389, 5), (3.8445, 6)] {
      let outcome = picard(from: 0.3, iterations: 3_000) { parameter * $0 * (1 - $0) }
      #expect(outcome.reason == .oscillating(period: period), "r = \(parameter): \(outcome)")
    }
    #expect(picard(from: 0.3, iterations: 3_000) { 3.569 * $0 * (1 - $0) }.reason == .outOfIterations)
    #expect(picard(from: 0.3, iterations: 3_000) { 4 * $0 * (1 - $0) }.reason == .outOfIterations)
    #expect(picard(from: 0.3, iterations: 3_000) { 2.8 * $0 * (1 - $0) }.reason == .converged)
  }

  @Test("Convergence, however slow, is never called oscillation or divergence")
  func slowConvergence() {
    for ratio in [0.999, -0.999, 0.999_999, -0.999_999, -0.999_999_99] {
      for iterations in [1, 10, 20, 24, 40, 100, 1_000, 10_000] {
        let outcome = picard(from: 5, iterations: iterations) { ratio * $0 + 1 }
        #expect(outcome.reason == .outOfIterations, "ratio \(ratio), \(iterations): \(outcome)")
      }
    }
    #expect(picard(from: 5, iterations: 50_000) { 0.999 * $0 + 1 }.reason == .converged)
    // Rounding holds this one at a residual of 1e-13, in a last-place cycle above the tolerance.
    let stalled = picard(from: 5, iterations: 50_000) { -0.999 * $0 + 1 }
    #expect(stalled.reason == .outOfIterations && stalled.residual < 1e-12)
  }

  @Test("In single precision too, and with a fast and a slow mode together")
  func slowConvergenceInOtherSettings() {
    for iterations in [10, 20, 40, 100, 1_000, 5_000] {
      let rule = StoppingRule.rounding(of: Float.self, maximumIterations: iterations)
      for ratio: Float in [-0.999, -0.999_9, 0.999_9] {
        let single = Picard().solve(componentwise { ratio * $0 + 1 }, from: column([Float(5)]), until: rule)
        let reason = single.samples[0].reason
        #expect(reason == .outOfIterations || reason == .converged, "ratio \(ratio), \(iterations)")
      }
      let modes = Matrix<Double>([[0.9, 0], [0, -0.999]])
      let mixed = Picard().solve(
        transition(modes, Matrix(rows: 1, columns: 2)) { $0 }, from: Matrix([[1, 0.5]]),
        until: .rounding(of: Double.self, maximumIterations: iterations))
      #expect(mixed.samples[0].reason == .outOfIterations)
    }
  }

  @Test("A slow spiral and a closed rotation are neither divergence nor, for the spiral, a cycle")
  func rotations() {
    func rotation(by angle: Double, radius: Double) -> Matrix<Double> {
      let (cosine, sine) = (radius * Double.cos(angle), radius * Double.sin(angle))
      return Matrix([[cosine, -sine], [sine, cosine]])
    }
    func reason(_ weight: Matrix<Double>) -> StopReason {
      let bias = Matrix<Double>(rows: 1, columns: 2)
      let model = transition(weight, bias) { $0 }
      return Picard().solve(model, from: Matrix([[1, 0.5]]), until: rule).samples[0].reason
    }
    #expect(reason(rotation(by: .pi / 2, radius: 1)) == .oscillating(period: 4))
    #expect(reason(rotation(by: .pi / 2, radius: 0.999)) == .outOfIterations)
    #expect(reason(rotation(by: 0.01, radius: 0.999)) == .outOfIterations)
    #expect(reason(rotation(by: 1, radius: 1)) == .outOfIterations)
  }

  @Test("A cycle in the last place at rounding level is convergence within the tolerance")
  func lastPlaceCycle() {
    let ulp = Double.ulpOfOne
    let model: (Double) -> Double = { $0 < 1 + 4 * ulp ? 1 + 8 * ulp : 1 }
    #expect(picard(from: 0, model).reason == .converged)
    let exact = Picard().solve(
      componentwise(model), from: column([0]), until: .exact(maximumIterations: 100))
    #expect(exact.samples[0].reason == .outOfIterations)
    #expect(exact.samples[0].residual <= 8 * ulp)
  }

  @Test("NaN and infinity are reported, and never returned as an equilibrium", arguments: allSolvers.indices)
  func notFinite(solver: Int) {
    let always = allSolvers[solver].solve(
      componentwise { (_: Double) in .nan }, from: column([1]), until: rule)
    #expect(always.samples == [SampleOutcome(reason: .notFinite, iterations: 0, residual: .infinity)])
    #expect(always.state == column([1]))
    let pole = allSolvers[solver].solve(componentwise { 1 / $0 }, from: column([0.0]), until: rule)
    #expect(pole.samples[0].reason == .notFinite)
    let start = allSolvers[solver].solve(componentwise { 0.5 * $0 }, from: column([Double.nan]), until: rule)
    #expect(start.samples[0].reason == .notFinite)
    let root = allSolvers[solver].solve(
      componentwise { (z: Double) in z.squareRoot() - 1 }, from: column([4.0]), until: rule)
    #expect(root.samples[0].reason != .converged)
    #expect(root.state.isFinite)
  }

  @Test("Newton reports a singular I − J, scalar and of many dimensions")
  func singular() {
    let drift = componentwise { (z: Double) in z + 1 }
    for solver in [Newton(), Newton(denseLimit: 0)] {
      let solution = solver.solve(drift, from: Matrix([[0.3, 0.7]]), until: rule)
      #expect(solution.samples[0].reason == .singular)
    }
    // I − J has rank 1, and the equations contradict each other.
    let weight = Matrix<Double>([[0.7, -0.1], [-0.9, 0.7]])
    let contradiction = transition(weight, Matrix([[0.1, -0.9]])) { $0 }
    for solver in [Newton(), Newton(denseLimit: 0)] {
      let solution = solver.solve(
        contradiction, from: Matrix([[0.3, 0.7]]), until: .rounding(of: Double.self))
      #expect(solution.samples[0].reason == .singular)
    }
  }

  @Test("Where I − J is singular no state is an equilibrium by size alone", arguments: allSolvers.indices)
  func runawayStates(solver: Int) {
    expectNoEquilibrium(allSolvers[solver], as: Double.self)
    expectNoEquilibrium(allSolvers[solver], as: Float.self)
  }

  /// J = I − U·V of rank n − 1, n / 2 or 0, with a right side outside its range.
  private func expectNoEquilibrium<S: Scalar>(_ solver: any FixedPointSolver, as type: S.Type) {
    for (order, rank) in [(1, 0), (2, 1), (5, 4), (5, 2), (12, 11)] {
      for seed in UInt64(0)..<5 {
        var generator = SeededGenerator(seed: seed)
        var jacobian = Matrix<S>(rows: order, columns: order)
        let left = generator.matrix(order, rank, scale: -1, as: type)
        jacobian.add(left, times: generator.matrix(rank, order, as: type))
        for index in 0..<order { jacobian[index, index] += 1 }
        let model = transition(jacobian, generator.matrix(1, order, as: type)) { $0 }
        let solution = solver.solve(
          model, from: generator.matrix(1, order, as: type), until: .rounding(of: type))
        #expect(!solution.converged, "order \(order), rank \(rank), seed \(seed): \(solution.samples)")
      }
    }
  }

  @Test("A drift that outgrows its own rounding is still no equilibrium")
  func driftBeyondRounding() {
    let rule = StoppingRule.rounding(of: Float.self, maximumIterations: 150_000)
    let solution = Picard().solve(componentwise { (z: Float) in z + 1 }, from: column([0]), until: rule)
    #expect(solution.samples[0].reason == .diverging)
  }

  @Test("An equilibrium far larger than the start is found all the same", arguments: allSolvers.indices)
  func largeEquilibrium(solver: Int) {
    let solution = allSolvers[solver].solve(
      componentwise { (z: Double) in 0.99 * z + 1e6 }, from: column([0, 1]),
      until: .rounding(of: Double.self, maximumIterations: 5_000))
    #expect(solution.converged)
    #expect(solution.state.elements.allSatisfy { abs($0 - 1e8) <= 1e-3 })
  }

  @Test("An outcome describes itself in one line with its evidence")
  func descriptions() {
    let outcome = picard(from: 3) { 1 - $0 }
    #expect(outcome.description.hasPrefix("oscillating with period 2 after \(outcome.iterations) updates: "))
    #expect(outcome.description.contains("(5.0)"))
    let small = SampleOutcome(
      reason: .converged, iterations: 1, residual: 1.234e-13, spectralRadiusEstimate: 0.51234)
    #expect(
      small.description
        == "converged after 1 update: the residual is 1.23e-13; the spectral radius of J is about 0.512")
  }
}
