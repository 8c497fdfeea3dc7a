import Blocks
import Equilibria
import Networks
import Operators

extension Network {
  /// The explicit network of an acyclic equilibrium model: the inverse of the theorem's construction. Every
  /// block becomes a layer of the same name that reads other layers instead of the state.
  ///
  /// Entries without a parameter get the usual names of a layer, `fc1.weight` and `fc1.bias`, if a block
  /// has one of each, so a model read from whole matrices has parameters too. A layer cannot be called
  /// `input`, so a block of that name becomes `input'`.
  ///
  /// - Throws: `InvalidModel` if blocks read each other in a cycle.
  /// - Complexity: O(blocks + terms); no number is read.
  public init(recovering model: EquilibriumModel<S>) throws(InvalidModel) {
    if let group = model.cyclicGroups.first {
      let names = group.members.prefix(4).map { "\"\(model.blocks[$0].name)\"" }.joined(separator: ", ")
      throw InvalidModel(
        "expected blocks without a cycle, found one through \(names)"
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
      output: model.output, signature: model.signature)
  }
}

extension Block {
  /// The block with the usual names for its only weight and its only bias, if they have none.
  ///
  /// - Parameter taken: Names that are already in use.
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
