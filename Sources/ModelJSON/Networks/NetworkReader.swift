import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import Networks
import Operators
import TensorFiles

/// Reads a network: what every layer is called and reads first, since that may stand further down; then each layer
/// after those that it reads, whose shapes decide its own.
package struct NetworkReader {
  /// The keys besides those of the header, as messages list them.
  package static let keys = ["input", "layers", "output"]

  private struct Entry {
    let object: JSONObject
    let name: String
    let format: any LayerFormat
    /// The names of what it reads, each with its place; nil for the layer before it.
    let inputs: [JSONValue]?
  }

  private let object: JSONObject
  private let inputShape: [Int]
  private var entries: [Entry] = []
  private var positions: [String: Int] = [:]

  /// The network that an object describes.
  package static func read(_ object: JSONObject) throws(FileError) -> Network<Double> {
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
    let sources = try entries.indices.map { index throws(FileError) in try self.sources(of: index) }
    let layers = try readLayers(sources)
    try refuseClashingParameters(layers)
    return try object.value.validModel { () throws(InvalidModel) in
      try Network(inputShape: inputShape, layers: layers, output: output ?? layers.count - 1)
    }
  }

  /// Reads the type, the name and the inputs of one layer.
  private mutating func add(_ value: JSONValue) throws(FileError) {
    let typeValue = try JSONObject(value, keys: nil).required("type")
    guard let format = LayerRegistry.format(named: try typeValue.string("a type of layer")) else {
      throw typeValue.expected("a type of layer, such as \"dense\", \"conv\", \"add\" or \"relu\"")
    }
    let object = try JSONObject(value, keys: ["type", "name", "inputs"] + format.keys)
    let nameValue = object.optional("name")
    let name = try nameValue?.name() ?? "layer\(entries.count)"
    if let nameValue, name == "input" {
      throw nameValue.expected("a name of the layer's own, not the input's")
    }
    if let other = positions.updateValue(entries.count, forKey: name) {
      throw (nameValue ?? value).expected(
        "a name of its own", found: "\(quoted(name)), the name of \(entries[other].object.value.place)")
    }
    let inputs = try object.optional("inputs").map { value throws(FileError) in
      try Self.inputs(value, count: format.inputCount)
    }
    entries.append(Entry(object: object, name: name, format: format, inputs: inputs))
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
      guard entry.format.inputCount.contains(1) else {
        _ = try entry.object.required("inputs")
        preconditionFailure("inputs that are not there")
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

  /// The layers in the order of the file, each read after those that it reads.
  private func readLayers(_ sources: [[Source]]) throws(FileError) -> [Layer<Double>] {
    let read = sources.map { sources in
      sources.compactMap { source in if case .node(let index) = source { index } else { nil } }
    }
    let order = stronglyConnectedComponents(sources: read)
    for component in order { try refuseCycle(component, read) }
    var layers = [Layer<Double>?](repeating: nil, count: entries.count)
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
      let layer = try entry.format.read(entry.object, name: entry.name, sources: resolved)
      total += layer.coordinates
      guard total <= Sizes.maximum else {
        throw entry.object.value.expected(
          "up to \(Sizes.maximum) coordinates of all layers together", found: "more")
      }
      layers[index] = layer
    }
    return layers.map { $0! }
  }

  private func refuseCycle(_ component: [Int], _ read: [[Int]]) throws(FileError) {
    guard component.count > 1 || read[component[0]].contains(component[0]) else { return }
    let names = component.prefix(4).map { quoted(entries[$0].name) }.joined(separator: ", ")
    // In a cycle some layer reads one that is not before it, which takes an `inputs`.
    let place = component.compactMap { entries[$0].object.optional("inputs") }.first ?? object.value
    throw place.expected(
      "layers that read each other in no cycle",
      found: "one through \(names)" + (component.count > 4 ? ", …" : ""))
  }

  /// Refuses parameters of different layers under one full name: `a.b.weight` may be `b.weight` of a layer `a`, and
  /// `weight` of a layer `a.b`.
  ///
  /// A layer of type `block` spells its parameters' full names, and may mean those of another layer: a tied weight, with
  /// the same numbers.
  private func refuseClashingParameters(_ layers: [Layer<Double>]) throws(FileError) {
    var owners: [String: (layer: Int, tensor: Tensor<Double>)] = [:]
    for (index, layer) in layers.enumerated() {
      let own = layer.parameters
      for name in own.names {
        guard let owner = owners[name] else {
          owners[name] = (index, own[name]!)
          continue
        }
        let isSpelled = [index, owner.layer].contains { entries[$0].format is BlockLayerFormat }
        guard isSpelled, own[name]!.isIdentical(to: owner.tensor) else {
          throw entries[index].object.value.expected(
            isSpelled
              ? "the same numbers wherever a parameter stands" : "parameters with names of their own",
            found: "\(quoted(name)), a parameter of \(entries[owner.layer].object.value.place) too")
        }
      }
    }
  }
}

extension Layer<Double> {
  /// The number of state coordinates that the layer becomes.
  fileprivate var coordinates: Int {
    if case .implicit(let layer) = self { layer.model.stateSize } else { size }
  }
}
