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
  /// The bytes as samples, cotangents and a state, in JSON, NumPy's formats or CSV.
  case samples
  /// The bytes as a model in JSON or ONNX, which is converted, written, read again and checked.
  case chain
  /// The bytes as a model in JSON or ONNX, which is written for every program that can be handed one, and as a page.
  case export

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
      case .samples: try readSamples(bytes)
      case .chain: try convert(bytes)
      case .export: try export(bytes)
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

  /// Each reader in turn; where none accepts the bytes, the error is that of the last.
  private func readSamples(_ bytes: [UInt8]) throws(FileError) {
    // A table is recognized by its name, the other formats by how they begin.
    let isTable = !([0x7B, 0x5B, 0x93, 0x50].contains(bytes.first ?? 0))
    let contents = FileContents(bytes, named: isTable ? "fuzz.csv" : "fuzz")
    var (isAccepted, failure): (Bool, FileError?) = (false, nil)
    func attempt(_ body: () throws(FileError) -> Void) {
      do throws(FileError) {
        try body()
        isAccepted = true
      } catch { failure = error }
    }
    attempt { () throws(FileError) in _ = try Samples.read(contents, inputSize: 2, outputSize: 3) }
    attempt { () throws(FileError) in
      _ = try Samples.read(contents, cotangents: contents, inputSize: 2, outputSize: 3)
    }
    attempt { () throws(FileError) in _ = try SampleResults.read(contents) }
    attempt { () throws(FileError) in _ = try ExpectedResults.read(contents) }
    attempt { () throws(FileError) in
      _ = try StateFile.read(contents, for: Self.twoBlocks, samples: 2)
    }
    if !isAccepted, let failure { throw failure }
  }

  /// A model whose state a file may hold: blocks `z` of two coordinates and `y` of three.
  private static let twoBlocks = EquilibriumModel(
    converting: try! Network(input: [2]) {
      DenseLayer(outputs: 2, activation: Tanh(), name: "z")
      DenseLayer(outputs: 3, name: "y")
    })

  /// The network in a file, converted; nil for other files and for large networks.
  private func converted(
    _ bytes: [UInt8]
  ) throws(FileError) -> (network: Network<Double>, model: EquilibriumModel<Double>)? {
    let first = bytes.first.map { $0 < 0x20 && ![0x09, 0x0A, 0x0D].contains($0) } ?? false
    let file = try ModelFile.read(FileContents(bytes, named: first ? "fuzz.onnx" : "fuzz.json"))
    guard case .network(let network) = file, network.claimedCoordinates <= Self.largestModel else {
      return nil
    }
    return (network, EquilibriumModel(converting: network))
  }

  /// Import, conversion, writing, reading and the check.
  private func convert(_ bytes: [UInt8]) throws(FileError) {
    guard let (network, model) = try converted(bytes) else { return }
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
    let report = Self.checker.check(.network(network), against: .equilibrium(again))
    precondition(report.verdict != .refuted, "a conversion that is refuted")
  }

  /// All exports of the network in a file.
  private func export(_ bytes: [UInt8]) throws(FileError) {
    guard let (network, model) = try converted(bytes) else { return }
    if let refusal = Exports(model: model, network: network).run() { throw refusal }
  }

  /// The check of a conversion, on two samples.
  static let checker: EquivalenceChecker = {
    var checker = EquivalenceChecker()
    checker.samples = 2
    return checker
  }()
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
