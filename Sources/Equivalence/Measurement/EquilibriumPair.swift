import Equilibria
import LinearAlgebra
import Operators

/// Two models as equilibrium models of their own equations, for questions about their equilibria: does one side stay where
/// the other has come to rest, and is there another place to rest?
struct EquilibriumPair {
  private let first: EquilibriumModel<Double>
  private let second: EquilibriumModel<Double>

  /// Both models' equations; nil where neither has blocks that read each other.
  init?(_ first: EquationSystem, _ second: EquationSystem) {
    guard let first = try? EquilibriumModel(first), let second = try? EquilibriumModel(second),
      !first.cyclicGroups.isEmpty || !second.cyclicGroups.isEmpty
    else { return nil }
    (self.first, self.second) = (first, second)
  }

  /// Whatever is asked for elsewhere: these questions are about states at rounding.
  private static var method: SolutionMethod { .standard }

  /// Whether the two may differ on `x`, `[1, input]`, only because one has several equilibria: each side's is one of the other
  /// too, or from other states a side comes to rest where it has the other's output.
  func mayAgree(on x: Matrix<Double>, seed: UInt64) -> Bool {
    if shareEquilibria(on: x) { return true }
    guard !isCertified else { return false }
    var generator = SeededGenerator(seed: seed)
    let outputs = [first, second].map { restingOutputs(of: $0, on: x, &generator) }
    return outputs[0].contains { a in
      outputs[1].contains { b in
        let scale = max(largestMagnitude(a), largestMagnitude(b))
        return a.count == b.count && zip(a, b).allSatisfy { abs($0 - $1) <= 0x1p-20 * scale }
      }
    }
  }

  /// Whether every group of both sides is known to have one equilibrium.
  private var isCertified: Bool {
    [first, second].allSatisfy { model in
      model.cyclicGroups.allSatisfy { model.wellPosedness(of: $0).isCertified }
    }
  }

  /// The outputs where a model comes to rest on `x`, from the usual state and from random ones of several magnitudes.
  private func restingOutputs(
    of model: EquilibriumModel<Double>, on x: Matrix<Double>, _ generator: inout SeededGenerator
  ) -> [ArraySlice<Double>] {
    let magnitudes = [0.1, 0.1, 1, 1, 1, 1, 10, 10, 10, 100, 100, 1000]
    let inputs = Matrix(
      rows: magnitudes.count, columns: x.columns,
      elements: magnitudes.flatMap { _ in Array(x.row(0)) })
    let start = model.blocks.map { block in
      Matrix(
        rows: magnitudes.count, columns: block.size,
        elements: magnitudes.flatMap { magnitude in
          (0..<block.size).map { _ in magnitude * generator.normal() }
        })
    }
    return [model.solve(x, by: Self.method), model.solve(inputs, by: Self.method, from: start)]
      .flatMap { solution in
        solution.converged.indices.filter { solution.converged[$0] }.map { solution.output.row($0) }
      }
  }

  /// Whether each side's equilibrium on `x`, `[1, input]`, is one of the other to rounding: both have several, and two
  /// solvers found two of them.
  private func shareEquilibria(on x: Matrix<Double>) -> Bool {
    let (ours, theirs) = (first.solve(x, by: Self.method), second.solve(x, by: Self.method))
    guard ours.converged[0], theirs.converged[0] else { return false }
    return stays(second, at: ours.state, of: first, x) && stays(first, at: theirs.state, of: second, x)
  }

  /// Whether a model's transition leaves alone the state at which another, of the same blocks, has come to rest.
  private func stays(
    _ model: EquilibriumModel<Double>, at state: [Matrix<Double>], of other: EquilibriumModel<Double>,
    _ x: Matrix<Double>
  ) -> Bool {
    let positions = Dictionary(other.blocks.enumerated().map { ($1.name, $0) }) { first, _ in first }
    var moved: [Matrix<Double>] = []
    for block in model.blocks {
      guard let position = positions[block.name], state[position].columns == block.size else { return false }
      moved.append(state[position])
    }
    let image = model.transition(moved, input: x)
    return zip(image, moved).allSatisfy { image, value in
      let scale = max(largestMagnitude(value.elements[...]), largestMagnitude(image.elements[...]))
      return zip(image.elements, value.elements).allSatisfy { abs($0 - $1) <= 0x1p-40 * scale }
    }
  }

  /// Whether a side whose equilibrium is not certified to be unique has another one, with another output, on some of the
  /// samples `x`, `[batch, input]`: looked for from random states.
  func hasSeveralEquilibria(on x: Matrix<Double>, seed: UInt64) -> Bool {
    var generator = SeededGenerator(seed: seed)
    return [first, second].contains { model in
      guard model.cyclicGroups.contains(where: { !model.wellPosedness(of: $0).isCertified }) else {
        return false
      }
      let usual = model.solve(x, by: Self.method)
      return [1.0, 10].contains { magnitude in
        let start = model.blocks.map { block in
          Matrix(
            rows: x.rows, columns: block.size,
            elements: (0..<x.rows * block.size).map { _ in magnitude * generator.normal() })
        }
        return areOther(model.solve(x, by: Self.method, from: start), usual)
      }
    }
  }

  private func areOther(_ a: EquilibriumSolution<Double>, _ b: EquilibriumSolution<Double>) -> Bool {
    (0..<a.output.rows).contains { row in
      guard a.converged[row], b.converged[row] else { return false }
      let scale = max(largestMagnitude(a.output.row(row)), largestMagnitude(b.output.row(row)))
      return zip(a.output.row(row), b.output.row(row)).contains { abs($0 - $1) > 0x1p-20 * scale }
    }
  }
}

extension EquilibriumModel<Double> {
  /// The equilibrium model of these equations.
  init(_ system: EquationSystem) throws(InvalidModel) {
    try self.init(inputShape: system.inputShape, blocks: system.equations, output: system.output)
  }
}
