import Blocks
import Conversion
import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators
import TestSupport
import Testing

/// Theory, "Stacks": one equilibrium model is any stack of equilibrium models.
@Suite("Stacking")
struct StackingTests {
  private struct Stack {
    let first: EquilibriumModel<Double>
    let second: EquilibriumModel<Double>
    let stack: EquilibriumModel<Double>
    let x: [Double]
    let u: [Double]
    let v: [Double]

    init(seed: UInt64) throws {
      var generator = SeededGenerator(seed: seed)
      first = Make.cyclic(size: 4, inputs: 3, norm: 0.8, &generator)
      second = Make.cyclic(size: 3, inputs: 4, norm: 0.7, activation: Sigmoid(), &generator)
      let networks = try [first, second].map { model in
        try Network(
          inputShape: model.inputShape,
          layers: [.implicit(try ImplicitLayer(name: "core", source: .input, model: model))],
          output: 0)
      }
      stack = EquilibriumModel(converting: try Network(stacking: networks))
      x = normalVector(3, using: &generator)
      u = PlainModel(first).output(at: x)!
      v = PlainModel(second).output(at: u)!
    }
  }

  @Test("The equilibrium of the stack is (u*, v*)", arguments: 0..<10 as Range<UInt64>)
  func equilibrium(seed: UInt64) throws {
    let stack = try Stack(seed: seed)
    #expect(stack.stack.blocks.map(\.size) == [4, 3])
    let methods: [SolutionMethod] = [
      .structured(Refined(Anderson())), .whole(Refined(Picard())), .whole(Refined(Anderson())),
      .whole(Refined(Broyden())), .whole(Refined(Newton())),
    ]
    for method in methods {
      let solution = stack.stack.solve(Matrix([stack.x]), by: method)
      #expect(solution.converged == [true])
      #expect(distance(solution.state[0].elements, stack.u) <= 1e-13)
      #expect(distance(solution.state[1].elements, stack.v) <= 1e-13)
      #expect(distance(solution.output.elements, stack.v) <= 1e-13)
    }
  }

  /// `diag(σ'(p)) W_z` at a state, by loops.
  private func jacobian(_ model: EquilibriumModel<Double>, state: [[Double]], x: [Double]) -> [[Double]] {
    let matrices = model.matrices
    let z = state.flatMap { $0 }
    let activations = model.blocks.flatMap { block in (0..<block.size).map { _ in block.nonlinearity } }
    return z.indices.map { row in
      var p = matrices.b[row]
      for column in z.indices { p += matrices.Wz[row, column] * z[column] }
      for column in x.indices { p += matrices.Wx[row, column] * x[column] }
      let slope = plainActivation(activations[row], p).derivative
      return z.indices.map { slope * matrices.Wz[row, $0] }
    }
  }

  private func characteristic(_ matrix: [[Double]], at lambda: Double) -> Double {
    determinant(
      matrix.enumerated().map { row, values in
        values.enumerated().map { column, value in (row == column ? lambda : 0) - value }
      })
  }

  @Test(
    "The Jacobian is block lower triangular, and its spectrum the union of the parts'",
    arguments: 0..<10 as Range<UInt64>)
  func spectrum(seed: UInt64) throws {
    let stack = try Stack(seed: seed)
    let whole = jacobian(stack.stack, state: [stack.u, stack.v], x: stack.x)
    for row in 0..<4 {
      for column in 4..<7 { #expect(whole[row][column] == 0) }
    }
    #expect(whole[4...].contains { $0[..<4].contains { $0 != 0 } })
    // det(λ − J) = det(λ − J_u) det(λ − J_v) for every λ; a polynomial of degree 7 is known by 8 of its values.
    let ofFirst = jacobian(stack.first, state: [stack.u], x: stack.x)
    let ofSecond = jacobian(stack.second, state: [stack.v], x: stack.u)
    for step in -4...4 {
      let lambda = 0.3 * Double(step) + 0.05
      let expected = characteristic(ofFirst, at: lambda) * characteristic(ofSecond, at: lambda)
      #expect(abs(characteristic(whole, at: lambda) - expected) <= 1e-12 * max(1e-3, abs(expected)))
    }
    // The product's own derivative is this matrix: a vjp with each unit vector is a row of it.
    let state = [Matrix([stack.u]), Matrix([stack.v])]
    let point = stack.stack.linearization(at: state, input: Matrix([stack.x]))
    for row in 0..<7 {
      var unit = Matrix<Double>(rows: 1, columns: 7)
      unit[0, row] = 1
      let found = point.vjp(stack.stack.unflatten(unit)).flatMap(\.elements)
      #expect(distance(found, whole[row]) <= 1e-14)
    }
  }

  @Test("The stack is solved group by group, each on its own")
  func groups() throws {
    let stack = try Stack(seed: 3)
    #expect(stack.stack.groups.map(\.members) == [[0], [1]])
    #expect(stack.stack.groups.map(\.isCyclic) == [true, true])
    let solution = stack.stack.solve(Matrix([stack.x]), by: .structured(Anderson()))
    #expect(solution.records.map(\.blocks) == [["1.core.z"], ["2.core.z"]])
  }

  @Test("Gradients of the stack are the chain rule through its parts", arguments: 0..<5 as Range<UInt64>)
  func gradients(seed: UInt64) throws {
    let stack = try Stack(seed: seed)
    let method = SolutionMethod.structured(Refined(Anderson()))
    func gradients(_ model: EquilibriumModel<Double>, _ x: [Double], _ cotangent: [Double]) -> Gradients<
      Double
    > {
      let solution = model.solve(Matrix([x]), by: method)
      let point = model.linearization(at: solution.state, input: solution.input)
      return model.gradients(
        at: point, adjoint: model.adjoint(at: point, cotangent: Matrix([cotangent]), by: method))
    }
    let cotangent = [0.3, -1, 2]
    let whole = gradients(stack.stack, stack.x, cotangent)
    let ofSecond = gradients(stack.second, stack.u, cotangent)
    let ofFirst = gradients(stack.first, stack.x, ofSecond.input.elements)
    #expect(distance(whole.input.elements, ofFirst.input.elements) <= 1e-12)
    for name in ["U", "W", "b"] {
      #expect(
        distance(whole.parameters["1.core.\(name)"]!.elements, ofFirst.parameters[name]!.elements) <= 1e-12)
      #expect(
        distance(whole.parameters["2.core.\(name)"]!.elements, ofSecond.parameters[name]!.elements) <= 1e-12)
    }
  }
}
