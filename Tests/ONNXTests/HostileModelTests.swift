import FileAccess
import ModelFiles
import ONNXSchema
import Operators
import TensorFiles
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A small model of all sorts of messages: what is then broken.
private func small() -> ModelBuilder {
  var builder = ModelBuilder()
  builder.input("x", ["N", 3])
  builder.initializer("W", [3, 4], (0..<12).map { Double($0) / 8 })
  builder.initializer("b", [4], [0.5, -0.5, 0.25, 0])
  builder.initializer("shape", integers: [-1, 2, 2])
  builder.node("Constant", [], ["c"], [.tensor("value", ModelBuilder.floats("", [], [2]))])
  builder.node("MatMul", ["x", "W"], ["product"], name: "fc")
  builder.node("Add", ["product", "b"], ["sum"])
  builder.node("Mul", ["sum", "c"], ["scaled"])
  builder.node("LeakyRelu", ["scaled"], ["relu"], [.float("alpha", 0.1)])
  builder.node("Reshape", ["relu", "shape"], ["square"])
  builder.node("Softmax", ["square"], ["y"], [.int("axis", -1)])
  builder.output("y")
  return builder
}

@Suite("Hostile ONNX models")
struct HostileModelTests {
  @Test("The model that the tests break can be read")
  func unbroken() throws {
    let network = try small().network()
    #expect(network.inputShape == [3] && network.outputSize == 4)
    #expect(network.parameters.names.sorted() == ["W", "b"])
  }

  @Test("Cut off anywhere, it is refused in one line or still a model")
  func truncation() throws {
    let bytes = try small().bytes
    for length in 0..<bytes.count {
      let message = try refusal(reading: Array(bytes.prefix(length)))
      #expect(message?.isEmpty != true, "\(length)")
      if length < bytes.count / 2 { #expect(message != nil, "\(length)") }
    }
  }

  @Test(
    "With any byte changed, it is refused in one line or still a model",
    arguments: [0x01, 0x80, 0xFF] as [UInt8])
  func flips(_ mask: UInt8) throws {
    let bytes = try small().bytes
    for position in bytes.indices {
      var changed = bytes
      changed[position] ^= mask
      _ = try refusal(reading: changed)
    }
  }

  @Test("With a piece taken out or doubled, it is refused in one line or still a model")
  func pieces() throws {
    let bytes = try small().bytes
    for position in stride(from: 0, to: bytes.count, by: 3) {
      for length in [1, 7, 40] {
        let end = min(position + length, bytes.count)
        _ = try refusal(reading: Array(bytes[..<position] + bytes[end...]))
        _ = try refusal(reading: Array(bytes[..<end] + bytes[position...]))
      }
    }
  }

  @Test("Nothing, noise, and messages nested too deeply are no models")
  func noise() throws {
    #expect(try refusal(reading: []) == "expected an ONNX model, found one without a graph")
    #expect(try refusal(reading: Array("no model".utf8))?.hasPrefix("expected an ONNX model, found") == true)
    // A graph in an attribute of a node of a graph, and so on.
    var nested: [UInt8] = []
    func wrap(_ field: UInt8) {
      var length = nested.count
      var header = [field << 3 | 2]
      repeat {
        header.append(UInt8(length & 0x7F) | (length > 0x7F ? 0x80 : 0))
        length >>= 7
      } while length > 0
      nested = header + nested
    }
    for _ in 0..<2000 { [6, 5, 1].forEach { wrap($0) } }
    wrap(7)
    _ = try refusal(reading: nested)
  }

  /// A change to the small model and what is said about it.
  struct Break: Sendable, CustomTestStringConvertible {
    let message: String
    let change: @Sendable (inout ONNXModelProto) -> Void
    init(_ message: String, _ change: @escaping @Sendable (inout ONNXModelProto) -> Void) {
      self.message = message
      self.change = change
    }
    var testDescription: String { message }
  }

  static let breaks: [Break] = [
    Break("ir_version: expected at most 14, found 99") { $0.irVersion = 99 },
    Break("opset_import: expected one version of the default operators from 1 to 28, found 0") {
      $0.opsetImport[0].version = 0
    },
    Break("opset_import: expected one version of the default operators from 1 to 28, found 99") {
      $0.opsetImport[0].version = 99
    },
    Break("opset_import: expected one version of the default operators from 1 to 28, found none") {
      $0.opsetImport = []
    },
    Break("Frobnicate \"fc\": expected an operator that is supported, found Frobnicate") {
      $0.graph.node[1].opType = "Frobnicate"
    },
    Break("MatMul \"fc\": expected an operator of ONNX itself, found the domain \"com.example\"") {
      $0.graph.node[1].domain = "com.example"
    },
    Break("MatMul \"fc\": expected attributes that are supported, found \"odd\"") {
      $0.graph.node[1].attribute = [.int("odd", 1)]
    },
    Break("LeakyRelu \"relu\": attribute \"alpha\": expected a number, found 1") {
      $0.graph.node[4].attribute = [.int("alpha", 1)]
    },
    Break("LeakyRelu \"relu\": attribute \"alpha\": expected it once, found it twice") {
      $0.graph.node[4].attribute.append(.float("alpha", 1))
    },
    Break("MatMul \"fc\": expected inputs that a supported output gives, found \"nowhere\"") {
      $0.graph.node[1].input[0] = "nowhere"
    },
    Break("MatMul \"fc\": expected at least 2 inputs, found 1") { $0.graph.node[1].input = ["x"] },
    Break("Mul \"sum\": expected one value of each name, found \"sum\" twice") {
      $0.graph.node[3].output = ["sum"]
    },
    Break("MatMul \"fc\": expected one value of each name, found \"x\" twice") {
      $0.graph.node[1].output = ["x"]
    },
    Break("initializer \"W\": expected one value of each name, found \"W\" twice") {
      $0.graph.initializer[1].name = "W"
    },
    Break("initializer \"\": expected a name, found none") { $0.graph.initializer[1].name = "" },
    Break("MatMul \"fc\": expected nodes without a cycle, found one through this one") {
      $0.graph.node[1].input[0] = "relu"
    },
    Break("output \"nothing\": expected a value that a supported output of a node gives, found none") {
      $0.graph.output[0].name = "nothing"
    },
    Break("output: expected an output, found none") { $0.graph.output = [] },
    Break("input: expected an input, found none") { $0.graph.input = [] },
    Break("input \"x\": expected numbers, found string") {
      $0.graph.input[0].type.tensorType.elemType = 8
    },
    Break("input \"x\": expected a shape, found none") { $0.graph.input[0].type.tensorType.clearShape() },
    Break("input \"x\": axis 1: expected a known extent, found \"width\"") {
      $0.graph.input[0].type.tensorType.shape.dim[1].dimParam = "width"
    },
    Break("input \"x\": axis 1: expected an extent of at least 1, found -3") {
      $0.graph.input[0].type.tensorType.shape.dim[1].dimValue = -3
    },
    Break(
      "input \"x\": expected extents of at least 1 and at most 67108864 elements, found shape [4611686018427387904]"
    ) { $0.graph.input[0].type.tensorType.shape.dim[1].dimValue = 1 << 62 },
    Break("MatMul \"fc\": expected 3 along axis 1, found shape [1, 5]") {
      $0.graph.input[0].type.tensorType.shape.dim[1].dimValue = 5
    },
    Break("initializer \"W\": raw_data: expected 48 bytes for shape [3, 4], found 47") {
      $0.graph.initializer[0].rawData.removeLast()
    },
    Break("initializer \"W\": raw_data: expected 60 bytes for shape [3, 5], found 48") {
      $0.graph.initializer[0].dims = [3, 5]
    },
    Break("initializer \"W\": dims: expected extents of at least 0 and a product below 2^48, found [3, -4]") {
      $0.graph.initializer[0].dims = [3, -4]
    },
    Break(
      "initializer \"W\": dims: expected extents of at least 0 and a product below 2^48, found [4611686018427387904, 8]"
    ) { $0.graph.initializer[0].dims = [1 << 62, 8] },
    Break("initializer \"W\": expected floating-point numbers or integers, found type 77") {
      $0.graph.initializer[0].dataType = 77
    },
    Break("initializer \"W\": expected floating-point numbers or integers, found string") {
      $0.graph.initializer[0].dataType = 8
    },
    Break("initializer \"W\": raw_data: expected 24 bytes for shape [3, 4], found 48") {
      $0.graph.initializer[0].dataType = 10
    },
    Break("initializer \"W\": expected 12 numbers for shape [3, 4], found 0") {
      $0.graph.initializer[0].clearRawData()
    },
    Break("initializer \"shape\": expected 3 integers for shape [3], found 0") {
      $0.graph.initializer[2].clearRawData()
    },
    Break("Constant \"c\": value: expected floating-point numbers or integers, found type 0") {
      $0.graph.node[0].attribute[0].t = ONNXTensorProto()
    },
    Break("Reshape \"square\": shape: expected one for 4 elements, found [-1, 3, 2]") {
      $0.graph.initializer[2] = ModelBuilder.integers("shape", [3], [-1, 3, 2])
    },
    Break("Reshape \"square\": shape: expected extents and one −1 at most, found [-1, -1, 2]") {
      $0.graph.initializer[2] = ModelBuilder.integers("shape", [3], [-1, -1, 2])
    },
    Break("Reshape \"square\": shape: expected extents and one −1 at most, found [-7, 2, 2]") {
      $0.graph.initializer[2] = ModelBuilder.integers("shape", [3], [-7, 2, 2])
    },
    Break("Softmax \"y\": expected an axis from -3 to 2, found 9") {
      $0.graph.node[6].attribute = [.int("axis", 9)]
    },
    Break(
      "Softmax \"y\": expected operators that do not change the batch axis, found one that normalises over the batch axis"
    ) {
      $0.graph.node[6].attribute = [.int("axis", 0)]
    },
    Break(
      "initializer \"W\": external_data: expected a model in a file, with \"w\" beside it, found standard input"
    ) {
      $0.graph.initializer[0].clearRawData()
      $0.graph.initializer[0].dataLocation = 1
      $0.graph.initializer[0].externalData = [.with { ($0.key, $0.value) = ("location", "w") }]
    },
  ]

  @Test("What is wrong is said in one line, with its place", arguments: breaks)
  func refusals(_ broken: Break) throws {
    var builder = small()
    broken.change(&builder.model)
    #expect(try builder.message() == broken.message)
  }

  @Test("Shapes that would take all memory are refused")
  func memory() throws {
    for (type, attributes, shape) in [
      ("Expand", [], [1 << 20, 1 << 20]), ("Expand", [], [1 << 62, 8]), ("Tile", [], [1, 1 << 40]),
      ("Pad", [], [0, 0, 0, 1 << 40]), ("Pad", [], [0, 0, 0, Int.min]),
    ] as [(String, [ONNXAttributeProto], [Int])] {
      var builder = ModelBuilder()
      builder.input("x", [1, 3])
      builder.initializer("shape", integers: shape)
      builder.node(type, ["x", "shape"], ["y"], attributes)
      builder.output("y")
      #expect(try builder.message() != nil, "\(type) \(shape)")
    }
    for (type, values) in [
      ("ConstantOfShape", [1 << 40]), ("ConstantOfShape", [-1]), ("ConstantOfShape", [1 << 62, 1 << 62]),
    ] {
      var builder = ModelBuilder()
      builder.input("x", [1, 3])
      builder.initializer("shape", integers: values)
      builder.node(type, ["shape"], ["c"])
      builder.node("Add", ["x", "c"], ["y"])
      builder.output("y")
      #expect(try builder.message() != nil, "\(type) \(values)")
    }
  }

  @Test("Shape arithmetic that overflows or divides by zero is refused")
  func overflow() throws {
    for (type, a, b) in [
      ("Mul", 1 << 40, 1 << 40), ("Add", Int.max, 1), ("Div", 4, 0), ("Div", Int.min, -1), ("Pow", 10, 40),
      ("Sub", Int.min, 1),
    ] {
      var builder = ModelBuilder()
      builder.input("x", [1, 3])
      builder.initializer("a", integers: [a])
      builder.initializer("b", integers: [b])
      builder.node(type, ["a", "b"], ["shape"])
      builder.node("Reshape", ["x", "shape"], ["y"])
      builder.output("y")
      #expect(try builder.message()?.contains("without overflow") == true, "\(type)")
    }
  }

  @Test("A chain of a hundred thousand nodes is no danger to the stack")
  func deep() throws {
    var builder = ModelBuilder()
    builder.input("x0", ["N", 2])
    for index in 0..<20_000 { builder.node("Identity", ["x\(index)"], ["x\(index + 1)"]) }
    builder.node("Relu", ["x20000"], ["y"])
    builder.output("y")
    #expect(try builder.network().layers.count == 1)
  }
}

@Suite("ONNX models with external data")
struct ExternalDataTests {
  private func model(_ entries: [String: String], opset: Int = 18) throws -> [UInt8] {
    var builder = ModelBuilder(opset: opset)
    builder.input("x", ["N", 2])
    builder.graph.initializer.append(
      .with {
        $0.name = "W"
        $0.dims = [2, 2]
        $0.dataType = 1
        $0.dataLocation = 1
        $0.externalData = entries.sorted { $0.key < $1.key }.map { entry in
          .with { ($0.key, $0.value) = entry }
        }
      })
    builder.node("MatMul", ["x", "W"], ["y"])
    builder.output("y")
    return try builder.bytes
  }

  private let weights = [9, 1, 2, 3, 4].map { Float($0) }.withUnsafeBytes { Array($0) }

  @Test("Weights are read from the file beside the model, at any alignment")
  func reads() throws {
    let folder = Folder()
    try folder.write([0] + weights, as: "weights.bin")
    let path = try folder.write(
      model(["location": "weights.bin", "offset": "5", "length": "16"]), as: "m.onnx")
    let network = try ModelFile.readNetwork(path)
    #expect(network.parameters["W"]?.elements == [1, 2, 3, 4])
    #expect(network.parameters["W"]?.source == nil || network.parameters["W"]?.shape == [2, 2])
    let stored = try #require(network.parameters["W"]?.source as? StoredTensor)
    #expect(stored.path == path && stored.name == "W")
  }

  @Test("The model and its external data are noted, each with the digest of its bytes")
  func provenance() throws {
    let folder = Folder()
    let data = try folder.write([0] + weights, as: "weights.bin")
    let bytes = try model(["location": "weights.bin", "offset": "5", "length": "16"])
    let path = try folder.write(bytes, as: "m.onnx")
    let expected = [
      InputFile(path: path, digest: SHA256Digest(of: bytes)),
      InputFile(path: data, digest: SHA256Digest(of: [0] + weights)),
    ]
    #expect(try ModelFile.readNotingFiles(path).files == expected)

    let json =
      #"{"format": "network", "version": 1, "weights": "m.onnx", "input": [2], "layers": ["#
      + #"{"type": "dense", "weight": {"tensor": "W"}}]}"#
    let referring = try folder.write(Array(json.utf8), as: "n.json")
    #expect(
      try ModelFile.readNotingFiles(referring).files
        == [InputFile(path: referring, digest: SHA256Digest(of: Array(json.utf8)))] + expected)
  }

  @Test(
    "External data may be beside the target of the model's own link, as in a cache, never outside of that")
  func links() throws {
    let folder = Folder()
    for name in ["blobs", "snapshots", "elsewhere"] { mkdir("\(folder.path)/\(name)", 0o755) }
    try folder.write(model(["location": "weights.bin"]), as: "blobs/4f2a")
    try folder.write(weights, as: "blobs/91c0")
    try folder.write(weights, as: "elsewhere/w")
    let path = "\(folder.path)/snapshots/m.onnx"
    symlink("../blobs/4f2a", path)
    func message() -> String {
      do throws(FileError) {
        _ = try ModelFile.read(path)
        return "read"
      } catch { return error.problem }
    }
    #expect(message() == "external_data: expected the file \"weights.bin\" beside the model, found none")
    // Hugging Face's cache: the snapshot has a link for each file.
    symlink("../blobs/91c0", "\(folder.path)/snapshots/weights.bin")
    #expect(message() == "read")
    unlink("\(folder.path)/snapshots/weights.bin")
    symlink("../elsewhere/w", "\(folder.path)/snapshots/weights.bin")
    #expect(
      message()
        == "external_data: expected a path within the model's folder, found a link out of it: \"weights.bin\""
    )
    // A link to a model that has its data beside it.
    unlink("\(folder.path)/snapshots/weights.bin")
    symlink("91c0", "\(folder.path)/blobs/weights.bin")
    #expect(message() == "read")
  }

  @Test("A file outside the model's folder, or none, is refused")
  func escapes() throws {
    let folder = Folder()
    mkdir("\(folder.path)/inner", 0o755)
    try folder.write(weights, as: "secret")
    symlink("../secret", "\(folder.path)/inner/link")
    func message(_ entries: [String: String]) throws -> String {
      let path = try folder.write(model(entries), as: "inner/m.onnx")
      do throws(FileError) {
        _ = try ModelFile.read(path)
        return "read"
      } catch {
        #expect(!error.description.contains("\n"))
        return error.problem
      }
    }
    let outside = "external_data: expected a path within the model's folder, found"
    #expect(try message(["location": "../secret"]) == "\(outside) \"../secret\"")
    #expect(try message(["location": "\(folder.path)/secret"]).hasPrefix(outside))
    #expect(try message(["location": "a/../../secret"]).hasPrefix(outside))
    #expect(try message(["location": "link"]) == "\(outside) a link out of it: \"link\"")
    #expect(
      try message(["location": "absent"])
        == "external_data: expected the file \"absent\" beside the model, found none")
    #expect(try message([:]) == "external_data: expected a location, found none")
    try folder.write(weights, as: "inner/w")
    #expect(try message(["location": "w"]) == "read")
    #expect(
      try message(["location": "w", "offset": "8"])
        == "external_data: expected 16 bytes from byte 8 of \"w\", found a file of 20")
    #expect(
      try message(["location": "w", "offset": "9223372036854775807"]).contains("expected 16 bytes from byte"))
    #expect(
      try message(["location": "w", "offset": "-1"])
        == "external_data: expected a number of bytes, found \"-1\"")
    #expect(
      try message(["location": "w", "length": "8"]) == "external_data: length: expected 16 bytes, found 8")
    #expect(try message(["location": "."]).contains("expected"))
  }
}
