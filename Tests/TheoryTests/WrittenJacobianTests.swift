import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Operators
import TestSupport
import Testing

/// Where all blocks act elementwise the Jacobian is written out, Newton's method takes over from acceleration, and factors
/// solve the adjoint equation.
@Suite("Written Jacobians")
struct WrittenJacobianTests {
  private static func unit(_ size: Int, _ factor: Double = 1) -> Matrix<Double> {
    Matrix((0..<size).map { i in (0..<size).map { $0 == i ? factor : 0 } })
  }

  private static func term(_ W: Matrix<Double>, _ source: Source) -> Term<Double> {
    Term(source: source, map: DenseMap(W))
  }

  /// `z = relu(W z + x)` with W = 0.9 I − AᵀA + B − Bᵀ (Winston & Kolter 2020).
  private static func monotone(_ size: Int, _ generator: inout SeededGenerator) -> EquilibriumModel<Double> {
    let scale = 2 / Double(size).squareRoot()
    let A = Make.normal(size, size, scale: scale, &generator)
    let B = Make.normal(size, size, scale: scale, &generator)
    var W = Self.unit(size, 0.9) - Matrix.product(A.transposed, times: A)
    W.add(B - B.transposed)
    return try! EquilibriumModel(
      inputShape: [size],
      blocks: [
        Block(
          name: "z", size: size, nonlinearity: ReLU(), terms: [term(unit(size), .input), term(W, .node(0))])
      ], output: 0)
  }

  @Test("On monotone piecewise linear models Newton's method ends after a few steps", arguments: [12, 40])
  func piecewiseLinear(size: Int) {
    for seed in 0..<4 as Range<UInt64> {
      var generator = SeededGenerator(seed: 800 + seed)
      let model = Self.monotone(size, &generator)
      let x = Make.normal(1, size, scale: 2, &generator)
      let rule = StoppingRule(relativeTolerance: 1e-10, absoluteTolerance: 0, maximumIterations: 10_000)
      let solution = model.solve(x, by: .standard, until: rule)
      let record = solution.records[0]
      #expect(solution.failure == nil && record.solver.contains("newton"), "\(record.solver)")
      // A Jacobian by differences alone would take as many as there are coordinates.
      #expect(record.evaluations <= 50, "\(record.evaluations)")
      let image = model.transition(solution.state, input: x)[0]
      #expect(distance(image.elements, solution.output.elements) <= 1e-9)
    }
  }

  /// z = x + h·tanh(W z), of which z is iterated on, or z = h·tanh(W z + x), of which the tanh is, since the other block
  /// is a mere multiple.
  private static func step(_ h: Double, _ W: Matrix<Double>, addsInput: Bool) -> EquilibriumModel<Double> {
    let size = W.rows
    let (input, multiple) = (term(unit(size), .input), term(unit(size, h), .node(0)))
    return try! EquilibriumModel(
      inputShape: [size],
      blocks: [
        Block(
          name: "t", size: size, nonlinearity: Tanh(),
          terms: [term(W, .node(1))] + (addsInput ? [] : [input])),
        Block(
          name: "z", size: size, nonlinearity: Identity(), terms: (addsInput ? [input] : []) + [multiple]),
      ], output: 1)
  }

  @Test(
    "A tolerance holds for what follows from the state that is iterated on", arguments: [1, 30, 1000],
    [true, false])
  func wholeState(h: Double, addsInput: Bool) {
    for seed in 0..<4 as Range<UInt64> {
      var generator = SeededGenerator(seed: 820 + seed)
      let W = Make.normal(4, 4, scale: 0.5, &generator) - Self.unit(4, 1.5)
      let model = Self.step(h, W, addsInput: addsInput)
      #expect(model.groups[0].iterated == [addsInput ? 1 : 0])
      let x = Make.normal(1, 4, &generator)
      let (inside, outside) = addsInput ? ([0, 0, 0, 0], x.elements) : (x.elements, [0, 0, 0, 0])
      for tolerance in [1e-4, 1e-8, 1e-10] {
        let rule = StoppingRule(
          relativeTolerance: tolerance, absoluteTolerance: 0, maximumIterations: 10_000)
        for solver in [GroupSolver(), Anderson(memory: 8), Newton()] as [any FixedPointSolver] {
          let solution = model.solve(x, by: .structured(solver), until: rule)
          // Acceleration alone need not find the stiff ones.
          guard solution.failure == nil else {
            #expect(!(solver is GroupSolver), "\(h)")
            continue
          }
          // The equation of z alone, by plain loops.
          let z = solution.output.elements
          let t = (0..<4).map { i in
            plainActivation(Tanh(), (0..<4).reduce(inside[i]) { $0 + W[i, $1] * z[$1] }).value
          }
          let residual = (0..<4).map { outside[$0] + h * t[$0] - z[$0] }
          let size = z.map { abs($0) }.max()!
          // f amplifies what is left once more at the state that is handed on. Rounding of the sums is always accepted, 64
          // units of it, and reaches z again h times as large.
          let largest = residual.map { abs($0) }.max()!
          let sums = (0..<4).map { i in
            (0..<4).reduce(abs(inside[i])) { $0 + abs(W[i, $1]) * (abs(outside[$1]) + h * abs(t[$1])) }
          }
          let allowed = 2 * tolerance * size + 64 * Double.ulpOfOne * h * sums.max()!
          #expect(largest <= allowed, "\(solver.name), h = \(h), \(tolerance): \(largest / size)")
        }
      }
    }
  }

  /// Tanh, sine and helpers that read each other.
  private static func group(_ generator: inout SeededGenerator) -> EquilibriumModel<Double> {
    func normal() -> Matrix<Double> { Make.normal(5, 5, scale: 0.2, &generator) }
    return try! EquilibriumModel(
      inputShape: [5],
      blocks: [
        Block(
          name: "a", size: 5, nonlinearity: Tanh(),
          terms: [term(unit(5), .input), term(normal(), .node(2)), term(normal(), .node(0))]),
        Block(name: "b", size: 5, nonlinearity: Sine(), terms: [term(normal(), .node(0))]),
        Block(
          name: "c", size: 5, nonlinearity: Identity(),
          terms: [term(normal(), .node(1)), term(normal(), .node(3))]),
        Block(name: "d", size: 5, nonlinearity: Identity(), terms: [term(normal(), .node(0))]),
      ], output: 2)
  }

  @Test("Factors of a written Jacobian solve the adjoint at once", arguments: 0..<6 as Range<UInt64>)
  func adjoint(seed: UInt64) {
    var generator = SeededGenerator(seed: 840 + seed)
    let model = Self.group(&generator)
    let (x, e) = (Make.normal(3, 5, &generator), Make.normal(3, 5, &generator))
    let solution = model.solve(x, by: .standard)
    let ours = model.backpropagate(e, through: solution, by: .standard)
    #expect(ours.records[0].solver == "lu")
    // One product that checks, one more where rounding is left, and two sweeps along the other blocks.
    #expect(ours.records[0].evaluations <= 5, "\(ours.records[0].evaluations)")
    let theirs = model.backpropagate(e, through: solution, by: .whole(Anderson(memory: 20)))
    #expect(theirs.failure == nil)
    #expect(distance(ours.gradients.input.elements, theirs.gradients.input.elements) <= 1e-12)
  }
}
