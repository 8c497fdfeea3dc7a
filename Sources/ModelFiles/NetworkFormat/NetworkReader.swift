import Equilibria
import Networks
import Operators

/// Reads a network: every layer on its own first, then what each reads, which may stand further down.
struct NetworkReader {
  /// The keys besides those of the header, as messages list them.
  static let keys = ["input", "layers", "output"]

  private struct Entry {
    let value: JSONValue
    let name: String
    /// The names of what it reads, with their places; nil for the one before it.
    let inputs: JSONValue?
    let draft: LayerDraft
  }

  private let object: JSONObject
  private let inputShape: [Int]
  private var entries: [Entry] = []
  private var positions: [String: Int] = [:]

  /// The network that an object describes.
  static func read(_ object: JSONObject) throws(FileError) -> Network<Double> {
    var reader = try NetworkReader(object)
    return try reader.network()
  }

  private init(_ object: JSONObject) throws(FileError) {
    self.object = object
    inputShape = try Sizes.readInput(object)
  }

  private mutating func network() throws(FileError) -> Network<Double> {
    let list = try object.required("layers")
    for value in try list.elements("a list of layers") { try add(value) }
    guard !entries.isEmpty else { throw list.expected("a list of layers") }
    let output = try object.optional("output").map { value throws(FileError) in try position(of: value) }
    let sources = try entries.indices.map { index throws(FileError) in try source(of: index) }
    try refuseCycles(sources)
    var layers: [Layer<Double>] = []
    for (entry, source) in zip(entries, sources) { layers.append(try entry.draft.make(source)) }
    try refuseClashingParameters(layers)
    return try object.value.validModel { () throws(InvalidModel) in
      try Network(inputShape: inputShape, layers: layers, output: output ?? layers.count - 1)
    }
  }

  /// Reads one layer, all but what it reads.
  private mutating func add(_ value: JSONValue) throws(FileError) {
    let typeValue = try JSONObject(value, keys: nil).required("type")
    guard let format = LayerRegistry.format(named: try typeValue.string("a type of layer")) else {
      let names = LayerRegistry.all.map { quoted($0.typeName) }
      throw typeValue.expected("one of \(names.joined(separator: ", "))")
    }
    let object = try JSONObject(value, keys: ["type", "name", "inputs"] + format.keys)
    let nameValue = object.optional("name")
    let name = try nameValue?.name() ?? "layer\(entries.count)"
    if let nameValue, name == "input" {
      throw nameValue.expected("a name of the layer's own, not the input's")
    }
    if let other = positions.updateValue(entries.count, forKey: name) {
      throw (nameValue ?? value).expected(
        "a name of its own", found: "\(quoted(name)), the name of \(entries[other].value.place)")
    }
    entries.append(
      Entry(
        value: value, name: name, inputs: object.optional("inputs"),
        draft: try format.read(object, name: name)))
  }

  private func position(of value: JSONValue) throws(FileError) -> Int {
    guard let position = positions[try value.string("the name of a layer")] else {
      throw value.expected("the name of a layer")
    }
    return position
  }

  private func source(of index: Int) throws(FileError) -> ResolvedSource {
    guard let value = entries[index].inputs else {
      return index == 0 ? input : output(of: index - 1)
    }
    let names = try value.elements("a list of one name")
    guard names.count == 1 else {
      throw value.expected("one name", found: names.isEmpty ? "none" : "\(names.count)")
    }
    let name = try names[0].string("\"input\" or the name of a layer")
    if name == "input" { return input }
    guard let position = positions[name] else { throw names[0].expected("\"input\" or the name of a layer") }
    return output(of: position)
  }

  private var input: ResolvedSource {
    ResolvedSource(source: .input, size: inputShape.reduce(1, *), reason: "the size of the input")
  }

  private func output(of index: Int) -> ResolvedSource {
    ResolvedSource(
      source: .node(index), size: entries[index].draft.size,
      reason: "the size of \(quoted(entries[index].name))")
  }

  private func refuseCycles(_ sources: [ResolvedSource]) throws(FileError) {
    let read = sources.map { source in
      if case .node(let index) = source.source { [index] } else { [Int]() }
    }
    for component in stronglyConnectedComponents(sources: read)
    where component.count > 1 || read[component[0]] == component {
      let names = component.prefix(4).map { quoted(entries[$0].name) }.joined(separator: ", ")
      // In a cycle some layer reads one that is not before it, which takes an `inputs`.
      let place = component.compactMap { entries[$0].inputs }.first ?? object.value
      throw place.expected(
        "layers that read each other in no cycle",
        found: "one through \(names)" + (component.count > 4 ? ", …" : ""))
    }
  }

  /// Refuses parameters of different layers under one full name: `a.b.weight` may be `b.weight` of a layer `a`, and
  /// `weight` of a layer `a.b`.
  private func refuseClashingParameters(_ layers: [Layer<Double>]) throws(FileError) {
    var owners: [String: Int] = [:]
    for (index, layer) in layers.enumerated() {
      for name in layer.parameters.names {
        if let other = owners.updateValue(index, forKey: name) {
          throw entries[index].value.expected(
            "parameters with names of their own",
            found: "\(quoted(name)), a parameter of \(entries[other].value.place) too")
        }
      }
    }
  }
}
