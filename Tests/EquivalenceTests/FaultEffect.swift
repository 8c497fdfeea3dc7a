import Blocks
import Equilibria
import Equivalence
import FixedPoints
import LinearAlgebra
import Networks
import Operators

/// Whether a fault in a model changes its function, seen by numbers alone.
///
/// A fault of one unit in the last place is invisible, so its numbers are first taken much further in the same
/// direction: where the output then moves far beyond rounding, it depends on them. Where it does not move, as under a
/// layer that nothing reads or a softmax that all its inputs are shifted under, the fault may well be none.
func isEffective(
  _ fault: EquilibriumModel<Double>, on model: EquilibriumModel<Double>, seed: UInt64
) -> Bool {
  guard model.inputSize == fault.inputSize else { return true }
  guard model.outputSize == fault.outputSize else { return true }
  let enlarged = fault.enlargingChanges(from: model)
  var generator = SeededGenerator(seed: seed)
  let x = Matrix<Double>(
    rows: 4, columns: model.inputSize,
    elements: [0.1, 1, 1, 5].flatMap { scale in
      (0..<model.inputSize).map { _ in scale * generator.normal() }
    })
  let (a, b) = (
    model.solve(x, by: .structured(Newton())), enlarged.solve(x, by: .structured(Newton()))
  )
  return (0..<x.rows).contains { row in
    guard a.converged[row], b.converged[row] else { return false }
    let (left, right) = (a.output.row(row), b.output.row(row))
    guard left.allSatisfy(\.isFinite), right.allSatisfy(\.isFinite) else { return false }
    let scale = max(1e-3, left.reduce(0) { max($0, abs($1)) })
    return zip(left, right).reduce(0) { max($0, abs($1.0 - $1.1)) } > 1e-8 * scale
  }
}

/// Whether the gradients of these parameters of a network and a model are equal to rounding, on one random input.
func haveEqualGradients(
  _ network: Network<Double>, _ model: EquilibriumModel<Double>, of matches: [ParameterMatch]
) -> Bool {
  var generator = SeededGenerator(seed: 5)
  let method = SolutionMethod.structured(Newton())
  let normal = { (columns: Int) in
    Matrix<Double>(rows: 1, columns: columns, elements: (0..<columns).map { _ in generator.normal() })
  }
  let (x, cotangent) = (normal(network.inputSize), normal(network.outputSize))
  let pass = network.forward(x, solvingBy: method)
  let ours = network.backpropagate(cotangent, through: pass, solvingBy: method).gradients.parameters
  let solution = model.solve(x, by: method)
  let theirs = model.backpropagate(cotangent, through: solution, by: method).gradients.parameters
  guard pass.failure == nil, solution.failure == nil else { return true }
  return matches.allSatisfy { match in
    guard let a = ours[match.first], let b = theirs[match.second], a.shape == b.shape else { return true }
    guard allFinite(a.elements), allFinite(b.elements) else { return true }
    let scale = max(1e-9, largestMagnitude(a.elements[...]))
    return zip(a.elements, b.elements).allSatisfy { abs($0 - $1) <= 1e-8 * scale }
  }
}

extension EquilibriumModel<Double> {
  /// The model with the numbers in which it differs from another, if by little, as far from those as 2³⁶ times.
  fileprivate func enlargingChanges(from other: EquilibriumModel) -> EquilibriumModel {
    let original = Dictionary(uniqueKeysWithValues: other.blocks.map { ($0.name, $0) })
    let enlarged = blocks.map { block -> Block<Double> in
      guard let before = original[block.name], before.terms.count == block.terms.count,
        before.offsets.count == block.offsets.count
      else { return block }
      var block = block
      for (term, old) in zip(block.terms.indices, before.terms) {
        block.terms[term].map = block.terms[term].map.enlargingChanges(from: old.map)
        block.terms[term].parameter = nil
      }
      block.offsets = zip(block.offsets, before.offsets).map { offset, old in
        let tensor = offset.tensor.enlargingChanges(from: old.tensor)
        guard let map = offset.map else { return Offset(port: offset.port, tensor: tensor) }
        let other = old.map.map { map.enlargingChanges(from: $0) } ?? map
        return Offset(port: offset.port, tensor: tensor, map: other)
      }
      let attributes = block.nonlinearity.attributes.enlargingChanges(from: before.nonlinearity.attributes)
      if let function = try? type(of: block.nonlinearity).init(attributes: attributes),
        function.outputShape(portShapes: block.portShapes) != nil
      {
        block.nonlinearity = function
      }
      return block
    }
    return (try? EquilibriumModel(inputShape: inputShape, blocks: enlarged, output: output)) ?? self
  }
}

extension LinearMap<Double> {
  fileprivate func enlargingChanges(from other: any LinearMap<Double>) -> any LinearMap<Double> {
    guard type(of: other).typeName == Self.typeName, other.inputShape == inputShape else { return self }
    let tensor = parameter.map { tensor in other.parameter.map(tensor.enlargingChanges) ?? tensor }
    let changed = attributes.enlargingChanges(from: other.attributes)
    return (try? Self(inputShape: inputShape, parameter: tensor, attributes: changed)) ?? self
  }
}

extension Tensor<Double> {
  fileprivate func enlargingChanges(from other: Tensor) -> Tensor {
    guard shape == other.shape else { return self }
    return Tensor(shape: shape, elements: zip(elements, other.elements).map(enlargingChange))
  }
}

extension Attributes {
  /// The attributes with their numbers as far from others as 2³⁶ times.
  fileprivate func enlargingChanges(from others: Attributes) -> Attributes {
    reduce(self) { attributes, new in
      switch (new.value, others[new.name]) {
      case (.number(let a), .number(let b)?): attributes.setting(new.name, to: .number(enlargingChange(a, b)))
      case (.numbers(let a), .numbers(let b)?) where a.count == b.count:
        attributes.setting(new.name, to: .numbers(zip(a, b).map(enlargingChange)))
      case (.numbers(let a), .numbers(let b)?) where b.isEmpty:
        attributes.setting(new.name, to: .numbers(a.map { enlargingChange($0, 1) }))
      default: attributes
      }
    }
  }
}

/// A number as far from another as 2³⁶ times, unless it is far already.
private func enlargingChange(_ new: Double, _ old: Double) -> Double {
  let difference = new - old
  guard difference != 0, abs(difference) < 1e-12 * max(1, abs(old)) else { return new }
  // Near 0 the next number is next to nothing.
  return old + (difference > 0 ? 1 : -1) * max(abs(difference) * 0x1p36, 1e-5)
}
