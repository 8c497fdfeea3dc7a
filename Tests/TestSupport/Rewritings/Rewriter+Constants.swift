import Blocks
import LinearAlgebra
import Networks
import Operators

/// Constant summands and the signs of zeros.
extension Rewriter {
  /// The constant summands that are wanted, in random order.
  private mutating func offsets(
    where isWanted: (Offset<Double>) -> Bool
  ) -> [(layer: Int, position: Int, block: Block<Double>)] {
    blocks { $0.offsets.contains(where: isWanted) }.flatMap { index, block in
      block.offsets.indices.filter { isWanted(block.offsets[$0]) }.map { (index, $0, block) }
    }
  }

  mutating func writeOutOffset() -> Bool {
    for (index, position, var block) in offsets(where: { $0.map != nil }) {
      guard let vector = block.offsets[position].exactVector else { continue }
      block.offsets[position] = Offset(port: block.offsets[position].port, vector: vector)
      replace(index, by: block)
      return true
    }
    return false
  }

  /// Adds two constant summands of a port up, or shares one out.
  mutating func shareOffsets() -> Bool {
    if draws.chance(0.5), addOffsets() { return true }
    for (index, position, var block) in offsets(where: { $0.exactVector != nil }) {
      let offset = block.offsets[position]
      let vector = offset.exactVector!
      let isHalved = draws.chance(0.5)
      let first = vector.map { isHalved ? $0 / 2 : $0.rounded(.towardZero) }
      let second = zip(vector, first).map { $0 - $1 }
      guard sum(first, second) == vector else { continue }
      block.offsets.remove(at: position)
      block.offsets += [first, second].map { Offset(port: offset.port, vector: $0) }
      replace(index, by: block)
      return true
    }
    return false
  }

  private mutating func addOffsets() -> Bool {
    for (index, position, var block) in offsets(where: { $0.exactVector != nil }) {
      let first = block.offsets[position]
      let other = block.offsets.indices.first {
        $0 != position && block.offsets[$0].port == first.port && block.offsets[$0].exactVector != nil
      }
      guard let other, let total = sum(first.exactVector!, block.offsets[other].exactVector!) else {
        continue
      }
      block.offsets.remove(at: max(position, other))
      block.offsets[min(position, other)] = Offset(port: first.port, vector: total)
      replace(index, by: block)
      return true
    }
    return false
  }

  mutating func insertConstantLayer() -> Bool {
    guard let (index, position, found) = offsets(where: { _ in true }).first else { return false }
    var block = found
    var offset = block.offsets.remove(at: position)
    let shape = block.portShapes[offset.port]
    let port = offset.port
    offset.port = 0
    guard let map = offset.map, draws.chance(0.5) else {
      let constant = append(
        Block(name: "constant", shape: shape, nonlinearity: Identity(), terms: [], offsets: [offset]))
      block.terms.append(Term(port: port, source: constant, map: IdentityMap(shape)))
      replace(index, by: block)
      return true
    }
    // What spreads the numbers over the port reads a layer of them alone.
    let numbers = Offset(tensor: offset.tensor, parameter: offset.parameter)
    let constant = append(
      Block(
        name: "constant", shape: map.inputShape, nonlinearity: Identity(), terms: [], offsets: [numbers]))
    block.terms.append(Term(port: port, source: constant, map: map))
    replace(index, by: block)
    return true
  }

  mutating func flipZeros() -> Bool {
    for (index, found) in blocks(where: { _ in true }) {
      var block = found
      for term in block.terms.indices {
        guard let tensor = block.terms[term].map.parameter, let other = tensor.withFlippedZeros,
          let map = block.terms[term].map.with(parameter: other)
        else { continue }
        block.terms[term].map = map
      }
      for position in block.offsets.indices {
        if let other = block.offsets[position].tensor.withFlippedZeros {
          block.offsets[position] = block.offsets[position].replacing(other)
        }
      }
      let isChanged =
        !zip(block.terms, found.terms).allSatisfy { $0.map.isIdentical(to: $1.map) }
        || !zip(block.offsets, found.offsets).allSatisfy { $0.tensor.isIdentical(to: $1.tensor) }
      if isChanged { replace(index, by: block) }
    }
    return !touched.isEmpty
  }
}

extension Tensor<Double> {
  /// The tensor whose zeros have the other sign; nil where there is none.
  fileprivate var withFlippedZeros: Tensor? {
    guard elements.contains(0) else { return nil }
    return Tensor(shape: shape, elements: elements.map { $0 == 0 ? -$0 : $0 })
  }
}
