import Equivalence
import FileAccess
import LinearAlgebra
import ModelFiles
import Networks
import ONNXImport
import ONNXSchema
import SwiftProtobuf
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// An ONNX model under construction, by the schema.
struct ModelBuilder {
  /// All but the graph. The graph is kept apart: in its message, each new node would copy the ones before it.
  private var header = ONNXModelProto()
  var graph = ONNXGraphProto()

  var model: ONNXModelProto {
    get {
      var model = header
      model.graph = graph
      return model
    }
    set {
      header = newValue
      header.clearGraph()
      graph = newValue.graph
    }
  }

  /// An extent of an input: a number, or a name.
  enum Extent: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
    case fixed(Int)
    case symbolic(String)

    init(integerLiteral value: Int) { self = .fixed(value) }
    init(stringLiteral value: String) { self = .symbolic(value) }
  }

  init(opset: Int = 18, ir: Int = 8) {
    model.irVersion = Int64(ir)
    model.opsetImport = [ONNXOperatorSetIdProto.with { $0.version = Int64(opset) }]
  }

  mutating func input(_ name: String, _ shape: [Extent], type: Int = 1) {
    graph.input.append(Self.info(name, shape, type))
  }

  mutating func output(_ name: String, _ shape: [Extent] = []) {
    graph.output.append(Self.info(name, shape, 1))
  }

  private static func info(_ name: String, _ shape: [Extent], _ type: Int) -> ONNXValueInfoProto {
    .with { info in
      info.name = name
      info.type.tensorType.elemType = Int32(type)
      info.type.tensorType.shape.dim = shape.map { extent in
        .with {
          switch extent {
          case .fixed(let value): $0.dimValue = Int64(value)
          case .symbolic(let name): $0.dimParam = name
          }
        }
      }
    }
  }

  mutating func node(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [ONNXAttributeProto] = [],
    name: String = "", domain: String = ""
  ) {
    graph.node.append(
      ONNXTests.node(type, inputs, outputs, attributes, name: name, domain: domain))
  }

  mutating func initializer(_ name: String, _ shape: [Int], _ values: [Double]) {
    graph.initializer.append(Self.floats(name, shape, values))
  }

  mutating func initializer(_ name: String, integers values: [Int]) {
    graph.initializer.append(Self.integers(name, [values.count], values))
  }

  static func floats(_ name: String, _ shape: [Int], _ values: [Double]) -> ONNXTensorProto {
    .with {
      $0.name = name
      $0.dims = shape.map { Int64($0) }
      $0.dataType = 1
      $0.rawData = values.map { Float($0) }.withUnsafeBytes { .init($0) }
    }
  }

  static func integers(_ name: String, _ shape: [Int], _ values: [Int]) -> ONNXTensorProto {
    .with {
      $0.name = name
      $0.dims = shape.map { Int64($0) }
      $0.dataType = 7
      $0.rawData = values.map { Int64($0) }.withUnsafeBytes { .init($0) }
    }
  }

  var bytes: [UInt8] { get throws { try model.serializedBytes() } }

  /// The network of the model, read from memory, which is the same for a batch of two and of three.
  func network() throws -> Network<Double> {
    let contents = FileContents(try bytes, named: "m.onnx")
    guard case .network(let network) = try ModelFile.read(contents) else {
      throw FileError(.badData, file: "m.onnx", "expected a network")
    }
    for extent in [2, 3] {
      #expect(try ONNXReader.graph(contents, openExtent: extent).network.isIdentical(to: network))
    }
    return network
  }

  /// The message of reading the model, without the file's name; nil where it can be read.
  func message() throws -> String? { try refusal(reading: bytes) }
}

/// The graph in a file, which is the same for a batch of two and of three.
func importedGraph(at path: String) throws(FileError) -> ImportedGraph {
  let graph = try ONNXReader.graph(at: path)
  for extent in [2, 3] {
    let other = try ONNXReader.graph(at: path, openExtent: extent)
    #expect(other.network.isIdentical(to: graph.network), "\(path): a batch of \(extent)")
    #expect(other.outputs.map(\.count) == graph.outputs.map(\.count))
  }
  return graph
}

/// The message of reading these bytes as an ONNX model, without the file's name; nil where they can be read.
func refusal(reading bytes: [UInt8]) throws -> String? {
  do throws(FileError) {
    _ = try ModelFile.read(FileContents(bytes, named: "m.onnx"))
    return nil
  } catch {
    #expect(!error.description.contains("\n") && error.file == "m.onnx")
    return String(error.description.dropFirst("m.onnx: ".count))
  }
}

extension ONNXAttributeProto {
  static func int(_ name: String, _ value: Int) -> Self {
    .with {
      $0.name = name
      $0.type = 2
      $0.i = Int64(value)
    }
  }

  static func ints(_ name: String, _ values: [Int]) -> Self {
    .with {
      $0.name = name
      $0.type = 7
      $0.ints = values.map { Int64($0) }
    }
  }

  static func float(_ name: String, _ value: Double) -> Self {
    .with {
      $0.name = name
      $0.type = 1
      $0.f = Float(value)
    }
  }

  static func word(_ name: String, _ value: String) -> Self {
    .with {
      $0.name = name
      $0.type = 3
      $0.s = .init(value.utf8)
    }
  }

  static func tensor(_ name: String, _ tensor: ONNXTensorProto) -> Self {
    .with {
      $0.name = name
      $0.type = 4
      $0.t = tensor
    }
  }
}

/// A folder that is removed with what is in it when the value goes away.
final class Folder {
  let path: String

  init() {
    var template = Array("/tmp/deq-onnx-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
  }

  deinit { _ = try? run(["rm", "-rf", path]) }

  /// Writes a file in it and returns its path.
  @discardableResult
  func write(_ bytes: [UInt8], as name: String) throws -> String {
    let file = try AtomicFile("\(path)/\(name)")
    try file.write { sink throws(FileError) in try sink.write(bytes) }
    try file.commit()
    return "\(path)/\(name)"
  }

  private func run(_ arguments: [String]) throws {
    var child: pid_t = 0
    var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { pointers.forEach { free($0) } }
    guard posix_spawnp(&child, arguments[0], nil, nil, &pointers, environ) == 0 else { return }
    waitpid(child, nil, 0)
  }
}
