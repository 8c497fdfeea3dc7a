import Blocks
import FileAccess
import LinearAlgebra
import Networks
import Operators
import TensorFiles

/// Any equation `z = φ(p_1, …, p_m)`, said as the equilibrium format says it:
/// `{"type": "block", "inputs": ["a", "b"], "size": 8, "activation": "relu", "terms": [{"from": "a", "matrix": [[…]]},
/// {"from": "b", "map": "identity"}], "b": [{"vector": […]}]}`.
struct BlockLayerFormat: LayerFormat {
  let typeName = "block"
  let keys = BlockFormat.keys + ["terms", "b"]
  var inputCount: ClosedRange<Int> { 1...(.max) }

  func read(_ object: JSONObject, name: String, sources: [ResolvedSource]) throws(FileError) -> Layer<Double>
  {
    let (shape, portShapes, nonlinearity) = try BlockFormat.read(object)
    // Of an input that stands there twice the first one counts.
    let inputs = Dictionary(
      sources.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    var names = EntryNames()
    var terms: [Term<Double>] = []
    for value in try object.required("terms").elements("a list of terms") {
      let entry = try JSONObject(value, keys: ["from"] + TermFormat.keys + ["parameter"])
      let read = try input(entry, among: inputs)
      let source = sources[read]
      let (port, place) = try BlockFormat.readPort(entry, of: portShapes, name: name)
      let map = try TermFormat.read(entry, reading: source.place, port: place)
      let parameter = try names.addLayerEntry(entry, map.parameter, place: [port, read])
      terms.append(Term(port: port, source: source.source, map: map, parameter: parameter))
    }
    var offsets: [Offset<Double>] = []
    for value in try object.optional("b")?.elements("a list of entries") ?? [] {
      let entry = try JSONObject(value, keys: OffsetFormat.keys + ["parameter"])
      let (port, place) = try BlockFormat.readPort(entry, of: portShapes, name: name)
      var offset = try OffsetFormat.read(entry, port: port, of: place)
      offset.parameter = try names.addLayerEntry(entry, offset.tensor, place: [port])
      offsets.append(offset)
    }
    return .explicit(
      Block(
        name: name, shape: shape, nonlinearity: nonlinearity, portShapes: portShapes, terms: terms,
        offsets: offsets))
  }

  /// Which of the layer's inputs a term reads.
  private func input(_ entry: JSONObject, among inputs: [String: Int]) throws(FileError) -> Int {
    guard let value = entry.optional("from") else {
      guard inputs.count == 1 else {
        throw entry.value.expected("the key \"from\", one of the inputs", found: "none")
      }
      return 0
    }
    guard let input = inputs[try value.string("one of the inputs")] else {
      throw value.expected("one of the inputs")
    }
    return input
  }

  func writes(_ layer: WrittenLayer) -> Bool { layer.block != nil }

  func write(_ layer: WrittenLayer, to writer: inout JSONWriter) throws(FileError) {
    let block = layer.block!
    try BlockFormat.write(block, to: &writer)
    try writer.key("terms")
    try writer.beginArray()
    for term in block.terms {
      let source = layer.source(term.source)
      try writer.beginObject(.inLine)
      try writer.key("from")
      try writer.string(source.name)
      try BlockFormat.writePort(term.port, to: &writer)
      try TermFormat.write(term, reading: source.shape, name: term.parameter ?? "", to: &writer)
      try writer.parameter(term.parameter)
      try writer.end()
    }
    try writer.end()
    guard !block.offsets.isEmpty else { return }
    try writer.key("b")
    try writer.beginArray()
    for offset in block.offsets {
      try writer.beginObject(.inLine)
      if offset.port > 0 { try BlockFormat.writePort(offset.port, to: &writer) }
      try OffsetFormat.write(offset, name: offset.parameter ?? "", to: &writer)
      try writer.parameter(offset.parameter)
      try writer.end()
    }
    try writer.end()
  }
}

extension JSONWriter {
  /// Writes the parameter of an entry, if it has one.
  package mutating func parameter(_ name: String?) throws(FileError) {
    guard let name else { return }
    try key("parameter")
    guard !name.isEmpty else { throw unwritable("a parameter with a name", found: "none") }
    try string(name)
  }
}
