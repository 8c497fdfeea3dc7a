import Blocks
import Conversion
import Equilibria
import FileAccess
import Foundation
import LinearAlgebra
import ModelFiles
import Operators
import PythonExport
import RandomNetworks
import TestSupport
import Testing

@Suite("Models in Python")
struct PythonExportTests {
  static let hasTorch = Python.has("torch", "torchdeq", "safetensors")
  static let hasJAX = Python.has("jax", "optimistix", "safetensors")

  static func isAvailable(_ library: PythonLibrary) -> Bool { library == .torch ? hasTorch : hasJAX }

  static let libraries = PythonLibrary.allCases.filter(isAvailable)

  @Test("Every operator of the registries has an expression in Python, and an example that is run")
  func registry() throws {
    let maps = LinearMapRegistry.all.map { ($0.typeName, $0 as Any.Type) }
    let functions = NonlinearityRegistry.all.map { ($0.typeName, $0 as Any.Type) }
    for (name, type) in maps + functions + [("matrix", DenseMap<Double>.self)] {
      #expect(PythonExport.hasExpression(for: type), "\(name)")
    }
    let mapsWithExamples = Set(OperatorExample.all.filter(\.isMap).map(\.type))
    let functionsWithExamples = Set(OperatorExample.all.filter { !$0.isMap }.map(\.type))
    #expect(Set(maps.map(\.0)).subtracting(mapsWithExamples) == [])
    #expect(Set(functions.map(\.0)).subtracting(functionsWithExamples) == [])
  }

  @Test(
    "Every example of every operator has this library's value and gradients in PyTorch and in JAX, to 1e-10",
    arguments: libraries)
  func operators(library: PythonLibrary) throws {
    // JAX compiles each example for itself, a third of a second each: two of each operator, or all in the long
    // campaigns.
    let examples =
      library == .torch || campaignSize(10) >= 10
      ? OperatorExample.all
      : Dictionary(grouping: OperatorExample.all) { "\($0.isMap) \($0.type)" }
        .sorted { $0.key < $1.key }.flatMap { [$0.value[0], $0.value[$0.value.count / 2]] }
    let samples = try examples.map { example in
      ExportedSample(
        "\(example)", try example.model(), x: example.input, cotangent: example.cotangent)
    }
    let folder = try TemporaryFolder()
    let results = try PythonModules(library: library).run(samples, in: folder.url)
    for (sample, result) in zip(samples, results) { try expectAgreement(sample, result) }
  }

  static let fixtures = [
    "digits/mlp", "deep64/mlp", "deq-tanh/network", "deq-relu/network", "conv-deq/network",
    "stack-of-two-deqs/network", "mixed/network", "transformer-block/network", "branches/network",
    "depthwise/network", "residual-block/network", "gated-mlp/network",
  ]

  @Test(
    "Fixtures have this library's value and gradients, equilibria solved by TorchDEQ and optimistix too",
    arguments: libraries)
  func models(library: PythonLibrary) throws {
    var samples: [ExportedSample] = []
    for (index, name) in Self.fixtures.enumerated() {
      let path = packageFolder.appending(path: "Fixtures/\(name).deq.json").path()
      guard FileManager.default.fileExists(atPath: path) else { continue }
      let model = try ModelFile.readEquilibrium(path)
      samples.append(ExportedSample(name, model, seed: UInt64(index)))
      if model.blocks.count < 10, model.stateSize < 200 {
        var whole = try EquilibriumModel(
          inputShape: model.inputShape,
          layout: model.blocks.map {
            BlockOutline(
              name: $0.name, shape: $0.shape, portShapes: $0.portShapes, nonlinearity: $0.nonlinearity)
          }, Wz: model.matrices.Wz, Wx: model.matrices.Wx, b: model.matrices.b, output: model.output)
        whole.form = .matrix
        samples.append(ExportedSample("\(name), whole matrices", whole, seed: UInt64(index)))
      }
    }
    #expect(samples.count > 12)
    let folder = try TemporaryFolder()
    let results = try PythonModules(library: library).run(samples, in: folder.url)
    for (sample, result) in zip(samples, results) { try expectAgreement(sample, result) }
  }

  @Test("Random networks have this library's value and gradients", arguments: libraries)
  func random(library: PythonLibrary) throws {
    var settings = NetworkGenerator()
    settings.graphShare = 0.7
    let samples = (0..<40).map { seed in
      ExportedSample(
        "random \(seed)", EquilibriumModel(converting: settings.network(seed: UInt64(seed))),
        seed: UInt64(seed), rows: 2)
    }
    let folder = try TemporaryFolder()
    let results = try PythonModules(library: library).run(samples, in: folder.url)
    for (sample, result) in zip(samples, results) {
      try expectAgreement(sample, result, within: sample.model.cyclicGroups.isEmpty ? 1e-10 : 1e-8)
    }
  }

  @Test("A block that Python cannot express is refused by its name")
  func refusal() throws {
    let block = Block<Double>(
      name: "a b", size: 1, nonlinearity: Unexpressed(), terms: [Term(source: .input, map: IdentityMap([1]))])
    let model = try EquilibriumModel<Double>(inputShape: [1], blocks: [block], output: 0)
    for library in PythonLibrary.allCases {
      #expect {
        try PythonExport(model, for: library, weights: "w", source: "m", file: "m.py")
      } throws: {
        "\($0)" == "m.py: \"a b\": expected a nonlinearity that \(library.rawValue) has, found unexpressed"
      }
    }
  }

  @Test("Names that Python cannot hold become others, and each stays its own", arguments: libraries)
  func names(library: PythonLibrary) throws {
    let names = [
      "lambda", "x", "a b", "a_b", "1", "p", "p0", "F", "é", "\"quoted\" \\ #", "A", "torch", "forward",
    ]
    var blocks: [Block<Double>] = []
    for (index, name) in names.enumerated() {
      blocks.append(
        Block(
          name: name, size: 2, nonlinearity: Tanh(),
          terms: [
            Term(
              source: index == 0 ? .input : .node(index - 1),
              map: DenseMap(Matrix(rows: 2, columns: 2, elements: [0.5, 1, -1, 0.25])), parameter: name)
          ], offsets: [Offset(vector: [0.1, 0.2], parameter: "\(name).deq")]))
    }
    let model = try EquilibriumModel<Double>(
      inputShape: [2], blocks: blocks, output: names.count - 1)
    let sample = ExportedSample("names", model, seed: 1)
    let folder = try TemporaryFolder()
    try expectAgreement(sample, PythonModules(library: library).run([sample], in: folder.url)[0])
  }
}

/// A nonlinearity that is in no registry.
private struct Unexpressed: Nonlinearity {
  static let typeName = "unexpressed"
  static let schema = OperatorSchema("p")
  var attributes: Attributes { [:] }
  init() {}
  init(attributes: Attributes) throws(InvalidConstants) {}
  func outputShape(portShapes: [[Int]]) -> [Int]? { portShapes[0] }
  func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> { ports[0] }
  func vjp<S: Scalar>(
    _ cotangent: consuming Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]
  ) -> [Matrix<S>] { [cotangent] }
}
