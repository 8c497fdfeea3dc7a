import FileAccess
import ONNXSchema
import Operators

/// The names of the tensors in nested graphs and functions, each unlike all others of the model: they name parameters.
final class TensorNames {
  private var taken: Set<String>
  private var counts: [String: Int] = [:]

  init(taken: [String]) {
    self.taken = Set(taken)
  }

  /// A name that was not given before.
  func unique(_ name: String) -> String {
    var result = name
    while !taken.insert(result).inserted {
      counts[name, default: 1] += 1
      result = "\(name)'\(counts[name]!)"
    }
    return result
  }
}

/// Where a graph stands in the model, for the names of its tensors.
struct NamedPlace {
  /// What comes before a name; empty in the model's own graph, whose names are its own.
  let prefix: String
  let names: TensorNames
  /// How many graphs are around.
  let depth: Int

  init(_ prefix: String, _ names: TensorNames, depth: Int = 0) {
    (self.prefix, self.names, self.depth) = (prefix, names, depth)
  }

  /// The name in the model of a tensor with a name of its own in the graph.
  func name(_ own: String) -> String { prefix.isEmpty ? own : names.unique(prefix + own) }
}

/// The decoding of graphs and functions within a model.
extension ONNXDecoder {
  /// More graphs around a graph than any program that is worth unrolling has.
  private static let mostNested = 16

  /// The model's own constants.
  func initializers(
    of graph: ONNXGraphDescription, _ places: RawDataLocator.GraphPlaces
  ) throws(FileError) -> [ONNXTensor] {
    guard places.initializers.count == graph.initializer.count else { throw isNoModel }
    var tensors: [ONNXTensor] = []
    for (tensor, rawData) in zip(graph.initializer, places.initializers) {
      tensors.append(
        try reader.tensor(
          tensor, name: tensor.name, rawData: rawData, place: "initializer \(quoted(tensor.name))"))
    }
    return tensors
  }

  /// Nodes in their order.
  func nodes(
    _ nodes: [ONNXNodeDescription], _ places: [[RawDataLocator.AttributePlace]], _ named: NamedPlace
  ) throws(FileError) -> [ONNXModel.Node] {
    guard places.count == nodes.count else { throw isNoModel }
    var result: [ONNXModel.Node] = []
    for (node, places) in zip(nodes, places) { result.append(try self.node(node, places, named)) }
    return result
  }

  /// The functions of a model.
  func functions(
    _ descriptions: [ONNXFunctionDescription], _ places: [RawDataLocator.FunctionPlaces],
    _ names: TensorNames
  ) throws(FileError) -> [ONNXModel.FunctionName: ONNXModel.Function] {
    guard places.count == descriptions.count else { throw isNoModel }
    var functions: [ONNXModel.FunctionName: ONNXModel.Function] = [:]
    for (description, places) in zip(descriptions, places) {
      let name = ONNXModel.FunctionName(
        domain: description.domain, name: description.name, overload: description.overload)
      let place = "function \(quoted(name.name))"
      guard !name.domain.isEmpty else {
        throw refused(place, "expected a function of a domain of its own, found one of ONNX's")
      }
      let named = NamedPlace("\(name.name)/", names)
      var defaults: [String: ONNXModel.Attribute] = [:]
      guard places.defaults.count == description.attributeProto.count else { throw isNoModel }
      for (attribute, found) in zip(description.attributeProto, places.defaults) {
        defaults[attribute.name] = try self.attribute(
          attribute, named: attribute.type == 4 ? named.name(attribute.name) : "", found, named, place: place)
      }
      let hasOpset = description.opsetImport.contains { isDefaultDomain($0.domain) }
      let function = ONNXModel.Function(
        inputs: description.input, outputs: description.output, attributes: Set(description.attribute),
        defaults: defaults, nodes: try nodes(description.node, places.attributes, named),
        opset: hasOpset ? try opset(of: description.opsetImport, "\(place): opset_import") : nil)
      guard functions.updateValue(function, forKey: name) == nil else {
        throw refused(place, "expected one function of this name, found two")
      }
    }
    return functions
  }

  private var isNoModel: FileError {
    refused("", "expected an ONNX model, found bytes that are not its messages")
  }

  private func node(
    _ node: ONNXNodeDescription, _ places: [RawDataLocator.AttributePlace], _ named: NamedPlace
  ) throws(FileError) -> ONNXModel.Node {
    let name = node.name.isEmpty ? node.output.first { !$0.isEmpty } ?? "" : node.name
    let place = "\(abbreviated(node.opType)) \(quoted(name))"
    guard places.count == node.attribute.count else { throw isNoModel }
    let output = node.output.first { !$0.isEmpty } ?? ""
    let within = NamedPlace("\(named.prefix)\(output)/", named.names, depth: named.depth)
    var attributes: [String: ONNXModel.Attribute] = [:]
    for (attribute, found) in zip(node.attribute, places) {
      var tensor = ""
      if attribute.type == 4 {
        // The tensor of a Constant is named after the node's output.
        tensor =
          node.opType == "Constant"
          ? named.name(output) : named.names.unique("\(named.prefix)\(output).\(attribute.name)")
      }
      let value = try self.attribute(attribute, named: tensor, found, within, place: place)
      guard attributes.updateValue(value, forKey: attribute.name) == nil else {
        throw refused(place, "attribute \(quoted(attribute.name)): expected it once, found it twice")
      }
    }
    return ONNXModel.Node(
      operatorType: node.opType, domain: node.domain, name: node.name, inputs: node.input,
      outputs: node.output, attributes: attributes, overload: node.overload)
  }

  /// An attribute; if it is a tensor, under this name in the model.
  private func attribute(
    _ attribute: ONNXAttributeDescription, named name: String, _ found: RawDataLocator.AttributePlace,
    _ named: NamedPlace, place: String
  ) throws(FileError) -> ONNXModel.Attribute {
    guard attribute.refAttrName.isEmpty else { return .reference(attribute.refAttrName) }
    switch attribute.type {
    case 1: return .number(Double(attribute.f))
    case 2: return .integer(Int(attribute.i))
    case 3: return .word(String(decoding: attribute.s, as: UTF8.self))
    case 4:
      return .tensor(
        try reader.tensor(
          attribute.t, name: name, rawData: found.rawData, place: "\(place): \(attribute.name)"))
    case 5:
      guard let graph = found.graph else { return .other("a graph") }
      let named = NamedPlace("\(named.prefix)\(attribute.name)/", named.names, depth: named.depth + 1)
      return .graph(try subgraph(in: graph, named, place: "\(place): \(attribute.name)"))
    case 6: return .numbers(attribute.floats.map { Double($0) })
    case 7: return .integers(attribute.ints.map { Int($0) })
    case 8: return .words(attribute.strings.map { String(decoding: $0, as: UTF8.self) })
    case 9: return .other("several tensors")
    case 10: return .other("several graphs")
    case 11, 12: return .other("a sparse tensor")
    default: return .other("an attribute of type \(attribute.type)")
    }
  }

  /// The body of a loop, or a branch.
  private func subgraph(
    in range: Range<Int>, _ named: NamedPlace, place: String
  ) throws(FileError) -> ONNXModel.Subgraph {
    guard named.depth <= Self.mostNested else {
      throw refused(place, "expected graphs in up to \(Self.mostNested) others, found more")
    }
    let graph: ONNXGraphDescription = try message(in: range)
    guard graph.sparseInitializer.isEmpty else {
      throw refused(place, "expected dense initializers only, found a sparse one")
    }
    let places = bytes.withBytes { RawDataLocator.places(ofGraph: range, $0) }
    guard places.initializers.count == graph.initializer.count else { throw isNoModel }
    var initializers: [(name: String, tensor: ONNXTensor)] = []
    for (tensor, rawData) in zip(graph.initializer, places.initializers) {
      let place = "\(place): initializer \(quoted(tensor.name))"
      initializers.append(
        (
          tensor.name,
          try reader.tensor(tensor, name: named.name(tensor.name), rawData: rawData, place: place)
        ))
    }
    return ONNXModel.Subgraph(
      nodes: try nodes(graph.node, places.attributes, named), initializers: initializers,
      inputs: graph.input.map(ONNXModel.ValueInfo.init), outputs: graph.output.map(ONNXModel.ValueInfo.init))
  }
}
