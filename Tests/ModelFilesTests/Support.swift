import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import ModelFiles
import Networks
import ONNXImport
import Operators
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that must be refused, and the one line that says why, after `file.json: `.
struct Refusal: CustomTestStringConvertible, Sendable {
  let text: [UInt8]
  let message: String

  init(_ text: String, _ message: String) {
    self.init(bytes: Array(text.utf8), message)
  }

  init(bytes: [UInt8], _ message: String) {
    text = bytes
    self.message = message
  }

  var testDescription: String { message }
}

/// The message of reading a model from these bytes, without the file's name; nil where it can be read.
func message(reading bytes: [UInt8]) -> String? {
  message { () throws(FileError) in try ModelFile.read(FileContents(bytes, named: "file.json")) }
}

/// The message of a read that fails over the contents of `file.json`, without its name.
func message<Value>(_ read: () throws(FileError) -> Value) -> String? {
  do throws(FileError) {
    _ = try read()
    return nil
  } catch {
    precondition(error.kind == .badData && error.file == "file.json", error.description)
    precondition(!error.description.contains("\n"), error.description)
    return String(error.description.dropFirst("file.json: ".count))
  }
}

/// The model in a text that is known to be right.
func model(_ text: String) throws -> ModelFile {
  try ModelFile.read(FileContents(Array(text.utf8), named: "file.json"))
}

extension ModelFile {
  /// The bytes of the file.
  func written(as form: ModelForm? = nil) throws(FileError) -> [UInt8] {
    let sink = MemorySink()
    try write(as: form, to: sink)
    return sink.bytes
  }

  /// Everything that the model is, in words and bits: the same for models that are the same.
  var fingerprint: String {
    switch self {
    case .network(let network):
      "network \(network.inputShape) \(network.output) \(network.signature)\n"
        + network.layers.map(\.fingerprint).joined(separator: "\n")
    case .equilibrium(let model): model.fingerprint
    }
  }
}

extension Layer<Double> {
  fileprivate var fingerprint: String {
    switch self {
    case .explicit(let block): block.fingerprint
    case .implicit(let layer): "implicit \(layer.name) \(layer.source)\n\(layer.model.fingerprint)"
    }
  }
}

extension EquilibriumModel<Double> {
  fileprivate var fingerprint: String {
    "equilibrium \(inputShape) \(output) \(form) \(signature)\n"
      + blocks.map(\.fingerprint).joined(separator: "\n")
  }
}

extension Block<Double> {
  fileprivate var fingerprint: String {
    let terms = terms.map { "\($0.port) \($0.source) \($0.parameter ?? "-") \($0.map.fingerprint)" }
    let offsets = offsets.map {
      "\($0.port) \($0.parameter ?? "-") \($0.tensor.fingerprint) \($0.map?.fingerprint ?? "-")"
    }
    return (["\(name) \(shape) \(portShapes) \(nonlinearity.description)"] + terms + offsets).joined(
      separator: "\n")
  }
}

extension LinearMap<Double> {
  fileprivate var fingerprint: String {
    "\(Self.typeName) \(inputShape) \(outputShape) \(attributes.map(\.value)) \(parameter?.fingerprint ?? "-")"
  }
}

extension Tensor<Double> {
  fileprivate var fingerprint: String { "\(shape) \(elements.map(\.bitPattern))" }
}

/// Knuth's 64-bit linear congruential generator, output mixed: the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    let mixed = (state ^ (state >> 31)) &* 0x9E37_79B9_7F4A_7C15
    return mixed ^ (mixed >> 32)
  }
}

/// A folder that is removed with everything in it when the value goes away.
final class TemporaryFolder {
  let path: String

  init() {
    var template = Array("/tmp/deq-tests-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
  }

  deinit {
    for name in names { unlink("\(path)/\(name)") }
    for name in names { rmdir("\(path)/\(name)") }
    rmdir(path)
  }

  /// The names of what is in it, sorted.
  var names: [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Creates a file in it and returns its path.
  func file(_ name: String, _ text: String) throws -> String {
    try file(name, Array(text.utf8))
  }

  /// Creates a file in it and returns its path.
  func file(_ name: String, _ bytes: [UInt8]) throws -> String {
    let descriptor = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    defer { close(descriptor) }
    try DescriptorSink(descriptor, named: name).write(bytes)
    return "\(path)/\(name)"
  }

  /// The contents of a file in it.
  func text(of name: String) throws -> String {
    String(decoding: try FileContents(reading: "\(path)/\(name)").bytes, as: UTF8.self)
  }
}
