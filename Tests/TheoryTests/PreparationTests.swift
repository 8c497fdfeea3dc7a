import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Operators
import Testing

/// Large groups are solved in single precision first; what counts as an equilibrium is decided in double precision.
@Suite("Preparation in single precision")
struct PreparationTests {
  private static let width = 128
  private static let batch = 64

  /// `z = φ(scale·W z + x + c)` on both of two blocks, which read each other; ‖W‖ is about 1.
  private func model(
    _ nonlinearity: any Nonlinearity, scale: Double = 0.4, offset: Double = 0
  ) throws -> EquilibriumModel<Double> {
    var generator = SeededGenerator(seed: 1)
    let width = Self.width
    func map(_ scale: Double) -> DenseMap<Double> {
      let spread = scale / Double(width).squareRoot() / 2
      return DenseMap(
        Matrix(
          rows: width, columns: width,
          elements: (0..<width * width).map { _ in spread * generator.normal() }))
    }
    let blocks = (0..<2).map { index in
      Block<Double>(
        name: "z\(index)", size: width, nonlinearity: nonlinearity,
        terms: [
          Term(source: .node(1 - index), map: map(scale)), Term(source: .node(index), map: map(scale)),
          Term(source: .input, map: map(1)),
        ],
        offsets: [Offset(vector: [Double](repeating: offset, count: width))])
    }
    return try EquilibriumModel(inputShape: [width], blocks: blocks, output: 1)
  }

  private func normals(seed: UInt64) -> Matrix<Double> {
    var generator = SeededGenerator(seed: seed)
    return Matrix(
      rows: Self.batch, columns: Self.width,
      elements: (0..<Self.batch * Self.width).map { _ in generator.normal() })
  }

  private func expectClose(_ a: Matrix<Double>, _ b: Matrix<Double>) {
    let scale = largestMagnitude(a.elements[...])
    #expect(largestDistance(a.elements, b.elements) <= 1e-12 * scale)
  }

  @Test(
    "The equilibrium, its adjoint and the gradients are those that Picard iteration finds on the whole state",
    arguments: ["tanh", "relu", "softmax"])
  func sameEquilibrium(nonlinearity: String) throws {
    let type = try #require(NonlinearityRegistry.type(named: nonlinearity))
    let model = try model(try type.init([:]))
    let (x, cotangent) = (normals(seed: 2), normals(seed: 3))
    let solutions = [SolutionMethod.structured(GroupSolver()), .whole(Picard())].map { method in
      let solution = model.solve(x, by: method)
      let point = model.linearization(at: solution)
      let adjoint = model.adjoint(at: point, cotangent: cotangent, by: method)
      #expect(solution.converged.allSatisfy { $0 } && adjoint.converged.allSatisfy { $0 })
      return (solution, adjoint, model.gradients(at: point, adjoint: adjoint))
    }
    expectClose(solutions[0].0.output, solutions[1].0.output)
    for (ours, theirs) in zip(solutions[0].1.state, solutions[1].1.state) { expectClose(ours, theirs) }
    expectClose(solutions[0].2.input, solutions[1].2.input)
    // What is reported is the residual in double precision, of the state returned.
    let state = solutions[0].0.state
    let residual = zip(model.transition(state, input: x), state).map {
      largestDistance($0.elements, $1.elements)
    }.max()
    #expect(solutions[0].0.records[0].samples.map(\.residual).max() == residual)
  }

  @Test("Most iterations are in single precision")
  func fewerIterationsInDoublePrecision() throws {
    let record = try model(Tanh(), scale: 0.9).solve(
      normals(seed: 2), by: .structured(GroupSolver())
    ).records[0]
    let inDoublePrecision = try #require(record.trace.entries.last).iteration
    #expect(inDoublePrecision <= 2, "\(record.trace.entries)")
    #expect(record.iterations > 20)
  }

  @Test("A solver that is asked for by name begins where it is told to")
  func namedSolversAreNotPrepared() throws {
    let record = try model(Tanh()).solve(normals(seed: 2), by: .structured(Picard())).records[0]
    #expect(record.iterations == record.trace.entries.last?.iteration)
    // What f makes of zeros, where it begins, costs no product and does not count.
    let probe = try #require(record.stages.last { $0.solver == "probe" })
    #expect(record.evaluations - probe.evaluations == record.iterations)
  }

  @Test("Where single precision overflows the equilibrium is found in double precision alone")
  func overflow() throws {
    let model = try model(Identity(), offset: 1e60)
    let x = normals(seed: 2)
    let solution = model.solve(x, by: .structured(GroupSolver()))
    #expect(solution.converged.allSatisfy { $0 })
    expectClose(solution.output, model.solve(x, by: .whole(Picard())).output)
    // It began at f(0).
    let start = model.transition(model.zeroState(batch: x.rows), input: x)
    let residual = zip(model.transition(start, input: x), start).map {
      largestDistance($0.elements, $1.elements)
    }.max()
    #expect(solution.records[0].trace.entries[0].residual == residual)
  }

  @Test("Where there is no equilibrium the report says so")
  func noEquilibrium() throws {
    // z = z + x + 1 on the diagonal: every step moves on by the same.
    let width = Self.width
    var unit = Matrix<Double>(rows: width, columns: width)
    for index in 0..<width { unit[index, index] = 1 }
    let block = Block<Double>(
      name: "z", size: width, nonlinearity: Identity(),
      terms: [Term(source: .node(0), map: DenseMap(unit)), Term(source: .input, map: DenseMap(unit))],
      offsets: [Offset(vector: [Double](repeating: 1, count: width))])
    let model = try EquilibriumModel(inputShape: [width], blocks: [block], output: 0)
    let solution = model.solve(
      normals(seed: 2), by: .structured(GroupSolver(second: Anderson())),
      until: .rounding(of: Double.self, maximumIterations: 50))
    #expect(!solution.converged.contains(true))
    #expect(solution.records[0].samples.allSatisfy { $0.residual > 0.01 })
  }
}
