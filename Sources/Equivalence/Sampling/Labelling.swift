import Equilibria
import LinearAlgebra
import Operators

/// The model in block form, with the network's parameter names at the places that the proof pairs.
///
/// A label of the file's own stays: gradients are compared under the names that a user will read. Where the
/// file has none (in matrix form, say), the place decides; a parameter whose entries are all zero, and which a
/// matrix therefore does not show, gets an entry of zeros to differentiate.
func labelled(_ model: EquilibriumModel<Double>, by proof: Proof) -> EquilibriumModel<Double> {
  var blocks = model.blocks
  for (index, counterpart) in proof.counterparts.enumerated() {
    guard let counterpart, blocks[counterpart].portSizes == proof.network.equations[index].portSizes else {
      continue
    }
    for term in proof.network.equations[index].terms {
      label(term, in: &blocks[counterpart], proof)
    }
    for offset in proof.network.equations[index].offsets {
      label(offset, in: &blocks[counterpart])
    }
  }
  // Where labels contradict each other the file's own remain, and the comparison will show it.
  let labelled = try? EquilibriumModel(inputShape: model.inputShape, blocks: blocks, output: model.output)
  return labelled
    ?? (try! EquilibriumModel(inputShape: model.inputShape, blocks: model.blocks, output: model.output))
}

private func label(_ term: Term<Double>, in block: inout Block<Double>, _ proof: Proof) {
  guard let name = term.parameter, let shape = term.map.parameterShape else { return }
  let source: Source
  switch term.source {
  case .input: source = .input
  case .node(let read):
    guard let renamed = proof.counterparts[read] else { return }
    source = .node(renamed)
  }
  let there = block.terms.indices.filter {
    block.terms[$0].port == term.port && block.terms[$0].source == source
  }
  // Summands of one parameter have one gradient; a name on each of them would count it twice.
  if there.contains(where: { block.terms[$0].parameter == name }) { return }
  if let unlabelled = there.first(where: { block.terms[$0].parameter == nil }) {
    if block.terms[unlabelled].map.parameterShape == shape { block.terms[unlabelled].parameter = name }
  } else if there.isEmpty, proof.model.size(of: source) == term.map.inputSize {
    let zeros = Matrix<Double>(rows: term.map.outputSize, columns: term.map.inputSize)
    block.terms.append(Term(port: term.port, source: source, map: DenseMap(zeros), parameter: name))
  }
}

private func label(_ offset: Offset<Double>, in block: inout Block<Double>) {
  guard let name = offset.parameter else { return }
  let there = block.offsets.indices.filter { block.offsets[$0].port == offset.port }
  if there.contains(where: { block.offsets[$0].parameter == name }) { return }
  if let unlabelled = there.first(where: { block.offsets[$0].parameter == nil }) {
    block.offsets[unlabelled].parameter = name
  } else if there.isEmpty {
    let zeros = [Double](repeating: 0, count: offset.vector.count)
    block.offsets.append(Offset(port: offset.port, vector: zeros, parameter: name))
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
