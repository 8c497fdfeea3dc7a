import DeepEquilibrium
import FileAccess
import TensorFiles

/// What is done with the bytes of one input. Whatever they are, it ends with a model or with one line.
enum FuzzTarget: String, CaseIterable {
  /// The bytes as a model in JSON.
  case json
  /// The bytes as a safetensors file.
  case safetensors
  /// The bytes as an ONNX model.
  case onnx
  /// The bytes as a model in JSON or ONNX, which is converted, written, read again and checked.
  case chain

  /// The most coordinates of a model that is converted, so that a round takes milliseconds.
  private static let largestModel = 2_000

  /// Runs the target.
  ///
  /// - Returns: Whether the bytes are accepted.
  /// - Precondition: No contract is violated; a violation ends the process.
  func run(_ bytes: [UInt8]) -> Bool {
    do throws(FileError) {
      switch self {
      case .json: _ = try ModelFile.read(FileContents(bytes, named: "fuzz.json"))
      case .onnx: _ = try ModelFile.read(FileContents(bytes, named: "fuzz.onnx"))
      case .safetensors: try readHeader(bytes)
      case .chain: try convert(bytes)
      }
      return true
    } catch {
      let line = error.description
      precondition(
        !line.isEmpty && !line.unicodeScalars.contains(where: isInvisible), "an error of several lines")
      return false
    }
  }

  private func readHeader(_ bytes: [UInt8]) throws(FileError) {
    let failure = bytes.withUnsafeBytes { bytes -> FileError? in
      do throws(FileError) { _ = try SafetensorsHeader(bytes, file: "fuzz.safetensors") } catch {
        return error
      }
      return nil
    }
    if let failure { throw failure }
  }

  /// Import, conversion, writing, reading and the check.
  private func convert(_ bytes: [UInt8]) throws(FileError) {
    let first = bytes.first.map { $0 < 0x20 && ![0x09, 0x0A, 0x0D].contains($0) } ?? false
    let file = try ModelFile.read(FileContents(bytes, named: first ? "fuzz.onnx" : "fuzz.json"))
    guard case .network(let network) = file, network.claimedCoordinates <= Self.largestModel else { return }
    let model = EquilibriumModel(converting: network)
    let sink = MemorySink(named: "fuzz.deq.json")
    // The format refuses numbers that are not finite.
    try ModelFile.equilibrium(model).write(to: sink)
    let written: ModelFile
    do throws(FileError) { written = try ModelFile.read(FileContents(sink.bytes, named: sink.name)) } catch {
      preconditionFailure("an output that cannot be read: \(error)")
    }
    guard case .equilibrium(let again) = written else { preconditionFailure("an output of another kind") }
    let second = MemorySink(named: "fuzz.deq.json")
    try ModelFile.equilibrium(again).write(to: second)
    precondition(sink.bytes == second.bytes, "an output that changes when it is read and written")
    var checker = EquivalenceChecker()
    checker.samples = 2
    let report = checker.check(.network(network), against: .equilibrium(again))
    precondition(report.verdict != .refuted, "a conversion that is refuted")
  }
}

extension Network<Double> {
  /// The number of coordinates of all layers and their ports.
  fileprivate var claimedCoordinates: Int {
    layers.reduce(inputSize) { sum, layer in
      switch layer {
      case .explicit(let block): sum + block.claimedCoordinates
      case .implicit(let layer): layer.model.blocks.reduce(sum) { $0 + $1.claimedCoordinates }
      }
    }
  }
}
