import Equilibria
import LinearAlgebra
import Operators

/// Faults in the list of blocks: activations, places and the read-out.
extension FaultPlanting {
  mutating func exchangedBlocks() -> Fault? {
    let pairs = pairs(of: Array(model.blocks.indices)) { a, b in
      let (left, right) = (model.blocks[a], model.blocks[b])
      return left.portSizes == right.portSizes && left.size == right.size
        && (!left.nonlinearity.isIdentical(to: right.nonlinearity) || a == model.output || b == model.output)
        && !areTwins(.node(a), .node(b))
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

  mutating func replacedActivation() -> Fault? {
    let index = Int.random(in: model.blocks.indices, using: &generator)
    let block = model.blocks[index]
    let others = NonlinearityRegistry.activations.compactMap { type -> (any Nonlinearity)? in
      guard type.typeName != Swift.type(of: block.nonlinearity).typeName else { return nil }
      let other = try? type.init(constants: type.constantDescriptions.map { $0.defaultValue ?? .number(0.5) })
      return other?.outputShape(portShapes: block.portShapes) == block.shape ? other : nil
    }
    guard let other = others.randomElement(using: &generator) else { return nil }
    return withActivation(other, of: index)
  }

  mutating func neighbouringConstant() -> Fault? {
    var candidates: [(Int, any Nonlinearity)] = []
    for (index, block) in model.blocks.enumerated() {
      let constants = block.nonlinearity.constants
      for (position, constant) in constants.enumerated() {
        guard case .number(let value) = constant else { continue }
        var changed = constants
        changed[position] = .number(neighbour(of: value))
        if let other = try? type(of: block.nonlinearity).init(constants: changed) {
          candidates.append((index, other))
        }
      }
    }
    guard let (index, other) = candidates.randomElement(using: &generator) else { return nil }
    return withActivation(other, of: index)
  }

  func withActivation(_ activation: any Nonlinearity, of index: Int) -> Fault? {
    var blocks = model.blocks
    blocks[index].nonlinearity = activation
    return fault(
      blocks, at: "blocks[\(blocks[index].name)].activation",
      before: model.blocks[index].nonlinearity.description,
      after: activation.description)
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
