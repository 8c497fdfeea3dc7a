import Blocks
import Conversion
import Equilibria
import FileAccess
import Foundation
import LinearAlgebra
import ModelFiles
import ModelJSON
import Networks
import TensorFiles
import Testing

/// The names and shapes of inputs and outputs, in files and through the theorem.
@Suite("Names of inputs and outputs")
struct SignatureTests {
  private static func network() throws -> Network<Double> {
    guard case .network(let network) = try model(Examples.named) else { preconditionFailure("no network") }
    return network
  }

  @Test("They are read as the file has them")
  func read() throws {
    let signature = try Self.network().signature
    #expect(
      signature
        == ModelSignature(
          inputs: [.init("image", [2, 1]), .init("gain \"dB\"", [])],
          outputs: [.init("y", [1]), .init("z", [1, 2])]))
    #expect(signature.inputs.map(\.size) == [2, 1] && signature.outputs.map(\.size) == [1, 2])
  }

  @Test("Conversion, recovery, another precision and both forms in JSON keep them")
  func kept() throws {
    let network = try Self.network()
    let model = EquilibriumModel(converting: network)
    #expect(model.signature == network.signature)
    #expect(try Network(recovering: model).signature == network.signature)
    #expect(try Network(model).signature == network.signature)
    #expect(network.cast(to: Float.self).signature == network.signature)
    #expect(model.cast(to: Float.self).signature == network.signature)
    for form in [ModelForm.blocks, .matrix] {
      let text = String(decoding: try ModelFile.equilibrium(model).written(as: form), as: UTF8.self)
      guard case .equilibrium(let back) = try ModelFilesTests.model(text) else { return }
      #expect(back.signature == network.signature, "\(form)")
    }
  }

  @Test("A stack has the inputs of its first network and the outputs of its last")
  func stack() throws {
    let named = try Self.network()
    let unnamed = try Network(inputShape: [3], layers: named.layers, output: 0)
    #expect(unnamed.signature.isUnnamed)
    for (first, last) in [(named, unnamed), (unnamed, named), (named, named)] {
      let signature = try Network(stacking: [first, last]).signature
      #expect(signature.inputs == first.signature.inputs)
      #expect(signature.outputs == last.signature.outputs)
    }
  }

  /// The example with another signature.
  private static func refusal(_ signature: String, _ message: String) -> Refusal {
    let start = Examples.named.range(of: "\"signature\": ")!
    return Refusal(Examples.named[..<start.upperBound] + signature + "}", message)
  }

  @Test(
    "A signature that contradicts the model is refused, with its place",
    arguments: [
      refusal("[]", "signature: expected an object, found an empty array"),
      refusal("{\"input\": []}", "signature: expected only the keys inputs, outputs, found \"input\""),
      refusal("{\"inputs\": {}}", "signature.inputs: expected a list of tensors, found an object"),
      refusal(
        "{\"inputs\": [{\"name\": \"x\"}]}", "signature.inputs[0]: expected the key \"shape\", found none"),
      refusal(
        "{\"inputs\": [{\"shape\": [3]}]}", "signature.inputs[0]: expected the key \"name\", found none"),
      refusal(
        "{\"inputs\": [{\"name\": \"\", \"shape\": [3]}]}",
        "signature.inputs[0].name: expected a name that is not empty, found \"\""),
      refusal(
        "{\"outputs\": [{\"name\": \"a\", \"shape\": [2]}, {\"name\": \"a\", \"shape\": [1]}]}",
        "signature.outputs[1].name: expected a unique name, found \"a\", the name of another tensor"),
      refusal(
        "{\"outputs\": [{\"name\": \"a\", \"shape\": [0]}]}",
        "signature.outputs[0].shape[0]: expected a positive integer, found 0"),
      refusal(
        "{\"inputs\": [{\"name\": \"a\", \"shape\": [2]}]}",
        "signature.inputs: expected tensors of 3 numbers together, found 2"),
      refusal(
        "{\"outputs\": [{\"name\": \"a\", \"shape\": [4]}]}",
        "signature.outputs: expected positive extents of up to 3 numbers together, found [4] of \"a\""),
    ])
  func refused(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test("A model within a network has none")
  func within() throws {
    let text = """
      {"format": "network", "version": 1, "input": [1], "layers": [{"type": "equilibrium", "model": {"input": [1],
       "blocks": [{"name": "z", "size": 1, "activation": "tanh"}], "Wx": [{"to": "z", "matrix": [[1]]}], "output": "z",
       "signature": {"inputs": [{"name": "u", "shape": [1]}]}}}]}
      """
    #expect(
      message(reading: Array(text.utf8))
        == "layers[0].model: expected only the keys input, blocks, Wz, Wx, b, output, found \"signature\"")
  }

  @Test("In Swift too, a signature that does not fit is an error")
  func swift() throws {
    let layers = try Self.network().layers
    for (inputs, message) in [
      ([ModelSignature.Tensor("", [3])], "signature.inputs: expected names, found an empty one"),
      ([.init("a", [1]), .init("a", [2])], "signature.inputs: expected unique names, found \"a\" twice"),
      (
        [.init("a", [-3])],
        "signature.inputs: expected positive extents of up to 3 numbers together, found [-3] of \"a\""
      ),
      (
        [.init("a", [1 << 40, 1 << 40])],
        "signature.inputs: expected positive extents of up to 3 numbers together, found [1099511627776, 1099511627776] of \"a\""
      ),
    ] {
      do throws(InvalidModel) {
        _ = try Network(
          inputShape: [3], layers: layers, output: 0, signature: ModelSignature(inputs: inputs))
        Issue.record("accepted: \(message)")
      } catch { #expect(error.description == message) }
    }
  }

  // MARK: Samples

  /// An archive of arrays, as `numpy.savez` writes it.
  private static func archive(_ arrays: [(name: String, shape: [Int], elements: [Double])]) throws
    -> FileContents
  {
    let sink = MemorySink(named: "file.json")
    var writer = NumPyArchiveWriter(to: sink)
    for array in arrays { try writer.add(array.name, array.elements, shape: array.shape) }
    try writer.finish()
    return FileContents(sink.bytes, named: "file.json")
  }

  private static func samples(
    _ arrays: [(name: String, shape: [Int], elements: [Double])]
  ) throws -> Result<Samples, FileError> {
    let contents = try archive(arrays)
    let signature = try network().signature
    return Result { () throws(FileError) in
      try Samples.read(contents, inputSize: 3, outputSize: 3, signature: signature)
    }
  }

  @Test("An archive may have an array of each input, and of each output's cotangent, in any order")
  func archives() throws {
    let read = try Self.samples([
      ("gain \"dB\"", [2], [10, 20]), ("cotangent.z", [2, 1, 2], [5, 6, 7, 8]),
      ("image", [2, 2, 1], [1, 2, 3, 4]), ("cotangent.y", [2, 1], [0.5, 0.25]),
    ]).get()
    #expect(read.input == Matrix([[1, 2, 10], [3, 4, 20]]))
    #expect(read.cotangent == Matrix([[0.5, 5, 6], [0.25, 7, 8]]))
    let whole = try Self.samples([("input", [1, 3], [1, 2, 3]), ("image", [1, 2, 1], [7, 7])]).get()
    #expect(whole.input == Matrix([[1, 2, 3]]) && whole.cotangent == nil)
  }

  @Test("An input may have the name of the array that holds all of them")
  func inputNamedInput() throws {
    let signature = ModelSignature(inputs: [.init("input", []), .init("v", [2])])
    func input(_ arrays: [(name: String, shape: [Int], elements: [Double])]) throws -> Matrix<Double> {
      try Samples.read(Self.archive(arrays), inputSize: 3, outputSize: 3, signature: signature).input
    }
    // Three numbers: as many samples of one input, not one sample of all.
    #expect(
      try input([("input", [3], [1, 2, 3]), ("v", [3, 2], [4, 5, 6, 7, 8, 9])])
        == Matrix([[1, 4, 5], [2, 6, 7], [3, 8, 9]]))
    #expect(try input([("input", [1, 3], [1, 2, 3])]) == Matrix([[1, 2, 3]]))
  }

  @Test("An archive refuses a name that is too long for it")
  func longName() throws {
    let name = String(repeating: "n", count: 70_000)
    do {
      _ = try Self.archive([(name, [1], [1])])
      Issue.record("written")
    } catch {
      #expect(
        "\(error)".hasSuffix(
          "expected up to 65535 arrays with names of up to 65535 bytes, the limits of zip files, found more"))
    }
  }

  @Test("What is missing or does not fit is named")
  func refusedArchives() throws {
    func message(_ arrays: [(name: String, shape: [Int], elements: [Double])]) throws -> String? {
      guard case .failure(let error) = try Self.samples(arrays) else { return nil }
      return error.description
    }
    let missing = try message([("image", [1, 2, 1], [1, 2])])
    #expect(
      missing
        == "file.json: expected an array of each of 2 tensors, found none called \"gain \"dB\"\"")
    let fewer = try message([("image", [2, 2, 1], [1, 2, 3, 4]), ("gain \"dB\"", [1], [1])])
    #expect(
      fewer
        == "file.json: \"gain \"dB\"\": expected 2 samples, as \"image\" has, found 1")
    #expect(
      try message([("image", [2, 3], [1, 2, 3, 4, 5, 6]), ("gain \"dB\"", [2], [1, 2])])
        == "file.json: \"image\": expected samples of 2 numbers, the size of \"image\", found shape [2, 3]")
  }
}
