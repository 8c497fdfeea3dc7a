import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import Networks
import Operators
import TensorFiles

/// Reads a network. Names and sources of all layers are read first, since a source may be listed later.
/// Then each layer is read after its sources, whose shapes determine its own.
package struct NetworkReader {
  /// The keys besides those of the header, as messages list them.
  package static let keys = ["input", "layers", "output", SignatureFormat.key]

  private struct LayerHeader {
    let object: JSONObject
    let name: String
    let reader: any LayerReading
    /// The names of its sources, each with its place; nil for the previous layer.
    let inputs: [JSONValue]?
  }

  private let object: JSONObject
  private let inputShape: [Int]
  private var entries: [LayerHeader] = []
  private var positions: [String: Int] = [:]
  private let readerNamed: (String) -> (any LayerReading)?

  /// The network that an object describes.
  ///
  /// - Parameter readerNamed: The reader of a type of layer.
  package static func read(
    _ object: JSONObject,
    readerNamed: @escaping (String) -> (any LayerReading)? = LayerRegistry.reader
  ) throws(FileError) -> Network<Double> {
    var reader = try NetworkReader(object, readerNamed)
    return try reader.network()
  }

  private init(
    _ object: JSONObject, _ readerNamed: @escaping (String) -> (any LayerReading)?
  ) throws(FileError) {
    self.object = object
    self.readerNamed = readerNamed
    inputShape = try Sizes.readInput(object)
  }

  private mutating func network() throws(FileError) -> Network<Double> {
    let list = try object.required("layers")
    for value in try list.elements("a list of layers") { try add(value) }
    guard !entries.isEmpty else { throw list.expected("a list of layers") }
    let output = try object.optional("output").map { value throws(FileError) in try position(of: value) }
    let signature = try SignatureFormat.read(object)
    let sources = try entries.indices.map { index throws(FileError) in try self.sources(of: index) }
    let (layers, owners) = try readLayers(sources)
    try refuseClashingParameters(layers, owners)
    return try object.value.validModel { () throws(InvalidModel) in
      try Network(
        inputShape: inputShape, layers: layers, output: output ?? entries.count - 1, signature: signature)
    }
  }

  /// Reads the type, the name and the inputs of one layer.
  private mutating func add(_ value: JSONValue) throws(FileError) {
    let typeValue = try JSONObject(value, keys: nil).required("type")
    let type = try typeValue.string("a type of layer")
    guard let reader = readerNamed(type) else {
      throw typeValue.expected(
        "a type of layer, such as \"dense\", \"conv\", \"add\" or \"relu\"",
        found: typeValue.summary + suggestion(for: type, among: LayerRegistry.names))
    }
    let object = try JSONObject(value, keys: ["type", "name", "inputs"] + reader.keys)
    let nameValue = object.optional("name")
    let name = try nameValue?.name() ?? "layer\(entries.count)"
    if let nameValue, name == "input" {
      throw nameValue.expected("a name other than the input's")
    }
    if let other = positions.updateValue(entries.count, forKey: name) {
      throw (nameValue ?? value).expected(
        "a unique name", found: "\(quoted(name)), the name of \(entries[other].object.value.place)")
    }
    let inputs = try object.optional("inputs").map { value throws(FileError) in
      try Self.inputs(value, count: reader.inputCount)
    }
    entries.append(LayerHeader(object: object, name: name, reader: reader, inputs: inputs))
  }

  private static func inputs(_ value: JSONValue, count: ClosedRange<Int>) throws(FileError) -> [JSONValue] {
    let one = count == 1...1
    let names = try value.elements(one ? "a list of one name" : "a list of names")
    guard count.contains(names.count) else {
      let wanted =
        count.upperBound == .max
        ? "\(counted(count.lowerBound, "name")) or more" : counted(count.upperBound, "name")
      throw value.expected(one ? "one name" : wanted, found: names.isEmpty ? "none" : "\(names.count)")
    }
    return names
  }

  private func position(of value: JSONValue) throws(FileError) -> Int {
    guard let position = positions[try value.string("the name of a layer")] else {
      throw value.expected("the name of a layer")
    }
    return position
  }

  private func sources(of index: Int) throws(FileError) -> [Source] {
    let entry = entries[index]
    guard let inputs = entry.inputs else {
      guard entry.reader.inputCount.contains(1) else {
        _ = try entry.object.required("inputs")
        preconditionFailure("unknown inputs")
      }
      return [index == 0 ? .input : .node(index - 1)]
    }
    return try inputs.map { value throws(FileError) in
      let name = try value.string("\"input\" or the name of a layer")
      if name == "input" { return .input }
      guard let position = positions[name] else { throw value.expected("\"input\" or the name of a layer") }
      return .node(position)
    }
  }

  /// The layers in the order of the file, each read after its sources, followed by their helpers; and for each the
  /// entry that it comes from.
  private func readLayers(
    _ sources: [[Source]]
  ) throws(FileError) -> (layers: [Layer<Double>], owners: [Int]) {
    let read = sources.map { sources in
      sources.compactMap { source in if case .node(let index) = source { index } else { nil } }
    }
    let order = stronglyConnectedComponents(sources: read)
    for component in order { try refuseCycle(component, read) }
    var layers = [Layer<Double>?](repeating: nil, count: entries.count)
    var (helpers, owners): ([Layer<Double>], [Int]) = ([], Array(entries.indices))
    var total = 0
    for index in order.map({ $0[0] }) {
      let resolved = sources[index].map { source in
        switch source {
        case .input:
          ResolvedSource(
            source: source, name: "input",
            place: Expectation(shape: inputShape, reason: "the size of the input"))
        case .node(let node):
          ResolvedSource(
            source: source, name: entries[node].name,
            place: Expectation(
              shape: layers[node]!.shape, reason: "the size of \(quoted(entries[node].name))"))
        }
      }
      let entry = entries[index]
      let read = try entry.reader.read(
        entry.object, name: entry.name, sources: resolved, helpers: entries.count + helpers.count)
      if let large = read.first(where: { $0.shape.reduce(1, *) > TensorSize.maximum }) {
        throw entry.object.value.expected(
          "a value of up to \(TensorSize.maximum) numbers", found: "one of shape \(large.shape)")
      }
      total += read.reduce(0) { $0 + $1.coordinates }
      guard total <= MemoryBudget.coordinates else {
        throw entry.object.value.expected(
          "up to \(MemoryBudget.coordinates) coordinates of all layers together (--memory-limit raises this)",
          found: "more")
      }
      layers[index] = read.last!
      helpers += read.dropLast()
      owners += read.dropLast().map { _ in index }
    }
    return (layers.map { $0! } + helpers, owners)
  }

  private func refuseCycle(_ component: [Int], _ read: [[Int]]) throws(FileError) {
    guard component.count > 1 || read[component[0]].contains(component[0]) else { return }
    let names = component.prefix(4).map { quoted(entries[$0].name) }.joined(separator: ", ")
    // In a cycle at least one layer reads a layer other than the previous one, which requires `inputs`.
    let place = component.compactMap { entries[$0].object.optional("inputs") }.first ?? object.value
    throw place.expected(
      "layers without a cycle",
      found: "one through \(names)" + (component.count > 4 ? ", …" : ""))
  }

  /// Refuses parameters of different layers with the same full name: `a.b.weight` may be `b.weight` of a
  /// layer `a`, or `weight` of a layer `a.b`.
  ///
  /// A layer of type `block` gives its parameters' full names. It may name those of another layer: a tied weight, with
  /// the same numbers.
  private func refuseClashingParameters(_ layers: [Layer<Double>], _ entryOf: [Int]) throws(FileError) {
    var owners: [String: (layer: Int, tensor: Tensor<Double>)] = [:]
    for (index, layer) in layers.enumerated() {
      let own = layer.parameters
      for name in own.names {
        guard let owner = owners[name] else {
          owners[name] = (entryOf[index], own[name]!)
          continue
        }
        // Layers of one entry share its parameters.
        if owner.layer == entryOf[index] { continue }
        let isSpelled = [entryOf[index], owner.layer].contains { entries[$0].reader is BlockLayerFormat }
        guard isSpelled, own[name]!.isIdentical(to: owner.tensor) else {
          throw entries[entryOf[index]].object.value.expected(
            isSpelled
              ? "the same numbers in every occurrence of a parameter" : "parameters with unique names",
            found: "\(quoted(name)), a parameter of \(entries[owner.layer].object.value.place) too")
        }
      }
    }
  }
}

extension Layer<Double> {
  /// The number of coordinates of the converted layer, as the reader of equilibrium models counts them.
  fileprivate var coordinates: Int {
    switch self {
    case .explicit(let block): block.claimedCoordinates
    case .implicit(let layer): layer.model.blocks.reduce(0) { $0 + $1.claimedCoordinates }
    }
  }
}
