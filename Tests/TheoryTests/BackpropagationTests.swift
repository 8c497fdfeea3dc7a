import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators
import Testing

/// One pass backwards finds what the adjoint and the gradients from it are.
@Suite("Backpropagation through an equilibrium")
struct BackpropagationTests {
  /// Two blocks that read each other, the input and an explicit block; an explicit block that reads both, the input twice
  /// and one entry of a tied weight; and a block that nothing reads.
  private func model(_ form: ModelForm) throws -> EquilibriumModel<Double> {
    var generator = SeededGenerator(seed: 5)
    func map() -> DenseMap<Double> {
      DenseMap(Matrix(rows: 3, columns: 3, elements: (0..<9).map { _ in 0.2 * generator.normal() }))
    }
    let tied = map()
    func block(_ name: String, _ sources: [Source], tie: Source? = nil) -> Block<Double> {
      var terms = sources.map { Term(source: $0, map: map()) }
      if let tie { terms.append(Term(source: tie, map: tied, parameter: "tied")) }
      return Block(
        name: name, size: 3, nonlinearity: Tanh(), terms: terms,
        offsets: [Offset(vector: [0.1, 0.2, 0.3], parameter: name == "u" ? "bias" : nil)])
    }
    return try EquilibriumModel(
      inputShape: [3],
      blocks: [
        block("out", [.node(1), .node(2), .input, .input], tie: .node(3)),
        block("u", [.node(2), .input, .node(3)]),
        block("v", [.node(1), .node(2), .node(3)], tie: .node(1)),
        block("head", [.input]),
        block("unread", [.node(0)]),
      ], output: 0, form: form)
  }

  @Test(
    "It gives the gradients of the adjoint, bit by bit",
    arguments: [ModelForm.blocks, .matrix], [true, false])
  func sameAsAdjoint(form: ModelForm, isStructured: Bool) throws {
    let model = try model(form)
    let method: SolutionMethod = isStructured ? .structured(GroupSolver()) : .whole(Anderson())
    let x = Matrix<Double>([[1, -2, 0.5], [0.3, 0.2, -1]])
    let cotangent = Matrix<Double>([[0.5, 1, -1], [2, 0, 0.25]])
    let solution = try model.equilibrium(x, by: method)
    let point = model.linearization(at: solution)
    let adjoint = model.adjoint(at: point, cotangent: cotangent, by: method)
    let expected = model.gradients(at: point, adjoint: adjoint)
    let found = model.backpropagate(cotangent, through: solution, by: method)
    #expect(found.gradients == expected)
    #expect(found.gradients.parameters.names == expected.parameters.names)
    #expect(found.converged == [true, true] && found.failure == nil)
    #expect(found.records.map(\.iterations) == adjoint.records.map(\.iterations))
  }

  @Test(
    "Gradients in parts are the gradients: each parameter in one part, whole",
    arguments: [ModelForm.blocks, .matrix])
  func parts(form: ModelForm) throws {
    let model = try model(form)
    let x = Matrix<Double>([[1, -2, 0.5], [0.3, 0.2, -1]])
    let solution = try model.equilibrium(x, by: .standard)
    let point = model.linearization(at: solution)
    let adjoint = model.adjoint(
      at: point, cotangent: Matrix([[0.5, 1, -1], [2, 0, 0.25]]), by: .standard)
    let expected = model.gradients(at: point, adjoint: adjoint)
    for numbers in [1, 20, .max] {
      var parts: [ParameterTensors<Double>] = []
      let input = model.visitGradients(at: point, adjoint: adjoint, byNumbers: numbers) { parts.append($0) }
      #expect(input == expected.input)
      // The tied weight joins "out" and the cycle; "unread" and "head" are apart.
      #expect(parts.count == (form == .matrix || numbers == .max ? 1 : numbers == 1 ? 3 : 2))
      let names = parts.flatMap(\.names)
      #expect(names.sorted() == expected.parameters.names.sorted())
      for part in parts {
        for name in part.names { #expect(part[name] == expected.parameters[name], "\(name)") }
      }
    }
  }

  @Test("An adjoint that is not reached is reported")
  func failure() throws {
    // More coordinates than are solved for by factors when iteration has not settled them.
    var generator = SeededGenerator(seed: 6)
    let model = Make.cyclic(size: 40, inputs: 3, norm: 0.9, &generator)
    let solution = try model.equilibrium(Matrix([[1, -2, 0.5]]), by: .structured(Picard()))
    let back = model.backpropagate(
      Make.normal(1, 40, &generator), through: solution, by: .structured(Picard()),
      until: .rounding(of: Double.self, maximumIterations: 2))
    #expect(back.converged == [false])
    #expect(back.failure?.record.blocks == ["z"])
  }

  @Test("A part of a solution, or of a pass, has the equilibria and the gradients of its samples")
  func part() throws {
    let model = try model(.blocks)
    let method = SolutionMethod.standard
    let x = Matrix<Double>([[1, -2, 0.5], [0.3, 0.2, -1], [0, 4, 1]])
    let cotangent = Matrix<Double>([[0.5, 1, -1], [0, 0, 0], [2, 0, 0.25]])
    let rows = [0, 2]
    let solution = try model.equilibrium(x, by: method)
    let part = solution.selecting(rows)
    #expect(part.state == solution.state.map { $0.selectingRows(rows) })
    let whole = model.backpropagate(cotangent, through: solution, by: method).gradients
    let own = model.backpropagate(cotangent.selectingRows(rows), through: part, by: method).gradients
    expectEqual(own, whole, rows)

    let network = try Network(
      inputShape: [3],
      layers: [
        .explicit(
          Block(
            name: "first", size: 3, nonlinearity: Tanh(),
            terms: [Term(source: .input, map: DenseMap(Matrix([[1, 2, 0], [0, 1, -1], [0.5, 0, 1]])))])),
        .implicit(try ImplicitLayer(name: "second", source: .node(0), model: model)),
      ], output: 1)
    let pass = network.forward(x, solvingBy: method)
    let some = pass.selecting(rows)
    #expect(some.output == pass.output.selectingRows(rows) && some.input == x.selectingRows(rows))
    #expect(some.values == pass.values.map { $0.selectingRows(rows) } && some.converged == [true, true])
    expectEqual(
      network.backpropagate(cotangent.selectingRows(rows), through: some, solvingBy: method).gradients,
      network.backpropagate(cotangent, through: pass, solvingBy: method).gradients, rows)
  }

  /// Expects the gradients of all samples where those that are not in `rows` have cotangents of zero.
  private func expectEqual(_ own: Gradients<Double>, _ whole: Gradients<Double>, _ rows: [Int]) {
    for (position, row) in rows.enumerated() {
      for (a, b) in zip(own.input.row(position), whole.input.row(row)) { #expect(abs(a - b) <= 1e-14) }
    }
    #expect(own.parameters.names == whole.parameters.names)
    for name in own.parameters.names {
      for (a, b) in zip(own.parameters[name]!.elements, whole.parameters[name]!.elements) {
        #expect(abs(a - b) <= 1e-13, "\(name)")
      }
    }
  }
}
