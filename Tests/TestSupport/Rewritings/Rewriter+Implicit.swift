import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

/// The equations of implicit layers.
extension Rewriter {
  private mutating func implicitLayers() -> [(index: Int, layer: ImplicitLayer<Double>)] {
    let all = layers.enumerated().compactMap { index, layer -> (index: Int, layer: ImplicitLayer<Double>)? in
      guard case .implicit(let layer) = layer else { return nil }
      return (index, layer)
    }
    let (shuffled, live) = (all.shuffled(using: &draws.generator), live)
    return shuffled.filter { live.contains($0.index) } + shuffled.filter { !live.contains($0.index) }
  }

  private mutating func replace(
    _ index: Int, _ layer: ImplicitLayer<Double>, by blocks: [Block<Double>], output: Int
  ) -> Bool {
    guard
      let model = try? EquilibriumModel(
        inputShape: layer.model.inputShape, blocks: blocks, output: output),
      let other = try? ImplicitLayer(name: layer.name, source: layer.source, model: model)
    else { return false }
    replace(index, by: other)
    return true
  }

  mutating func reorderImplicit() -> Bool {
    guard let (index, layer) = implicitLayers().first(where: { $0.layer.model.blocks.count > 1 }) else {
      return false
    }
    let blocks = layer.model.blocks
    let order = blocks.indices.shuffled(using: &draws.generator)
    var position = [Int](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { position[old] = new }
    let reordered = order.enumerated().map { new, old in
      var block = blocks[old]
      block.name = "state\(new)"
      for term in block.terms.indices {
        if case .node(let node) = block.terms[term].source {
          block.terms[term].source = .node(position[node])
        }
      }
      return block
    }
    return replace(index, layer, by: reordered, output: position[layer.model.output])
  }

  mutating func insertImplicitHelper() -> Bool {
    for (index, layer) in implicitLayers() {
      var blocks = layer.model.blocks
      let places = blocks.indices.flatMap { block in blocks[block].terms.indices.map { (block, $0) } }
      guard let (position, entry) = places.randomElement(using: &draws.generator) else { continue }
      let term = blocks[position].terms[entry]
      let shape = blocks[position].portShapes[term.port]
      let helper = Block<Double>(
        name: "helper", shape: shape, nonlinearity: Identity(),
        terms: [Term(source: term.source, map: term.map, parameter: term.parameter)])
      blocks[position].terms[entry] = Term(
        port: term.port, source: .node(blocks.count), map: IdentityMap(shape))
      return replace(index, layer, by: blocks + [helper], output: layer.model.output)
    }
    return false
  }

  mutating func permuteImplicit() -> Bool {
    for (index, layer) in implicitLayers() {
      let model = layer.model
      let candidates = model.blocks.indices.filter { position in
        let block = model.blocks[position]
        return block.size > 1 && block.isElementwise
          && model.blocks.allSatisfy { other in
            other.terms.allSatisfy { $0.source != .node(position) || $0.map.exactMatrix != nil }
          }
          && block.terms.allSatisfy { $0.map.exactMatrix != nil }
          && block.offsets.allSatisfy { $0.exactVector != nil }
      }
      guard let position = candidates.randomElement(using: &draws.generator) else { continue }
      var order = Array(0..<model.blocks[position].size)
      while order == Array(0..<order.count) { order.shuffle(using: &draws.generator) }
      var blocks = permuted(model.blocks, position, order)
      var output = model.output
      if output == position {
        var inverse = order
        for (new, old) in order.enumerated() { inverse[old] = new }
        blocks.append(
          Block(
            name: "read_out", shape: model.blocks[position].shape, nonlinearity: Identity(),
            terms: [Term(source: .node(position), map: gathering(inverse, of: order.count))]))
        output = blocks.count - 1
      }
      return replace(index, layer, by: blocks, output: output)
    }
    return false
  }

  /// The blocks with the coordinates of one in another order: its rows, and the columns of what reads it.
  private func permuted(
    _ blocks: [Block<Double>], _ position: Int, _ order: [Int]
  ) -> [Block<Double>] {
    var blocks = blocks
    for term in blocks[position].terms.indices {
      let rows = blocks[position].terms[term].map.exactMatrix!.selectingRows(order)
      blocks[position].terms[term].map = DenseMap(rows)
      blocks[position].terms[term].parameter = nil
    }
    blocks[position].offsets = blocks[position].offsets.map { offset in
      let vector = offset.exactVector!
      return Offset(port: offset.port, vector: order.map { vector[$0] })
    }
    for index in blocks.indices {
      for term in blocks[index].terms.indices where blocks[index].terms[term].source == .node(position) {
        let columns = blocks[index].terms[term].map.matrix.transposed.selectingRows(order)
        blocks[index].terms[term].map = DenseMap(columns.transposed)
        blocks[index].terms[term].parameter = nil
      }
    }
    return blocks
  }
}
