import Equilibria
import LinearAlgebra
import Operators

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
        name: block.name, size: block.size, nonlinearity: block.nonlinearity, terms: reader.terms[index],
        offsets: reader.offsets[index])
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
        try writer.key("vector")
        try writer.numbers(offset.vector)
        try writeParameter(offset.parameter, to: &writer)
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
        try writer.key("matrix")
        guard (term.map.parameterShape ?? term.map.shape) == term.map.shape else {
          throw writer.unwritable("a matrix as parameter", found: "one of shape \(term.map.parameterShape!)")
        }
        try writer.matrix(term.map.matrix)
        try writeParameter(term.parameter, to: &writer)
        try writer.end()
      }
    }
    try writer.end()
  }

  private static func writeParameter(_ name: String?, to writer: inout JSONWriter) throws(FileError) {
    guard let name else { return }
    try writer.key("parameter")
    guard !name.isEmpty else { throw writer.unwritable("a parameter with a name", found: "none") }
    try writer.string(name)
  }
}

extension LinearMap {
  /// Rows and columns, as a parameter's shape.
  var shape: [Int] { [outputSize, inputSize] }
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
    let entry = try JSONObject(value, keys: ["to", "matrix", "parameter"])
    let to = try layout.position(of: entry.required("to"))
    let matrix = try entry.required("matrix").matrix(
      rows: layout.size(to), columns: (layout.inputSize, "the size of the input"))
    let parameter = try names.add(
      entry, shape: [matrix.rows, matrix.columns], default: "Wx[\(layout.blocks[to].name)]", place: [to])
    terms[to].append(Term(source: .input, map: DenseMap(matrix), parameter: parameter))
  }

  mutating func readWz(_ value: JSONValue) throws(FileError) {
    let entry = try JSONObject(value, keys: ["to", "from", "matrix", "parameter"])
    let to = try layout.position(of: entry.required("to"))
    let from = try layout.position(of: entry.required("from"))
    let matrix = try entry.required("matrix").matrix(rows: layout.size(to), columns: layout.size(from))
    let parameter = try names.add(
      entry, shape: [matrix.rows, matrix.columns],
      default: "Wz[\(layout.blocks[to].name),\(layout.blocks[from].name)]", place: [to, from])
    terms[to].append(Term(source: .node(from), map: DenseMap(matrix), parameter: parameter))
  }

  mutating func readB(_ value: JSONValue) throws(FileError) {
    let entry = try JSONObject(value, keys: ["to", "vector", "parameter"])
    let to = try layout.position(of: entry.required("to"))
    let (size, reason) = layout.size(to)
    let vector = try entry.required("vector").vector(size, reason)
    let parameter = try names.add(
      entry, shape: [size], default: "b[\(layout.blocks[to].name)]", place: [to])
    offsets[to].append(Offset(vector: vector, parameter: parameter))
  }
}
