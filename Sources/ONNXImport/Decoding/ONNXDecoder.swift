import FileAccess
import ONNXSchema
import Operators
import SwiftProtobuf

/// Decodes the bytes of an ONNX file into an `ONNXModel`.
struct ONNXDecoder {
  private let bytes: ModelBytes
  private let reader: ONNXTensorReader

  /// The newest versions that this reader supports.
  private static let newestIR = 14
  private static let opsets = 1...28

  init(_ bytes: ModelBytes, noting log: InputFileLog? = nil) {
    self.bytes = bytes
    let files =
      switch bytes {
      case .mapped(let file): ExternalDataFiles(besideModelAt: file.path, noting: log)
      case .inMemory(let contents): ExternalDataFiles(noneFor: contents.name)
      }
    reader = ONNXTensorReader(bytes: bytes, externalData: files)
  }

  /// The model.
  ///
  /// - Throws: `FileError` for bytes that are not an ONNX model, for unknown versions, and for tensors
  ///   whose numbers do not fit their shapes.
  func model() throws(FileError) -> ONNXModel {
    let description = try describe()
    guard description.hasGraph else { throw refused("", "expected an ONNX model, found one without a graph") }
    guard description.irVersion <= Self.newestIR else {
      throw refused("ir_version", "expected at most \(Self.newestIR), found \(description.irVersion)")
    }
    guard description.functions.isEmpty else {
      throw refused("functions", "expected none, found \(counted(description.functions.count, "function"))")
    }
    let opset = try opset(of: description)
    let graph = description.graph
    guard graph.sparseInitializer.isEmpty else {
      throw refused("sparse_initializer", "expected dense initializers only, found a sparse one")
    }
    let locator = bytes.withBytes { RawDataLocator($0) }
    guard locator.initializers.count == graph.initializer.count, locator.attributes.count == graph.node.count
    else { throw refused("", "expected an ONNX model, found bytes that are not its messages") }
    var initializers: [ONNXTensor] = []
    for (tensor, rawData) in zip(graph.initializer, locator.initializers) {
      initializers.append(
        try reader.tensor(
          tensor, name: tensor.name, rawData: rawData, place: "initializer \(quoted(tensor.name))"))
    }
    var nodes: [ONNXModel.Node] = []
    for (node, places) in zip(graph.node, locator.attributes) { nodes.append(try self.node(node, places)) }
    return ONNXModel(
      file: bytes.name, opset: opset, nodes: nodes, initializers: initializers,
      inputs: graph.input.map(ONNXModel.ValueInfo.init), outputs: graph.output.map(ONNXModel.ValueInfo.init),
      metadata: try metadata(at: locator.metadata))
  }

  /// The pairs of key and value at these ranges.
  private func metadata(at places: [Range<Int>]) throws(FileError) -> [(key: String, value: String)] {
    var pairs: [(key: String, value: String)] = []
    for place in places {
      let pair: ONNXStringStringEntryProto = try message(in: place)
      pairs.append((pair.key, pair.value))
    }
    return pairs
  }

  private func refused(_ place: String, _ problem: String) -> FileError {
    FileError(.badData, file: bytes.name, place: place, problem)
  }

  private func describe() throws(FileError) -> ONNXModelDescription { try message(in: nil) }

  /// The message in a range of the bytes, or in all of them for nil.
  private func message<Description: Message>(in range: Range<Int>?) throws(FileError) -> Description {
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    options.messageDepthLimit = 64
    do {
      return try bytes.withBytes { bytes in
        let part = UnsafeRawBufferPointer(rebasing: bytes[range ?? 0..<bytes.count])
        return try Description(serializedBytes: part.bytes, options: options)
      }
    } catch {
      throw refused("", "expected an ONNX model, found \(problem(error))")
    }
  }

  private func problem(_ error: any Error) -> String {
    switch error as? BinaryDecodingError {
    case .truncated: "bytes that end too early"
    case .invalidUTF8: "a name that is not UTF-8"
    case .messageDepthLimit: "messages nested too deeply"
    default: "bytes that are not its messages"
    }
  }

  private func opset(of description: ONNXModelDescription) throws(FileError) -> Int {
    let versions = description.opsetImport.filter { isDefaultDomain($0.domain) }.map(\.version)
    guard let version = versions.first, versions.allSatisfy({ $0 == version }),
      Self.opsets.contains(Int(version))
    else {
      throw refused(
        "opset_import",
        "expected one version of the default operators from \(Self.opsets.lowerBound) to \(Self.opsets.upperBound), "
          + "found \(found(versions, among: description.opsetImport.map(\.domain)))")
    }
    return Int(version)
  }

  private func found(_ versions: [Int64], among domains: [String]) -> String {
    guard versions.isEmpty else { return versions.map { "\($0)" }.joined(separator: ", ") }
    return domains.isEmpty
      ? "none" : "those of \(domains.map(domainDescription).joined(separator: ", ")) only"
  }

  /// A node of the graph, or of a loop body, whose nodes have no raw data.
  private func node(
    _ node: ONNXNodeDescription, _ places: [RawDataLocator.AttributePlace]
  ) throws(FileError) -> ONNXModel.Node {
    let name = node.name.isEmpty ? node.output.first { !$0.isEmpty } ?? "" : node.name
    let place = "\(abbreviated(node.opType)) \(quoted(name))"
    guard places.count == node.attribute.count else {
      throw refused("", "expected an ONNX model, found bytes that are not its messages")
    }
    var attributes: [String: ONNXModel.Attribute] = [:]
    for (attribute, attributePlace) in zip(node.attribute, places) {
      let value = try self.attribute(attribute, of: node, attributePlace, place: place)
      guard attributes.updateValue(value, forKey: attribute.name) == nil else {
        throw refused(place, "attribute \(quoted(attribute.name)): expected it once, found it twice")
      }
    }
    return ONNXModel.Node(
      operatorType: node.opType, domain: node.domain, name: node.name, inputs: node.input,
      outputs: node.output, attributes: attributes)
  }

  /// The body of a loop. Its nodes may not contain tensors, which belong to the enclosing graph.
  private func body(in range: Range<Int>) throws(FileError) -> ONNXModel.Subgraph {
    let graph: ONNXGraphDescription = try message(in: range)
    var nodes: [ONNXModel.Node] = []
    for node in graph.node {
      nodes.append(
        try self.node(node, .init(repeating: .init(rawData: nil, graph: nil), count: node.attribute.count)))
    }
    return ONNXModel.Subgraph(
      nodes: nodes, initializerCount: graph.initializer.count + graph.sparseInitializer.count,
      inputs: graph.input.map(ONNXModel.ValueInfo.init), outputs: graph.output.map(ONNXModel.ValueInfo.init))
  }

  private func attribute(
    _ attribute: ONNXAttributeDescription, of node: ONNXNodeDescription,
    _ found: RawDataLocator.AttributePlace,
    place: String
  ) throws(FileError) -> ONNXModel.Attribute {
    guard attribute.refAttrName.isEmpty else { return .other("a reference to a function's attribute") }
    switch attribute.type {
    case 1: return .number(Double(attribute.f))
    case 2: return .integer(Int(attribute.i))
    case 3: return .word(String(decoding: attribute.s, as: UTF8.self))
    case 4:
      // The tensor of a Constant is named after the node's output.
      let name =
        node.opType == "Constant" ? node.output.first ?? "" : "\(node.output.first ?? "").\(attribute.name)"
      return .tensor(
        try reader.tensor(
          attribute.t, name: name, rawData: found.rawData, place: "\(place): \(attribute.name)"))
    case 5 where node.opType == "Loop" && isDefaultDomain(node.domain):
      guard let graph = found.graph else { return .other("a graph") }
      return .graph(try body(in: graph))
    case 5, 10: return .other("a graph")
    case 6: return .numbers(attribute.floats.map { Double($0) })
    case 7: return .integers(attribute.ints.map { Int($0) })
    case 8: return .words(attribute.strings.map { String(decoding: $0, as: UTF8.self) })
    case 9: return .other("several tensors")
    case 11, 12: return .other("a sparse tensor")
    default: return .other("an attribute of type \(attribute.type)")
    }
  }
}

/// Whether a node's or an operator set's domain is ONNX's own.
func isDefaultDomain(_ domain: String) -> Bool {
  domain.isEmpty || domain == "ai.onnx"
}

extension ONNXModel.ValueInfo {
  fileprivate init(_ info: ONNXValueInfoProto) {
    name = info.name
    type = ElementType(rawValue: Int(info.type.tensorType.elemType))
    shape =
      info.type.tensorType.hasShape
      ? info.type.tensorType.shape.dim.map { dimension in
        if case .dimValue(let extent) = dimension.value {
          .fixed(Int(extent))
        } else {
          .symbolic(dimension.dimParam)
        }
      } : nil
  }
}
