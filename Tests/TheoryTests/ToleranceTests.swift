import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Operators
import Testing

/// A residual is judged coordinate by coordinate, against what rounding of f can do there. The right answers were
/// computed with mpmath to 50 digits.
@Suite("Tolerance")
struct ToleranceTests {
  static let solvers: [any FixedPointSolver] = [GroupSolver(), Anderson(), Broyden(), Newton()]

  private func expectEquilibrium(
    _ model: EquilibriumModel<Double>, _ x: [Double], _ expected: [Double], gradient: [Double]? = nil,
    by solvers: [any FixedPointSolver] = ToleranceTests.solvers, within tolerance: Double = 1e-12,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for solver in solvers {
      for method in [SolutionMethod.structured(solver), .whole(solver)] {
        let solution = model.solve(Matrix([x]), by: method)
        #expect(
          solution.converged == [true], "\(method.description): \(solution.records[0].samples[0])",
          sourceLocation: sourceLocation)
        for (found, right) in zip(solution.output.elements, expected) {
          #expect(
            abs(found - right) <= tolerance * abs(right), "\(method.description): \(found), not \(right)",
            sourceLocation: sourceLocation)
        }
        guard let gradient else { continue }
        let ones = Matrix<Double>(rows: 1, columns: model.outputSize, repeating: 1)
        let back = model.backpropagate(ones, through: solution, by: method)
        #expect(back.converged == [true], "\(method.description)", sourceLocation: sourceLocation)
        for (found, right) in zip(back.gradients.input.elements, gradient) {
          #expect(
            abs(found - right) <= tolerance * abs(right),
            "\(method.description): gradient \(found), not \(right)", sourceLocation: sourceLocation)
        }
      }
    }
  }

  @Test("A gain of 500 is solved to rounding, which is no failure")
  func largeGain() throws {
    let half = 0.5 / 501
    expectEquilibrium(
      try oneBlock([[-500]], [[1]], Identity()), [0.5], [half], gradient: [1 / 501.0])
    // Across a kink, or a tanh that saturates, acceleration alone does not find the way from f(0).
    let robust: [any FixedPointSolver] = [GroupSolver(), Newton()]
    expectEquilibrium(
      try oneBlock([[-500]], [[1]], ReLU()), [0.5], [half], gradient: [1 / 501.0], by: robust)
    expectEquilibrium(
      try oneBlock([[-500]], [[1]], Tanh()), [0.5], [0.000998003991354607776],
      gradient: [0.00199600798006377283], by: robust)
    expectEquilibrium(
      try oneBlock(
        [[-154.50355711906087, -599.0911047136034], [-599.0911047136034, -3065.692235686887]],
        [[1, 0], [0, 1]], Identity()), [1, 1], [0.0209169437813258705, -0.00376012787426126198],
      gradient: [0.0209169437813258705, -0.00376012787426126198])
    expectEquilibrium(
      try oneBlock(
        [[-1000, 333.3333333333333], [142.85714285714286, -1000]], [[1000], [1]], Identity()), [1],
      [1.04919558761065064, 0.150734349594783883], gradient: [1.19992993720543452])
  }

  @Test(
    "A gain of 10¹² or 10³⁰⁰ is solved to rounding where sums saturate within it, and f(z) is not handed on there"
  )
  func saturatingGain() throws {
    // z = arctan(x − 10¹² z) where 10¹² z = x − tan z.
    let tangent = 0.100334672085450545
    try expectStructured(
      ArcTangent(), gain: 1e12, x: 1e11, 0.1 - 1e-12 * tangent, gradient: 1 / (1e12 + 1 + tangent * tangent))
    // 6 z = x − 10¹² z + 3.
    try expectStructured(
      HardSigmoid(), gain: 1e12, x: 1e11, (1e11 + 3) / (1e12 + 6), gradient: 1 / (1e12 + 6))
    // One application of f moves 0.1 to 0 or 1, and rounding leaves the slope open.
    try expectStructured(Sigmoid(), gain: 1e300, x: 1e299, 0.1)
  }

  /// Expects the equilibrium of z = σ(x − gain · z), and dz/dx.
  private func expectStructured(
    _ σ: any Activation, gain: Double, x: Double, _ expected: Double, gradient: Double? = nil
  ) throws {
    let model = try oneBlock([[-gain]], [[1]], σ)
    let solution = model.solve(Matrix([[x]]), by: .standard)
    #expect(solution.converged == [true])
    #expect(abs(solution.output[0, 0] - expected) <= 1e-15 * expected)
    guard let gradient else { return }
    let back = model.backpropagate(Matrix([[1]]), through: solution, by: .standard)
    #expect(back.converged == [true])
    #expect(abs(back.gradients.input[0, 0] - gradient) <= 1e-10 * gradient)
  }

  @Test("A coordinate of 1 beside one of 10¹² is resolved as if it were alone", arguments: [1e6, 1e12])
  func scales(scale: Double) throws {
    let blocks = [
      Block<Double>(
        name: "A", size: 1, nonlinearity: Identity(),
        terms: [
          term(0, [[0.5]]), term(1, [[0.3 * scale]]),
          Term(source: .input, map: DenseMap(Matrix([[scale]]))),
        ]),
      Block<Double>(
        name: "B", size: 1, nonlinearity: Tanh(),
        terms: [term(0, [[0.3 / scale]]), term(1, [[-0.4]])]),
    ]
    let model = try EquilibriumModel(inputShape: [1], blocks: blocks, output: 1)
    expectEquilibrium(
      model, [1], [0.460999717814667119], gradient: [0.402718426262967817], within: 1e-11)
  }

  @Test("Two coordinates that hardly know of each other are both right, sixteen orders of magnitude apart")
  func unconnectedScales() throws {
    let W = [[0.5, 1e-30], [1e-30, 0.9]]
    let model = try EquilibriumModel<Double>(
      inputShape: [1],
      blocks: [
        Block(
          name: "z", size: 2, nonlinearity: Identity(),
          terms: [term(0, W), Term(source: .input, map: DenseMap(Matrix([[1e10], [1e-6]])))]),
        Block(name: "y", size: 1, nonlinearity: Identity(), terms: [term(0, [[0, 1]])]),
      ], output: 1)
    expectEquilibrium(model, [1], [0.0000100000000000002018], gradient: [0.0000100000000000002018])
  }

  @Test("Where coordinates are scaled by powers of two, the others do not notice", arguments: [10, 30, 60])
  func scaledCopies(exponent: Int) throws {
    let plain = try coupled(scale: 1)
    let scaled = try coupled(scale: Double(sign: .plus, exponent: exponent, significand: 1))
    let x = Matrix<Double>([[0.5, -0.25], [1, 2]])
    for solver in Self.solvers {
      let (a, b) = (
        plain.solve(x, by: .structured(solver)), scaled.solve(x, by: .structured(solver))
      )
      #expect(a.converged == [true, true] && b.converged == [true, true], "\(solver.name)")
      #expect(largestDistance(a.output.elements, b.output.elements) <= 1e-13, "\(solver.name)")
    }
  }

  /// Twelve tanh units that read, and are read by, one linear unit in units of 1/`scale`.
  private func coupled(scale: Double) throws -> EquilibriumModel<Double> {
    var generator = SeededGenerator(seed: 5)
    func matrix(_ rows: Int, _ columns: Int, _ size: Double) -> [[Double]] {
      (0..<rows).map { _ in (0..<columns).map { _ in size * generator.normal() } }
    }
    let (toA, toB) = (matrix(1, 12, 0.3 * scale), matrix(12, 1, 0.3 / scale))
    let (own, input) = (matrix(12, 12, 0.2), matrix(12, 2, 1))
    return try EquilibriumModel(
      inputShape: [2],
      blocks: [
        Block(
          name: "A", size: 1, nonlinearity: Identity(), terms: [term(0, [[0.5]]), term(1, toA)],
          offsets: [Offset(vector: [scale])]),
        Block(
          name: "B", size: 12, nonlinearity: Tanh(),
          terms: [
            term(0, toB), term(1, own), Term(source: .input, map: DenseMap(Matrix(input))),
          ]),
      ], output: 1)
  }

  @Test("The state handed on is a value of f, which a square root behind a ReLU can take")
  func lastApplication() throws {
    let model = try EquilibriumModel<Double>(
      inputShape: [2],
      blocks: [
        Block(
          name: "z", size: 4, nonlinearity: ReLU(),
          terms: [
            term(
              0,
              [
                [-0.5, 0.25, -0.25, -0.25], [0.375, -0.5, 0.5, 0.25], [-0.125, 0.375, 0.25, 0.25],
                [-0.25, 0.125, 0.25, 0.5],
              ]),
            Term(
              source: .input,
              map: DenseMap(Matrix([[0.75, -0.25], [-0.5, -0.75], [-0.25, -0.5], [-0.75, 1]]))),
          ], offsets: [Offset(vector: [-0.1875, 2.5625, -0.84375, 0.46875])]),
        Block(
          name: "y", size: 4, nonlinearity: SquareRoot(),
          terms: [Term(source: .node(0), map: IdentityMap([4]))]),
      ], output: 1)
    // z = (0, 7/4, 0, 3/2), the first coordinate at its kink: an ulp below it there is 0, one above has a root of 1e-8.
    for solver in Self.solvers {
      let solution = model.solve(Matrix([[0.25, 0.25]]), by: .structured(solver))
      #expect(solution.converged == [true], "\(solver.name)")
      let expected = [0, 1.75.squareRoot(), 0, 1.5.squareRoot()]
      #expect(
        largestDistance(solution.output.elements, expected) <= 1e-7, "\(solver.name): \(solution.output)")
      #expect(solution.state[0].elements.allSatisfy { $0 >= 0 }, "\(solver.name): \(solution.state[0])")
    }
  }

  @Test("The equilibrium 0 is found from any start, by every solver")
  func zero() throws {
    let model = try oneBlock([[0.9]], [[1]], Tanh())
    for solver in Self.solvers + [Picard(), Picard(damping: 0.5)] {
      for start in [0, 1, -1e-3, 1e6] {
        let solution = model.solve(
          Matrix([[0]]), by: .structured(solver), from: [Matrix([[start]])])
        #expect(solution.converged == [true], "\(solver.name) from \(start)")
        #expect(solution.output.elements == [0], "\(solver.name) from \(start): \(solution.output)")
      }
    }
  }

  @Test("A small equilibrium is none at 0")
  func small() throws {
    // z = z / 2 + 1e-12, from where it looks like 0.
    let model = try oneBlock([[0.5]], [[1]], Identity())
    for solver in Self.solvers + [Picard(), Picard(damping: 0.5)] {
      let solution = model.solve(Matrix([[1e-12]]), by: .structured(solver), from: [Matrix([[1e6]])])
      #expect(solution.converged == [true], "\(solver.name)")
      #expect(abs(solution.output[0, 0] - 2e-12) <= 1e-24, "\(solver.name): \(solution.output)")
    }
  }

  @Test("The root of z = tanh(z + 1e-8), where I − J is 1e-5, is found")
  func nearCritical() throws {
    let solution = try oneBlock([[1]], [[1]], Tanh()).solve(Matrix([[1e-8]]), by: .standard)
    #expect(solution.converged == [true], "\(solution.records[0].samples[0])")
    // Rounding of f, 1e-19 of 0.003, is amplified by 1e5.
    #expect(abs(solution.output[0, 0] - 0.00310722650595882427) <= 1e-12)
  }
}

/// A model of one block `z = φ(W z + U x)`.
func oneBlock(
  _ W: [[Double]], _ U: [[Double]], _ nonlinearity: any Nonlinearity
) throws -> EquilibriumModel<Double> {
  try EquilibriumModel(
    inputShape: [U[0].count],
    blocks: [
      Block(
        name: "z", size: W.count, nonlinearity: nonlinearity,
        terms: [term(0, W), Term(source: .input, map: DenseMap(Matrix(U)))])
    ], output: 0)
}

/// A dense term that reads a block.
func term(_ node: Int, _ matrix: [[Double]]) -> Term<Double> {
  Term(source: .node(node), map: DenseMap(Matrix(matrix)))
}
