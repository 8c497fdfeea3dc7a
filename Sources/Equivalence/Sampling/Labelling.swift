import Equilibria
import LinearAlgebra
import Operators

/// The model in block form, with the network's parameter names at the places that the proof pairs.
///
/// A label of the file's own stays: gradients are compared under the names that a user will read. Where the
/// file has none (in matrix form, say), the place decides; a parameter that a matrix does not show, because its
/// entries are all zero or have been added to another's, gets an entry of zeros to differentiate.
func labelled(_ model: EquilibriumModel<Double>, by proof: Proof) -> EquilibriumModel<Double> {
  var blocks = model.blocks
  for (index, counterpart) in proof.counterparts.enumerated() {
    guard let counterpart, blocks[counterpart].portSizes == proof.network.equations[index].portSizes else {
      continue
    }
    for term in proof.network.equations[index].terms {
      label(term, in: &blocks[counterpart], as: model.blocks[counterpart], proof)
    }
    for offset in proof.network.equations[index].offsets {
      label(offset, in: &blocks[counterpart], as: model.blocks[counterpart])
    }
  }
  // Where labels contradict each other the file's own remain, and the comparison will show it.
  let labelled = try? EquilibriumModel(inputShape: model.inputShape, blocks: blocks, output: model.output)
  return labelled
    ?? (try! EquilibriumModel(inputShape: model.inputShape, blocks: model.blocks, output: model.output))
}

private func label(
  _ term: Term<Double>, in block: inout Block<Double>, as filed: Block<Double>, _ proof: Proof
) {
  guard let name = term.parameter, let shape = term.map.parameterShape else { return }
  let source: Source
  switch term.source {
  case .input: source = .input
  case .node(let read):
    guard let renamed = proof.counterparts[read] else { return }
    source = .node(renamed)
  }
  let isThere = { (other: Term<Double>) in other.port == term.port && other.source == source }
  // Summands of one parameter have one gradient; a name on each of them would count it twice.
  if block.terms.contains(where: { isThere($0) && $0.parameter == name }) { return }
  let unlabelled = block.terms.firstIndex {
    isThere($0) && $0.parameter == nil && $0.map.parameterShape == shape && $0.map.isAlike(term.map)
  }
  if let unlabelled {
    block.terms[unlabelled].parameter = name
  } else if !filed.terms.contains(where: { isThere($0) && $0.parameter != nil }),
    proof.model.size(of: source) == term.map.inputSize, let zeros = term.map.withZeroParameter
  {
    block.terms.append(Term(port: term.port, source: source, map: zeros, parameter: name))
  }
}

extension LinearMap<Double> {
  /// Whether the other is the same map of another parameter, so that the gradients mean the same.
  fileprivate func isAlike(_ other: any LinearMap<Double>) -> Bool {
    type(of: other).typeName == Self.typeName && other.inputShape == inputShape
      && other.constants == constants
  }

  /// The map with zeros for its parameter: it adds nothing, and has the gradient that the parameter would have.
  fileprivate var withZeroParameter: (any LinearMap<Double>)? {
    guard let shape = parameterShape else { return nil }
    return try? Self(inputShape: inputShape, parameter: Tensor(zeros: shape), constants: constants)
  }
}

private func label(_ offset: Offset<Double>, in block: inout Block<Double>, as filed: Block<Double>) {
  guard let name = offset.parameter else { return }
  let isThere = { (other: Offset<Double>) in other.port == offset.port }
  if filed.offsets.contains(where: { isThere($0) && $0.parameter == name }) { return }
  if block.offsets.contains(where: { isThere($0) && $0.parameter == name }) { return }
  let unlabelled = block.offsets.firstIndex {
    isThere($0) && $0.parameter == nil && $0.tensor.shape == offset.tensor.shape && $0.isAlike(offset)
  }
  if let unlabelled {
    block.offsets[unlabelled].parameter = name
  } else if !filed.offsets.contains(where: { isThere($0) && $0.parameter != nil }) {
    let zeros = Tensor<Double>(zeros: offset.tensor.shape)
    block.offsets.append(
      offset.map.map { Offset(port: offset.port, tensor: zeros, map: $0, parameter: name) }
        ?? Offset(port: offset.port, tensor: zeros, parameter: name))
  }
}

extension Offset<Double> {
  /// Whether the other is made of its numbers in the same way, so that the gradients mean the same.
  fileprivate func isAlike(_ other: Offset) -> Bool {
    switch (map, other.map) {
    case (nil, nil): true
    case (let ours?, let theirs?): ours.isIdentical(to: theirs)
    default: false
    }
  }
}

extension EquationSystem {
  fileprivate func size(of source: Source) -> Int {
    switch source {
    case .input: inputShape.reduce(1, *)
    case .node(let index): equations[index].size
    }
  }
}
