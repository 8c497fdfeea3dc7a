import Blocks
import Equilibria
import Networks
import Operators

extension Network {
  /// The explicit network of an acyclic equilibrium model: the theorem read backwards. Every block is a layer of its
  /// own name that reads other layers instead of the state.
  ///
  /// Entries without a parameter are named as a layer's would be, `fc1.weight` and `fc1.bias`, where a block has one of
  /// each; so what was read from whole matrices has parameters too. A block called `input`, which is no name for a layer,
  /// is called `input'`.
  ///
  /// - Throws: `InvalidModel` where blocks read each other in a cycle.
  /// - Complexity: O(blocks + terms); no number is touched.
  public init(recovering model: EquilibriumModel<S>) throws(InvalidModel) {
    if let group = model.cyclicGroups.first {
      let names = group.members.prefix(4).map { "\"\(model.blocks[$0].name)\"" }.joined(separator: ", ")
      throw InvalidModel(
        "expected blocks that read each other in no cycle, found one through \(names)"
          + (group.members.count > 4 ? ", …" : ""))
    }
    let taken = Set(
      model.blocks.flatMap { $0.terms.compactMap(\.parameter) + $0.offsets.compactMap(\.parameter) })
    var blocks = model.blocks
    if let index = blocks.firstIndex(where: { $0.name == "input" }) {
      repeat { blocks[index].name += "'" } while model.blocks.contains { $0.name == blocks[index].name }
    }
    try self.init(
      inputShape: model.inputShape, layers: blocks.map { .explicit($0.named(except: taken)) },
      output: model.output)
  }
}

extension Block {
  /// The block with the usual names for its only weight and its only bias, where they have none.
  ///
  /// - Parameter taken: Names that something else has.
  fileprivate func named(except taken: Set<String>) -> Block {
    var block = self
    let weights = terms.indices.filter { terms[$0].map.parameterShape != nil }
    let (weight, bias) = ("\(name).weight", "\(name).bias")
    if weights.count == 1, terms[weights[0]].parameter == nil, !taken.contains(weight) {
      block.terms[weights[0]].parameter = weight
    }
    if offsets.count == 1, offsets[0].parameter == nil, !taken.contains(bias) {
      block.offsets[0].parameter = bias
    }
    return block
  }
}
