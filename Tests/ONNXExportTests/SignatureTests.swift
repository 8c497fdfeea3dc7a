import Blocks
import Conversion
import Equilibria
import Equivalence
import FileAccess
import Foundation
import LinearAlgebra
import ModelFiles
import Networks
import ONNXExport
import ONNXSchema
import Operators
import TestSupport
import Testing

/// Exported models under the names and in the shapes of their own inputs and outputs.
@Suite("Names of inputs and outputs in exported models")
struct SignatureTests {
  /// A model from 12 numbers to 6 under a signature: acyclic, or with one group of blocks that read each other.
  private static func model(
    _ signature: ModelSignature, isCyclic: Bool, inputShape: [Int] = [12], outputShape: [Int] = [6]
  ) throws -> EquilibriumModel<Double> {
    func weight(_ rows: Int, _ columns: Int, _ scale: Double) -> DenseMap<Double> {
      let elements = (0..<rows * columns).map { scale * Double(($0 * 37 + 11) % 23 - 11) / 16 }
      return DenseMap(Matrix(rows: rows, columns: columns, elements: elements))
    }
    var hidden = Block(
      name: "hidden", size: 5, nonlinearity: Tanh(),
      terms: [Term(source: .input, map: weight(5, 12, 1), parameter: "hidden.weight")])
    if isCyclic { hidden.terms.append(Term(source: .node(0), map: weight(5, 5, 0.1))) }
    let output = Block(
      name: "output", shape: outputShape, nonlinearity: Identity(),
      portShapes: [outputShape],
      terms: [Term(source: .node(0), map: weight(6, 5, 1), parameter: "output.weight")], offsets: [])
    return try EquilibriumModel(
      inputShape: inputShape, blocks: [hidden, output], output: 1, signature: signature)
  }

  /// Signatures of 12 input and 6 output coordinates.
  static let signatures: [ModelSignature] = [
    .unnamed,
    ModelSignature(inputs: [.init("pixels", [12])], outputs: [.init("logits", [6])]),
    ModelSignature(inputs: [.init("pixels", [3, 2, 2])], outputs: [.init("logits", [2, 3])]),
    ModelSignature(inputs: [.init("x", [3, 4])]),
    ModelSignature(outputs: [.init("y", [6, 1])]),
    ModelSignature(
      inputs: [.init("image", [2, 4]), .init("gain", []), .init("rest", [3])],
      outputs: [.init("a", [2, 2]), .init("b", []), .init("c", [1])]),
    ModelSignature(outputs: [.init("first", [3]), .init("second", [3])]),
    ModelSignature(inputs: [.init("p", [6]), .init("q", [6])]),
    // Names that the file uses itself, and one name of an input and an output.
    ModelSignature(
      inputs: [.init("z", [4]), .init("x", [4]), .init("yes", [4])],
      outputs: [.init("f", [2]), .init("goes_on", [2]), .init("hidden.weight", [2])]),
    ModelSignature(inputs: [.init("same", [12])], outputs: [.init("same", [6])]),
    ModelSignature(outputs: [.init("converged", [6])]),
  ]

  @Test("The file has them, and is read again as the same model", arguments: signatures, [false, true])
  func readBack(_ signature: ModelSignature, isCyclic: Bool) throws {
    for (inputShape, outputShape) in [([12], [6]), ([3, 2, 2], [3, 2])] {
      let model = try Self.model(
        signature, isCyclic: isCyclic, inputShape: inputShape, outputShape: outputShape)
      let export = try ONNXExport(model, precision: .float64)
      let inputs = signature.inputs.isEmpty ? [.init("x", inputShape)] : signature.inputs
      let outputs = signature.outputs.isEmpty ? [.init("y", outputShape)] : signature.outputs
      #expect(export.inputs.map(\.name) == inputs.map(\.name))
      #expect(export.inputs.map(\.shape) == inputs.map(\.shape))
      #expect(export.outputs.prefix(outputs.count).map(\.shape) == outputs.map(\.shape))
      #expect(export.outputs.count == outputs.count + (isCyclic ? 1 : 0))
      let names = export.outputs.map(\.name)
      #expect(Set(names + inputs.map(\.name)).count == names.count + inputs.count)
      for (name, output) in zip(names, outputs) where !inputs.map(\.name).contains(output.name) {
        #expect(name == output.name)
      }
      let found = try Self.read(export)
      #expect(found.inputShape == inputShape)
      #expect(found.signature.inputs == (inputs == [.init("x", inputShape)] ? [] : inputs))
      let named = zip(names, outputs).map { ModelSignature.Tensor($0, $1.shape) }
      #expect(found.signature.outputs == (named == [.init("y", found.outputShape)] ? [] : named))
      var checker = EquivalenceChecker()
      checker.samples = 2
      let report = checker.check(.equilibrium(model), against: .equilibrium(found))
      #expect(report.verdict == .proved, "\(signature)")
    }
  }

  private static func read(_ export: ONNXExport) throws -> EquilibriumModel<Double> {
    let sink = MemorySink(named: "m.onnx")
    try export.write(to: sink)
    return try read(sink.bytes)
  }

  private static func read(_ bytes: [UInt8]) throws -> EquilibriumModel<Double> {
    guard case .equilibrium(let model) = try ModelFile.read(FileContents(bytes, named: "m.onnx")) else {
      throw FileError(.badData, file: "m.onnx", "expected an equilibrium model")
    }
    return model
  }

  @Test("Without the metadata the names and shapes stay, since they are the graph's")
  func withoutMetadata() throws {
    let signature = ModelSignature(
      inputs: [.init("image", [2, 4]), .init("rest", [4])], outputs: [.init("a", [2, 2]), .init("b", [2])])
    for isCyclic in [false, true] {
      let model = try Self.model(signature, isCyclic: isCyclic)
      let sink = MemorySink(named: "m.onnx")
      try ONNXExport(model, precision: .float64).write(to: sink)
      var proto = try ONNXModelProto(serializedBytes: sink.bytes)
      proto.metadataProps = []
      #expect(try Self.read(proto.serializedBytes()).signature == signature)
    }
  }

  /// Changes of a file after which its inputs or outputs are others.
  static let faults: [(what: String, change: @Sendable (inout ONNXModelProto) -> Void)] = [
    (
      "inputs gathered in another order",
      { proto in
        let index = proto.graph.node.firstIndex {
          $0.opType == "Concat" && $0.input.count == 2 && $0.attribute[0].i == 1
        }!
        proto.graph.node[index].input.swapAt(0, 1)
      }
    ),
    (
      "an output of the other's part",
      { proto in
        let indices = proto.graph.node.indices.filter { proto.graph.node[$0].opType == "Identity" }
        let (first, second) = (indices[0], indices[1])
        let input = proto.graph.node[first].input
        proto.graph.node[first].input = proto.graph.node[second].input
        proto.graph.node[second].input = input
      }
    ),
    (
      "an input of another shape",
      { proto in proto.graph.input[0].type.tensorType.shape.dim[1].dimValue = 5 }
    ),
    (
      "an output of another shape",
      { proto in proto.graph.output[0].type.tensorType.shape.dim[1].dimValue = 2 }
    ),
  ]

  @Test("A file whose inputs or outputs are others is refused", arguments: faults.indices)
  func refused(_ index: Int) throws {
    let signature = ModelSignature(
      inputs: [.init("p", [6]), .init("q", [6])], outputs: [.init("a", [3]), .init("b", [3])])
    for isCyclic in [false, true] {
      let sink = MemorySink(named: "m.onnx")
      try ONNXExport(try Self.model(signature, isCyclic: isCyclic), precision: .float64).write(to: sink)
      var proto = try ONNXModelProto(serializedBytes: sink.bytes)
      #expect(try Self.read(proto.serializedBytes()).signature == signature)
      Self.faults[index].change(&proto)
      #expect(throws: FileError.self, "\(Self.faults[index].what), cyclic: \(isCyclic)") {
        try Self.read(proto.serializedBytes())
      }
    }
  }

  @Test(
    "ONNX Runtime takes the inputs by name, and gives each output in its shape",
    .enabled(if: Runtime.isAvailable, "Python lacks onnx, onnxruntime or numpy"))
  func runtime() throws {
    let folder = try TemporaryFolder()
    let x = Matrix<Double>(rows: 3, columns: 12, elements: (0..<36).map { Double(($0 * 17) % 29 - 14) / 10 })
    var cases: [Runtime.Case] = []
    var exports: [(ONNXExport, EquilibriumModel<Double>)] = []
    for signature in Self.signatures {
      for isCyclic in [false, true] {
        let model = try Self.model(signature, isCyclic: isCyclic, inputShape: [3, 4], outputShape: [2, 3])
        let export = try ONNXExport(model, precision: .float64)
        let name = "\(exports.count).onnx"
        try export.write(name, in: folder.url)
        var feeds: [String: Runtime.Numbers] = [:]
        var start = 0
        for input in export.inputs {
          let size = input.shape.reduce(1, *)
          let elements = (0..<3).flatMap { x.row($0).dropFirst(start).prefix(size) }
          feeds[input.name] = Runtime.Numbers(shape: [3] + input.shape, data: elements)
          start += size
        }
        cases.append(.init(file: name, feeds: feeds, type: "float64"))
        exports.append((export, model))
      }
    }
    for (found, (export, model)) in zip(try Runtime.run(cases, in: folder.url), exports) {
      let expected = try model.equilibrium(x, by: .structured(GroupSolver())).output
      var start = 0
      for output in export.outputs where output.type != "bool" {
        let size = output.shape.reduce(1, *)
        let elements = (0..<3).flatMap { expected.row($0).dropFirst(start).prefix(size) }
        let result = try #require(found[output.name])
        #expect(result.shape == [3] + output.shape)
        for (one, other) in zip(result.data, elements) { #expect(abs(one - other) <= 1e-12) }
        start += size
      }
      #expect(start == 6)
    }
  }
}
