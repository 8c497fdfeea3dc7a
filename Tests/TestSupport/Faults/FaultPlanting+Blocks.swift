import Blocks
import Equilibria
import LinearAlgebra
import Operators
import RandomNetworks

/// Faults in the list of blocks: activations, places and the read-out.
extension FaultPlanting {
  mutating func exchangedBlocks() -> Fault? {
    let pairs = pairs(of: Array(model.blocks.indices)) { a, b in
      let (left, right) = (model.blocks[a], model.blocks[b])
      return left.portSizes == right.portSizes && left.size == right.size
        && (!left.nonlinearity.isIdentical(to: right.nonlinearity) || a == model.output || b == model.output)
        && !haveSameRows(a, b)
    }
    guard let (a, b) = pairs.randomElement(using: &generator) else { return nil }
    var blocks = model.blocks
    (blocks[a].name, blocks[b].name) = (blocks[b].name, blocks[a].name)
    (blocks[a].nonlinearity, blocks[b].nonlinearity) = (blocks[b].nonlinearity, blocks[a].nonlinearity)
    let output = model.output == a ? b : model.output == b ? a : model.output
    return fault(
      blocks, output: output, at: "blocks[\(model.blocks[a].name)]", before: "its own rows",
      after: "those of \(model.blocks[b].name)")
  }

  mutating func replacedNonlinearity() -> Fault? {
    let index = Int.random(in: model.blocks.indices, using: &generator)
    let block = model.blocks[index]
    let others = NonlinearityRegistry.all.filter { isCandidate($0, for: block) }.shuffled(using: &generator)
    for type in others {
      var draws = Draws(generator: generator, settings: NetworkGenerator())
      defer { generator = draws.generator }
      guard let (other, _) = draws.nonlinearity(type, of: block.portShapes[0]),
        other.outputShape(portShapes: block.portShapes)?.reduce(1, *) == block.size,
        other.differs(from: block.nonlinearity, portShapes: block.portShapes, using: &draws.generator)
      else { continue }
      return withNonlinearity(other, of: index)
    }
    return nil
  }

  /// Whether a type may stand in for a block's: another one, and none that is not a number for most arguments.
  private func isCandidate(_ type: any Nonlinearity.Type, for block: Block<Double>) -> Bool {
    type.typeName != Swift.type(of: block.nonlinearity).typeName
      && (!(type is any Activation.Type) || NonlinearityRegistry.activations.contains { $0 == type })
  }

  mutating func neighbouringConstant() -> Fault? {
    var candidates: [(block: Int, name: String, nonlinearity: any Nonlinearity)] = []
    for (index, block) in model.blocks.enumerated() {
      let (attributes, type) = (block.nonlinearity.attributes, type(of: block.nonlinearity))
      for case (let name, .number(let value)) in attributes {
        let changed = attributes.setting(name, to: .number(neighbour(of: value, using: &generator)))
        if let other = try? type.init(attributes: changed) { candidates.append((index, name, other)) }
      }
    }
    guard let (index, name, other) = candidates.randomElement(using: &generator) else { return nil }
    return withNonlinearity(other, of: index, constant: name)
  }

  mutating func changedNonlinearityAttribute() -> Fault? {
    var candidates: [(block: Int, name: String, nonlinearity: any Nonlinearity)] = []
    for (index, block) in model.blocks.enumerated() {
      let changes = block.nonlinearity.attributeChanges(portShapes: block.portShapes, using: &generator)
      for (name, other) in changes
      where block.nonlinearity.differs(from: other, portShapes: block.portShapes, using: &generator) {
        candidates.append((index, name, other))
      }
    }
    guard let (index, name, other) = candidates.randomElement(using: &generator) else { return nil }
    return withNonlinearity(other, of: index, constant: name)
  }

  func withNonlinearity(_ other: any Nonlinearity, of index: Int, constant: String? = nil) -> Fault? {
    var blocks = model.blocks
    let before = blocks[index].nonlinearity
    blocks[index].nonlinearity = other
    return fault(
      blocks, at: "blocks[\(blocks[index].name)].activation", before: before.description,
      after: other.description,
      subject: type(of: before).typeName + (constant.map { ".\($0)" } ?? ""))
  }

  mutating func movedReadOut() -> Fault? {
    let others = model.blocks.indices.filter {
      $0 != model.output && !areTwins(.node($0), .node(model.output))
    }
    let alike = others.filter { model.blocks[$0].size == model.outputSize }
    guard let output = (alike.isEmpty ? others : alike).randomElement(using: &generator) else { return nil }
    return fault(
      model.blocks, output: output, at: "output", before: "\"\(model.blocks[model.output].name)\"",
      after: "\"\(model.blocks[output].name)\"")
  }
}
