import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// Faults in one number of a parameter, of any map.
extension FaultPlanting {
  mutating func neighbouringWeight(reading isWanted: (Source) -> Bool) -> Fault? {
    let candidates = entries(where: { isWanted($0.source) && $0.map.parameterShape != nil }, alone: true)
    guard let entry = candidates.randomElement(using: &generator) else { return nil }
    return withNumber(in: entry) { neighbour(of: $0, using: &$1) }
  }

  mutating func flippedWeight() -> Fault? {
    let candidates = entries(where: { $0.map.parameterShape != nil && $0.isNonzero }, alone: true)
    guard let entry = candidates.randomElement(using: &generator) else { return nil }
    return withNumber(in: entry) { value, _ in value == 0 ? nil : -value }
  }

  /// The fault that a number of an entry's parameter is another one; some numbers stand in no entry of the map, as those of
  /// a kernel do that only ever meet padding.
  private mutating func withNumber(
    in entry: Entry, change: (Double, inout SeededGenerator) -> Double?
  ) -> Fault? {
    let map = self[entry].map
    guard let tensor = map.parameter, tensor.count > 0 else { return nil }
    for _ in 0..<12 {
      let index = Int.random(in: 0..<tensor.count, using: &generator)
      guard let value = change(tensor.elements[index], &generator) else { continue }
      var changed = tensor
      changed.elements[index] = value
      if let other = map.with(parameter: changed),
        let fault = fault(replacing: entry, by: other, subject: type(of: map).typeName)
      {
        return fault
      }
    }
    return nil
  }

  /// The offsets that are the only ones of their ports.
  private var loneOffsets: [(block: Int, position: Int)] {
    model.blocks.enumerated().flatMap { index, block in
      block.offsets.indices.filter { position in
        block.offsets.filter { $0.port == block.offsets[position].port }.count == 1
      }.map { (index, $0) }
    }
  }

  mutating func neighbouringBias() -> Fault? {
    guard let (block, position) = loneOffsets.randomElement(using: &generator) else { return nil }
    let offset = model.blocks[block].offsets[position]
    for _ in 0..<8 {
      guard let index = (0..<offset.tensor.count).randomElement(using: &generator) else { return nil }
      var changed = offset.tensor
      changed.elements[index] = neighbour(of: changed.elements[index], using: &generator)
      if let fault = fault(
        replacing: position, of: block, by: offset.replacing(changed),
        subject: offset.map.map { type(of: $0).typeName })
      {
        return fault
      }
    }
    return nil
  }

  mutating func changedOffsetMap() -> Fault? {
    var faults: [Fault] = []
    for (block, position) in loneOffsets {
      let offset = model.blocks[block].offsets[position]
      guard let map = offset.map else { continue }
      for (name, other) in map.attributeChanges(using: &generator) {
        let changed = Offset(
          port: offset.port, tensor: offset.tensor, map: other, parameter: offset.parameter)
        if let fault = fault(
          replacing: position, of: block, by: changed, subject: "\(type(of: map).typeName).\(name)")
        {
          faults.append(fault)
        }
      }
    }
    return faults.randomElement(using: &generator)
  }

  /// The fault that an offset is another one; nil where the port's summand is the same.
  private func fault(
    replacing position: Int, of block: Int, by offset: Offset<Double>, subject: String?
  ) -> Fault? {
    var blocks = model.blocks
    let (before, after) = (blocks[block].offsets[position].vector, offset.vector)
    guard let row = before.indices.first(where: { before[$0].bitPattern != after[$0].bitPattern }) else {
      return nil
    }
    blocks[block].offsets[position] = offset
    return fault(
      blocks, at: model.place(of: offset, in: blocks[block]), row: row, before: "\(before[row])",
      after: "\(after[row])", subject: subject)
  }

  mutating func extraBias() -> Fault? {
    var places: [(block: Int, port: Int, row: Int)] = []
    for (index, block) in model.blocks.enumerated() {
      for (port, size) in block.portSizes.enumerated() {
        let offsets = block.offsets.filter { $0.port == port }
        guard offsets.count < 2, offsets.allSatisfy({ $0.map == nil }) else { continue }
        let vector = offsets.first?.vector ?? [Double](repeating: 0, count: size)
        places += vector.indices.filter { vector[$0] == 0 }.map { (index, port, $0) }
      }
    }
    guard let (index, port, row) = places.randomElement(using: &generator) else { return nil }
    var blocks = model.blocks
    if !blocks[index].offsets.contains(where: { $0.port == port }) {
      let zeros = [Double](repeating: 0, count: blocks[index].portSizes[port])
      blocks[index].offsets.append(Offset(port: port, vector: zeros))
    }
    let position = blocks[index].offsets.firstIndex { $0.port == port }!
    let offset = blocks[index].offsets[position]
    var tensor = offset.tensor
    let (before, value) = (tensor.elements[row], nonzero())
    tensor.elements[row] = value
    blocks[index].offsets[position] = offset.replacing(tensor)
    return fault(
      blocks, at: model.place(of: offset, in: blocks[index]), row: row, before: "\(before)", after: "\(value)"
    )
  }
}
