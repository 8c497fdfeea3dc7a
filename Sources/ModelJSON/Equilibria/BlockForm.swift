import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import Operators
import TensorFiles

/// `Wz`, `Wx` and `b` as lists of entries.
///
/// Terms of a block stand in the order of the file, those of `Wx` before those of `Wz`; that is the order in which
/// they are added up. An absent list is an empty one: what is not listed is zero.
enum BlockForm {
  /// The blocks of a layout with the entries of the three lists.
  static func read(_ object: JSONObject, layout: BlockLayout) throws(FileError) -> [Block<Double>] {
    var reader = EntryReader(layout: layout)
    for value in try object.optional("Wx")?.elements("a list of entries") ?? [] { try reader.readWx(value) }
    for value in try object.optional("Wz")?.elements("a list of entries") ?? [] { try reader.readWz(value) }
    for value in try object.optional("b")?.elements("a list of entries") ?? [] { try reader.readB(value) }
    return layout.blocks.indices.map { index in
      let block = layout.blocks[index]
      return Block(
        name: block.name, shape: block.shape, nonlinearity: block.nonlinearity, portShapes: block.portShapes,
        terms: reader.terms[index], offsets: reader.offsets[index])
    }
  }

  /// Writes the three lists, in the order of the blocks and of their terms.
  ///
  /// - Throws: `FileError` for an entry that the format cannot say, or a number that is not finite.
  static func write(_ model: EquilibriumModel<Double>, to writer: inout JSONWriter) throws(FileError) {
    try writeEntries("Wz", of: model, to: &writer) { source in source != .input }
    try writeEntries("Wx", of: model, to: &writer) { source in source == .input }
    try writer.key("b")
    try writer.beginArray()
    for block in model.blocks {
      for offset in block.offsets {
        try writer.beginObject(.inLine)
        try writer.key("to")
        try writer.string(block.name)
        try BlockFormat.writePort(offset.port, to: &writer)
        try OffsetFormat.write(
          offset, name: offset.parameter ?? model.place(of: offset, in: block), to: &writer)
        try writer.parameter(offset.parameter)
        try writer.end()
      }
    }
    try writer.end()
  }

  private static func writeEntries(
    _ key: String, of model: EquilibriumModel<Double>, to writer: inout JSONWriter,
    where isWritten: (Source) -> Bool
  ) throws(FileError) {
    try writer.key(key)
    try writer.beginArray()
    for block in model.blocks {
      for term in block.terms where isWritten(term.source) {
        try writer.beginObject(.inLine)
        try writer.key("to")
        try writer.string(block.name)
        if case .node(let from) = term.source {
          try writer.key("from")
          try writer.string(model.blocks[from].name)
        }
        try BlockFormat.writePort(term.port, to: &writer)
        try TermFormat.write(
          term, reading: model.shape(of: term.source),
          name: term.parameter ?? model.place(of: term, in: block), to: &writer)
        try writer.parameter(term.parameter)
        try writer.end()
      }
    }
    try writer.end()
  }
}

extension EquilibriumModel {
  /// The shape of what a source holds.
  fileprivate func shape(of source: Source) -> [Int] {
    if case .node(let index) = source { blocks[index].shape } else { inputShape }
  }
}

/// Entries on their way into blocks.
private struct EntryReader {
  let layout: BlockLayout
  var terms: [[Term<Double>]]
  var offsets: [[Offset<Double>]]
  private var names = EntryNames()

  init(layout: BlockLayout) {
    self.layout = layout
    terms = layout.blocks.map { _ in [] }
    offsets = layout.blocks.map { _ in [] }
  }

  mutating func readWx(_ value: JSONValue) throws(FileError) {
    let entry = try JSONObject(value, keys: ["to"] + TermFormat.keys + ["parameter"])
    let to = try layout.position(of: entry.required("to"))
    try addTerm(entry, to: to, reading: .input, layout.input, place: [to])
  }

  mutating func readWz(_ value: JSONValue) throws(FileError) {
    let entry = try JSONObject(value, keys: ["to", "from"] + TermFormat.keys + ["parameter"])
    let to = try layout.position(of: entry.required("to"))
    let from = try layout.position(of: entry.required("from"))
    try addTerm(entry, to: to, reading: .node(from), layout.place(from), place: [to, from])
  }

  private mutating func addTerm(
    _ entry: JSONObject, to: Int, reading source: Source, _ read: Expectation, place: [Int]
  ) throws(FileError) {
    let (port, target) = try layout.port(entry, of: to)
    let map = try TermFormat.read(entry, reading: read, port: target)
    let from = place.dropFirst().map { ",\(layout.blocks[$0].name)" }.joined()
    let matrix = source == .input ? "Wx" : "Wz"
    let parameter = try names.add(
      entry, shape: map.parameterShape, default: "\(matrix)[\(name(of: to, port))\(from)]",
      place: [port] + place)
    terms[to].append(Term(port: port, source: source, map: map, parameter: parameter))
  }

  mutating func readB(_ value: JSONValue) throws(FileError) {
    let entry = try JSONObject(value, keys: ["to"] + OffsetFormat.keys + ["parameter"])
    let to = try layout.position(of: entry.required("to"))
    let (port, target) = try layout.port(entry, of: to)
    var offset = try OffsetFormat.read(entry, port: port, of: target)
    offset.parameter = try names.add(
      entry, shape: offset.tensor.shape, default: "b[\(name(of: to, port))]", place: [port, to])
    offsets[to].append(offset)
  }

  /// The name of a block, or of one of its ports.
  private func name(of block: Int, _ port: Int) -> String {
    let block = layout.blocks[block]
    return block.portShapes.count > 1 ? "\(block.name).\(port)" : block.name
  }
}
