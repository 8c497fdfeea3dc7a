import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Operators
import TestSupport
import Testing

/// Groups that are certified monotone are solved by operator splitting, at its proved rate (Winston & Kolter 2020).
@Suite("Operator splitting")
struct OperatorSplittingTests {
  /// `z = σ(W z + x)` with W = (1 − m) I − AᵀA + B − Bᵀ.
  private static func monotone(
    size: Int, m: Double, turn: Double, activation: any Nonlinearity, _ generator: inout SeededGenerator
  ) -> EquilibriumModel<Double> {
    let (A, B) = (
      Make.normal(size, size, scale: 0.5, &generator), Make.normal(size, size, scale: turn, &generator)
    )
    var W = Matrix<Double>(rows: size, columns: size)
    for i in 0..<size {
      for j in 0..<size {
        let square = (0..<size).reduce(0) { $0 + A[$1, i] * A[$1, j] }
        W[i, j] = (i == j ? 1 - m : 0) - square + B[i, j] - B[j, i]
      }
    }
    return model(W, activation)
  }

  private static func model(_ W: Matrix<Double>, _ activation: any Nonlinearity) -> EquilibriumModel<Double> {
    let unit = Matrix((0..<W.rows).map { i in (0..<W.rows).map { $0 == i ? 1.0 : 0 } })
    return try! EquilibriumModel(
      inputShape: [W.rows],
      blocks: [
        Block(
          name: "z", size: W.rows, nonlinearity: activation,
          terms: [Term(source: .input, map: DenseMap(unit)), Term(source: .node(0), map: DenseMap(W))])
      ], output: 0)
  }

  private static let activations: [any Nonlinearity] = [
    ReLU(), Tanh(), Sigmoid(), LogSigmoid(), ReLU6(), Softsign(),
  ]

  private func length(_ v: Matrix<Double>) -> Double { v.elements.reduce(0) { $0 + $1 * $1 }.squareRoot() }

  @Test(
    "Every update brings any two states closer by the proved rate",
    arguments: [OperatorSplitting.Method.peacemanRachford, .forwardBackward], 0..<6)
  func rate(method: OperatorSplitting.Method, index: Int) throws {
    var generator = SeededGenerator(seed: 200 + UInt64(index))
    let model = Self.monotone(
      size: 4, m: 0.3, turn: 1, activation: Self.activations[index], &generator)
    let splitting = try #require(OperatorSplitting(of: model.groups[0], in: model, by: method))
    #expect(splitting.rate < 1)
    for scale in [0.1, 1, 10] {
      for _ in 0..<20 {
        let (a, b) = (
          Make.normal(1, 4, scale: scale, &generator), Make.normal(1, 4, scale: scale, &generator)
        )
        let c = Make.normal(1, 4, &generator)
        let (before, after) = (
          length(a - b), length(splitting.updated(a, constants: c) - splitting.updated(b, constants: c))
        )
        #expect(after <= splitting.rate * before + 1e-12 * scale, "\(after / before) > \(splitting.rate)")
      }
    }
  }

  @Test("There is none for a group that is not certified monotone")
  func none() {
    let rotation = Matrix<Double>([[1.1, 5], [-5, 1.1]])
    let model = Self.model(rotation, ReLU())
    #expect(OperatorSplitting(of: model.groups[0], in: model) == nil)
    let sine = Self.model(Matrix([[0.5]]), Sine())
    #expect(OperatorSplitting(of: sine.groups[0], in: sine) == nil)
  }

  @Test(
    "Where Anderson acceleration is of no use, the default solver splits, says so, and is right",
    arguments: 0..<6)
  func stage(index: Int) {
    var generator = SeededGenerator(seed: 300 + UInt64(index))
    let model = Self.monotone(size: 6, m: 0.2, turn: 8, activation: Self.activations[index], &generator)
    let x = Make.normal(3, 6, &generator)
    // One plain step in the place of the first stage settles nothing.
    let solver = GroupSolver(first: Impasse(), second: Impasse(), third: Impasse())
    let solution = model.solve(x, by: .structured(solver))
    let stages = solution.records[0].stages
    #expect(
      stages.count >= 2 && stages[1].solver == "peaceman–rachford" && stages[1].reason.contains("monotone"))
    #expect(stages[1].samples == 3)
    let expected = model.solve(x, by: .whole(Newton()))
    #expect(expected.failure == nil)
    // What splitting handed on is already the equilibrium: the impasse only looks at it.
    #expect(distance(solution.output.elements, expected.output.elements) <= 1e-9)
  }
}

/// A solver that measures its start, and gives up.
private struct Impasse: FixedPointSolver {
  var name: String { "impasse" }

  func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    var rule = rule
    rule.maximumIterations = 0
    return Picard().solve(problem, from: start, until: rule)
  }
}
