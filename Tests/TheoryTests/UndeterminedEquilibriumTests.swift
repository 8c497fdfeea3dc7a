import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Operators
import Testing

/// Equations whose residual is small where no equilibrium is, or where it is not determined, in groups too large for
/// factors of every solution, near folds, at jumps, and at the ends of the range of numbers.
@Suite("What a small residual does not determine")
struct UndeterminedEquilibriumTests {
  private func diagonal(_ entries: [Double]) -> [[Double]] {
    entries.indices.map { row in entries.indices.map { $0 == row ? entries[row] : 0 } }
  }

  private func outcome(_ solution: EquilibriumSolution<Double>) -> SampleOutcome {
    solution.records[0].samples[0]
  }

  @Test("A singular direction is found even if no iterate moves along it", arguments: [33, 128, 1100])
  func singularDirection(order: Int) throws {
    let ones = [Double](repeating: 1, count: order)
    var W = [Double](repeating: 0.5, count: order)
    W[0] = 1
    let x = Matrix([[0] + ones.dropFirst()])
    let singular = try oneBlock(diagonal(W), diagonal(ones), Identity()).solve(x, by: .standard)
    #expect(outcome(singular).reason == .notDetermined, "\(outcome(singular))")
    W[0] = 1 - 1e-10
    let model = try oneBlock(diagonal(W), diagonal(ones), Identity())
    let solution = model.solve(x, by: .standard)
    #expect(outcome(solution).reason == .converged)
    let condition = try #require(outcome(solution).conditionEstimate)
    #expect(abs(condition * 1e-10 - 1) <= 0.01, "\(condition)")
    let gradients = model.backpropagate(Matrix([ones]), through: solution, by: .standard).gradients
    #expect(abs(gradients.input[0, 0] * (1 - W[0]) - 1) <= 1e-6)
  }

  @Test("A singular direction is found where only products with the Jacobian are known")
  func singularDirectionOfSeveralPorts() throws {
    // z = max(W z + x, −1000): the maximum has two ports, so that no Jacobian is written.
    for slow in [1, 1 - 0x1p-33] {
      var W = [Double](repeating: 0.5, count: 64)
      W[0] = slow
      let model = try EquilibriumModel<Double>(
        inputShape: [64],
        blocks: [
          Block(
            name: "z", shape: [64], nonlinearity: Maximum(), portShapes: [[64], [64]],
            terms: [
              Term(source: .node(0), map: DenseMap(Matrix(diagonal(W)))),
              Term(source: .input, map: IdentityMap([64])),
            ], offsets: [Offset(port: 1, vector: [Double](repeating: -1000, count: 64))])
        ], output: 0)
      let x = [0] + [Double](repeating: 1, count: 63)
      let solution = model.solve(Matrix([x]), by: .standard)
      #expect(solution.records[0].stages.contains { $0.solver == "probe" })
      #expect(outcome(solution).reason == (slow == 1 ? .notDetermined : .converged), "\(outcome(solution))")
      guard slow < 1 else { continue }
      let condition = try #require(outcome(solution).conditionEstimate)
      #expect(abs(condition * 0x1p-33 - 1) <= 0.01, "\(condition)")
    }
  }

  @Test("A state at a jump stays refused where another coordinate of it is corrected")
  func jumpBesideIllCondition() throws {
    // z₀ = sign(1 − z₀) beside z₁ = (1 − 2⁻¹²) z₁ + z₀/10⁶ + 1; a coupling of 0 makes them one group.
    let model = try EquilibriumModel<Double>(
      inputShape: [2],
      blocks: [
        Block(
          name: "s", size: 1, nonlinearity: Sign(),
          terms: [
            term(0, [[-1]]), term(1, [[0]]), Term(source: .input, map: DenseMap(Matrix([[1, 0]]))),
          ]),
        Block(
          name: "z", size: 1, nonlinearity: Identity(),
          terms: [
            term(1, [[1 - 0x1p-12]]), term(0, [[1e-6]]),
            Term(source: .input, map: DenseMap(Matrix([[0, 1]]))),
          ]),
      ], output: 1)
    for method in [SolutionMethod.standard, .structured(Anderson()), .structured(Broyden())] {
      let solution = model.solve(Matrix([[1, 1]]), by: method)
      #expect(solution.converged == [false], "\(method.description): \(solution.output)")
    }
  }

  @Test("A fold among many coordinates has no gradient")
  func foldAmongMany() throws {
    // z = exp(z + x) has a double root at x = −1.
    let ones = [Double](repeating: 1, count: 33)
    let model = try oneBlock(diagonal(ones), diagonal(ones), Exponential())
    let solution = model.solve(Matrix([(1...33).map { -Double($0) }]), by: .standard)
    let back = model.backpropagate(Matrix([ones]), through: solution, by: .standard)
    #expect(back.converged == [false])
  }

  @Test("Well-conditioned groups of any size are probed without a false alarm", arguments: [40, 300, 1100])
  func wellConditioned(order: Int) throws {
    var generator = SeededGenerator(seed: 7)
    let W = Make.normal(order, order, scale: 0.6 / Double(order).squareRoot(), &generator)
    let model = try oneBlock(
      W.rowArrays, diagonal([Double](repeating: 1, count: order)), Tanh())
    let solution = model.solve(Make.normal(3, order, &generator), by: .standard)
    #expect(solution.failure == nil)
    for sample in solution.records[0].samples {
      #expect((1...1e3).contains(sample.conditionEstimate ?? 0), "\(sample)")
    }
  }

  @Test("Near a fold the state is corrected, and its error stays within what is said")
  func nearFold() throws {
    // z = tanh(z + 10⁻²⁰) at 3.1072325059538588e−7, by z³ ≈ 3·10⁻²⁰ and mpmath.
    let solution = try oneBlock([[1]], [[1]], Tanh()).solve(Matrix([[1e-20]]), by: .standard)
    let error = try #require(outcome(solution).errorEstimate)
    #expect(abs(solution.output[0, 0] / 3.1072325059537989e-7 - 1) <= error)
    #expect(error <= 0.02, "\(error)")
  }

  @Test("Near a fold the gradient's error stays within what is said", arguments: [1e-15, 1e-12, 1e-9])
  func nearFoldGradient(distance: Double) throws {
    // z = z² + x: dz/dx = 1/√(1 − 4x).
    let model = try EquilibriumModel<Double>(
      inputShape: [1],
      blocks: [
        Block(name: "q", size: 1, nonlinearity: Pow(exponent: 2), terms: [term(1, [[1]])]),
        Block(
          name: "z", size: 1, nonlinearity: Identity(),
          terms: [term(0, [[1]]), Term(source: .input, map: DenseMap(Matrix([[1]])))]),
      ], output: 1)
    let x = 0.25 - distance
    let solution = model.solve(Matrix([[x]]), by: .standard)
    let error = try #require(outcome(solution).gradientErrorEstimate)
    let back = model.backpropagate(Matrix([[1]]), through: solution, by: .standard)
    #expect(back.failure == nil)
    let expected = 1 / (4 * (0.25 - x)).squareRoot()
    #expect(abs(back.gradients.input[0, 0] / expected - 1) <= error)
    #expect(error <= 2e-8 / distance.squareRoot(), "\(error)")
  }

  private static let jumps: [(nonlinearity: any Nonlinearity, weight: Double, x: Double)] = [
    (Sign(), -1, 1), (Sign(), -1e6, 1e6), (Ceiling(), -1, 0.5), (Floor(), -1, 1.5), (Rounding(), -3, 1),
    (try! Hardshrink(), -3, 1.6), (Threshold(threshold: 0, replacement: -1), -3, -0.5),
  ]

  @Test("Where f jumps over the diagonal there is no equilibrium", arguments: jumps.indices)
  func jump(index: Int) throws {
    let (nonlinearity, weight, x) = Self.jumps[index]
    let model = try oneBlock([[weight]], [[1]], nonlinearity)
    for method in [
      SolutionMethod.standard, .structured(Anderson()), .structured(Broyden()), .structured(Picard()),
    ] {
      let solution = model.solve(Matrix([[x]]), by: method)
      #expect(solution.converged == [false], "\(method.description): \(solution.output)")
    }
  }

  @Test("A step function's equilibrium is found, and kept where f reproduces it exactly")
  func steps() throws {
    for (nonlinearity, weight, x, z): (any Nonlinearity, Double, Double, Double) in [
      (Sign(), 0.5, 1, 1), (Floor(), 0.25, 2.5, 3), (Sign(), 1, 0, 0), (Rounding(), 0.25, 1, 1),
    ] {
      let solution = try oneBlock([[weight]], [[1]], nonlinearity).solve(Matrix([[x]]), by: .standard)
      #expect(solution.converged == [true])
      #expect(solution.output == Matrix([[z]]))
    }
  }

  @Test("Equilibria are found down to the least normal number", arguments: [1e-293, 1e-300, 1e-307])
  func tiny(x: Double) throws {
    let solution = try oneBlock([[0.5]], [[1]], Identity()).solve(Matrix([[x]]), by: .standard)
    #expect(abs(solution.output[0, 0] / (2 * x) - 1) <= 1e-13)
  }

  @Test("A group whose scales are far apart is judged balanced", arguments: [1e6, 1e9, 1e12])
  func farScales(g: Double) throws {
    let W = [[0.3, -0.4 / (g * g)], [0.4 * g * g, 0.1]]
    let solution = try oneBlock(W, [[1, 0], [0, 1]], ReLU()).solve(Matrix([[-1 / g, g]]), by: .standard)
    #expect(solution.failure == nil, "\(outcome(solution))")
    #expect(abs(solution.output[0, 1] * 0.9 / g - 1) <= 1e-13)
  }

  @Test("An adjoint through normalisations that pass next to nothing is solved to their rounding")
  func saturatedNormalization() throws {
    // A normalisation of two coordinates is ±1 but for epsilon: its derivative cancels to 10⁻³ of its summands.
    func norm(_ name: String, _ epsilon: Double, _ terms: [Term<Double>]) throws -> Block<Double> {
      try Block(
        name: name, shape: [2], nonlinearity: LayerNormalization(normalizedShape: [2], eps: epsilon),
        portShapes: [[2], [2], [2]], terms: terms, offsets: [Offset(port: 1, vector: [1, 1])])
    }
    let model = try EquilibriumModel<Double>(
      inputShape: [2],
      blocks: [
        norm(
          "a", 7.970769128325472e-05,
          [
            term(0, [[1.8, 0.08], [-2.12, 0.9]]), Term(source: .node(1), map: IdentityMap([2])),
            Term(source: .input, map: IdentityMap([2])),
          ]),
        norm(
          "z", 0.00023852659498142394,
          [
            Term(source: .node(0), map: Multiply([2], factor: -3)),
            term(1, [[0.66, 2.57], [1.91, -0.55]]),
          ]),
      ], output: 1)
    let solution = model.solve(Matrix([[-1, -0.3]]), by: .standard)
    #expect(solution.converged == [true])
    let back = model.backpropagate(Matrix([[1, -2]]), through: solution, by: .standard)
    #expect(back.failure == nil, "\(back.failure?.description ?? "")")
    // By 50-digit arithmetic in mpmath.
    #expect(abs(back.gradients.input[0, 0] / -3.09646144699e-8 - 1) <= 1e-6)
    #expect(abs(back.gradients.input[0, 1] / 3.09646144699e-8 - 1) <= 1e-6)
  }
}
