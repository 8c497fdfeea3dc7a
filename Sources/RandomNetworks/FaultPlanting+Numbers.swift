import Equilibria
import LinearAlgebra
import Operators

/// Faults in one number.
extension FaultPlanting {
  mutating func neighbouringWeight(reading isWanted: (Source) -> Bool) -> Fault? {
    guard
      let entry = entries(
        where: { isWanted($0.source) && $0.isDense && !$0.matrix.elements.isEmpty }, alone: true
      )
      .randomElement(using: &generator)
    else { return nil }
    let index = Int.random(in: self[entry].matrix.elements.indices, using: &generator)
    return withNumber(neighbour(of: self[entry].matrix.elements[index]), at: index, in: entry)
  }

  mutating func flippedWeight() -> Fault? {
    guard
      let entry = entries(where: { $0.isDense && $0.isNonzero }, alone: true).randomElement(using: &generator)
    else {
      return nil
    }
    let elements = self[entry].matrix.elements
    let index = elements.indices.filter { elements[$0] != 0 }.randomElement(using: &generator)!
    return withNumber(-elements[index], at: index, in: entry)
  }

  func withNumber(_ value: Double, at index: Int, in entry: Entry) -> Fault? {
    var matrix = self[entry].matrix
    let before = matrix.elements[index]
    matrix.elements[index] = value
    var blocks = model.blocks
    blocks[entry.block].terms[entry.term].map = DenseMap(matrix)
    return fault(
      blocks, at: place(of: entry), row: index / matrix.columns, column: index % matrix.columns,
      before: "\(before)", after: "\(value)")
  }

  mutating func neighbouringBias() -> Fault? {
    let candidates = model.blocks.indices.filter { index in
      model.blocks[index].offsets.count == 1 && model.blocks[index].offsets[0].map == nil
    }
    guard let index = candidates.randomElement(using: &generator) else { return nil }
    var blocks = model.blocks
    let vector = blocks[index].offsets[0].vector
    guard let row = vector.indices.randomElement(using: &generator) else { return nil }
    let value = neighbour(of: vector[row])
    blocks[index].offsets[0] = blocks[index].offsets[0].replacing(value, at: row)
    return fault(
      blocks, at: "b[\(blocks[index].name)]", row: row, before: "\(vector[row])", after: "\(value)")
  }

  mutating func neighbour(of value: Double) -> Double {
    let neighbour = Bool.random(using: &generator) ? value.nextUp : value.nextDown
    return neighbour.isFinite ? neighbour : -(-value).nextUp
  }

  mutating func extraBias() -> Fault? {
    var places: [(block: Int, row: Int)] = []
    for (index, block) in model.blocks.enumerated()
    where block.portSizes == [block.size] && block.offsets.count < 2
      && block.offsets.allSatisfy({ $0.map == nil })
    {
      let vector = block.offsets.first?.vector ?? [Double](repeating: 0, count: block.size)
      places += vector.indices.filter { vector[$0] == 0 }.map { (index, $0) }
    }
    guard let (index, row) = places.randomElement(using: &generator) else { return nil }
    var blocks = model.blocks
    if blocks[index].offsets.isEmpty {
      blocks[index].offsets = [Offset(vector: [Double](repeating: 0, count: blocks[index].size))]
    }
    let (before, value) = (blocks[index].offsets[0].vector[row], nonzero())
    blocks[index].offsets[0] = blocks[index].offsets[0].replacing(value, at: row)
    return fault(blocks, at: "b[\(blocks[index].name)]", row: row, before: "\(before)", after: "\(value)")
  }
}
