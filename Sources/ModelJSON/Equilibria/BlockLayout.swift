import Blocks
import Equilibria
import FileAccess
import Operators
import TensorFiles

/// The list `blocks` of an equilibrium model, without the blocks' sources.
package struct BlockLayout {
  /// The blocks, in the order of the file.
  package let blocks: [BlockOutline]
  /// The shape of one sample of the input.
  package let inputShape: [Int]
  private let positions: [String: Int]

  /// The layout that a list describes.
  package init(_ value: JSONValue, inputShape: [Int]) throws(FileError) {
    var blocks: [BlockOutline] = []
    var positions: [String: Int] = [:]
    var total = 0
    for element in try value.elements("a list of blocks") {
      let block = try Self.block(element)
      if let other = positions.updateValue(blocks.count, forKey: block.name) {
        throw try JSONObject(element, keys: nil).required("name").expected(
          "a unique name", found: "\(quoted(block.name)), the name of \(value.element(other).place)")
      }
      blocks.append(block)
      total += max(block.size, block.portShapes.reduce(0) { $0 + $1.reduce(1, *) })
      guard total <= MemoryBudget.coordinates else {
        throw value.expected(
          "up to \(MemoryBudget.coordinates) coordinates of all blocks and their ports together (--memory-limit raises this)",
          found: "more")
      }
    }
    guard !blocks.isEmpty else { throw value.expected("a list of blocks") }
    (self.blocks, self.positions, self.inputShape) = (blocks, positions, inputShape)
  }

  private static func block(_ value: JSONValue) throws(FileError) -> BlockOutline {
    let object = try JSONObject(value, keys: ["name"] + BlockFormat.keys)
    let name = try object.required("name").name()
    let (shape, portShapes, nonlinearity) = try BlockFormat.read(object)
    return BlockOutline(name: name, shape: shape, portShapes: portShapes, nonlinearity: nonlinearity)
  }

  /// The number of state coordinates, N.
  package var stateSize: Int { blocks.reduce(0) { $0 + $1.size } }

  /// The number of coordinates of all ports, M.
  package var portCoordinates: Int { blocks.reduce(0) { $1.portShapes.reduce($0) { $0 + $1.reduce(1, *) } } }

  /// The position of the block that a value names.
  package func position(of value: JSONValue) throws(FileError) -> Int {
    guard let position = positions[try value.string("the name of a block")] else {
      throw value.expected("the name of a block")
    }
    return position
  }

  /// A block as a source.
  package func place(_ position: Int) -> Expectation {
    Expectation(shape: blocks[position].shape, reason: "the size of \(quoted(blocks[position].name))")
  }

  /// The input as a source.
  package var input: Expectation { Expectation(shape: inputShape, reason: "the size of the input") }

  /// A port of a block, which an entry must name unless there is only one.
  package func port(_ entry: JSONObject, of block: Int) throws(FileError) -> (Int, Expectation) {
    try BlockFormat.readPort(entry, of: blocks[block].portShapes, name: blocks[block].name)
  }

  /// Writes the list for a model's blocks, one block on each line.
  ///
  /// - Throws: `FileError` for a block without a name.
  package static func write(_ blocks: [Block<Double>], to writer: inout JSONWriter) throws(FileError) {
    try writer.key("blocks")
    try writer.beginArray()
    for block in blocks {
      try writer.beginObject(.inLine)
      try writer.key("name")
      guard !block.name.isEmpty else { throw writer.unwritable("a block with a name", found: "none") }
      try writer.string(block.name)
      try BlockFormat.write(block, to: &writer)
      try writer.end()
    }
    try writer.end()
  }
}
