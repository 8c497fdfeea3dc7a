import FileAccess
import ONNXSchema
import Operators
import SwiftProtobuf

/// Decodes the bytes of an ONNX file into an `ONNXModel`.
struct ONNXDecoder {
  let bytes: ModelBytes
  let reader: ONNXTensorReader

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
    let opset = try opset(of: description.opsetImport, "opset_import")
    let graph = description.graph
    guard graph.sparseInitializer.isEmpty else {
      throw refused("sparse_initializer", "expected dense initializers only, found a sparse one")
    }
    let locator = bytes.withBytes { RawDataLocator($0) }
    let names = TensorNames(
      taken: graph.initializer.map(\.name) + graph.node.flatMap(\.output) + graph.input.map(\.name))
    let initializers = try self.initializers(of: graph, locator.graph)
    let nodes = try self.nodes(graph.node, locator.graph.attributes, NamedPlace("", names))
    return ONNXModel(
      file: bytes.name, opset: opset, nodes: nodes, initializers: initializers,
      inputs: graph.input.map(ONNXModel.ValueInfo.init), outputs: graph.output.map(ONNXModel.ValueInfo.init),
      metadata: try metadata(at: locator.metadata),
      functions: try functions(description.functions, locator.functions, names))
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

  func refused(_ place: String, _ problem: String) -> FileError {
    FileError(.badData, file: bytes.name, place: place, problem)
  }

  private func describe() throws(FileError) -> ONNXModelDescription { try message(in: nil) }

  /// The message in a range of the bytes, or in all of them for nil.
  func message<Description: Message>(in range: Range<Int>?) throws(FileError) -> Description {
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

  /// The version of the default operators among those of several domains.
  func opset(of imports: [ONNXOperatorSetIdProto], _ place: String) throws(FileError) -> Int {
    let versions = imports.filter { isDefaultDomain($0.domain) }.map(\.version)
    guard let version = versions.first, versions.allSatisfy({ $0 == version }),
      Self.opsets.contains(Int(version))
    else {
      throw refused(
        place,
        "expected one version of the default operators from \(Self.opsets.lowerBound) to \(Self.opsets.upperBound), "
          + "found \(found(versions, among: imports.map(\.domain)))")
    }
    return Int(version)
  }

  private func found(_ versions: [Int64], among domains: [String]) -> String {
    guard versions.isEmpty else { return versions.map { "\($0)" }.joined(separator: ", ") }
    return domains.isEmpty
      ? "none" : "those of \(domains.map(domainDescription).joined(separator: ", ")) only"
  }
}

/// Whether a node's or an operator set's domain is ONNX's own.
func isDefaultDomain(_ domain: String) -> Bool {
  domain.isEmpty || domain == "ai.onnx"
}

extension ONNXModel.ValueInfo {
  init(_ info: ONNXValueInfoProto) {
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
