import Equilibria
import Operators

/// The list `blocks` of an equilibrium model: what there is, before what it reads.
struct BlockLayout {
  /// One element of the list.
  struct Entry {
    let name: String
    let size: Int
    let nonlinearity: any Nonlinearity
  }

  /// The blocks, in the order of the file.
  let blocks: [Entry]
  /// The number of input coordinates.
  let inputSize: Int
  private let positions: [String: Int]

  /// The layout that a list describes.
  init(_ value: JSONValue, inputSize: Int) throws(FileError) {
    var blocks: [Entry] = []
    var positions: [String: Int] = [:]
    var total = 0
    for element in try value.elements("a list of blocks") {
      let block = try Self.block(element)
      if let other = positions.updateValue(blocks.count, forKey: block.name) {
        throw try JSONObject(element, keys: nil).required("name").expected(
          "a name of its own", found: "\(quoted(block.name)), the name of \(value.element(other).place)")
      }
      blocks.append(block)
      total += block.size
      guard total <= Sizes.maximum else {
        throw value.expected("up to \(Sizes.maximum) state coordinates", found: "more")
      }
    }
    guard !blocks.isEmpty else { throw value.expected("a list of blocks") }
    (self.blocks, self.positions, self.inputSize) = (blocks, positions, inputSize)
  }

  private static func block(_ value: JSONValue) throws(FileError) -> Entry {
    let object = try JSONObject(value, keys: ["name", "size", "activation"])
    let name = try object.required("name").name()
    let size = try object.required("size").size(atMost: Sizes.maximum)
    return Entry(
      name: name, size: size,
      nonlinearity: try ActivationFormat.read(object.required("activation"), size: size))
  }

  /// The number of state coordinates, N.
  var stateSize: Int { blocks.reduce(0) { $0 + $1.size } }

  /// The position of the block that a value names.
  func position(of value: JSONValue) throws(FileError) -> Int {
    guard let position = positions[try value.string("the name of a block")] else {
      throw value.expected("the name of a block")
    }
    return position
  }

  /// The size of a block, with the reason that messages give for it.
  func size(_ position: Int) -> (Int, String) {
    (blocks[position].size, "the size of \(quoted(blocks[position].name))")
  }

  /// Writes the list for a model's blocks, a block on each line.
  ///
  /// - Throws: `FileError` for a block that the format cannot say: one with several ports, or without a name.
  static func write(_ blocks: [Block<Double>], to writer: inout JSONWriter) throws(FileError) {
    try writer.key("blocks")
    try writer.beginArray()
    for block in blocks {
      try writer.beginObject(.inLine)
      try writer.key("name")
      guard !block.name.isEmpty else { throw writer.unwritable("a block with a name", found: "none") }
      try writer.string(block.name)
      try writer.key("size")
      guard block.portSizes == [block.size] else {
        throw writer.unwritable(
          "a block with one port as large as itself", found: "ports of \(block.portSizes)")
      }
      try writer.integer(block.size)
      try writer.key("activation")
      try ActivationFormat.write(block.nonlinearity, to: &writer)
      try writer.end()
    }
    try writer.end()
  }
}
