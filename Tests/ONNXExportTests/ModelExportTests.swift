import Blocks
import Conversion
import Equilibria
import Foundation
import LinearAlgebra
import ModelFiles
import Networks
import ONNXExport
import ONNXImport
import Operators
import RandomNetworks
import TestSupport
import Testing

/// Whole models, run by ONNX Runtime as loops and as transitions iterated from outside.
@Suite("Models in ONNX", .enabled(if: Runtime.isAvailable, "Python lacks onnx, onnxruntime or numpy"))
struct ModelExportTests {
  /// A model with an input for it.
  struct Sample {
    let name: String
    let model: EquilibriumModel<Double>
    let x: Matrix<Double>
  }

  private struct Expected: Decodable {
    let input: [[Double]]
  }

  /// Every equilibrium model under Fixtures, on the fixture's own inputs.
  private static func fixtures() throws -> [Sample] {
    let folder = packageFolder.appending(path: "Fixtures")
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)!.allObjects
      .compactMap { $0 as? URL }.filter { $0.lastPathComponent.hasSuffix(".deq.json") }
    return try files.map { $0.path() }.sorted().map { path in
      let expected = URL(filePath: path).deletingLastPathComponent().appending(path: "expected.json")
      let input = try JSONDecoder().decode(Expected.self, from: Data(contentsOf: expected)).input
      return Sample(
        name: String(path.dropFirst(folder.path().count)), model: try ModelFile.readEquilibrium(path),
        x: Matrix(rows: input.count, columns: input[0].count, elements: input.flatMap { $0 }))
    }
  }

  private static func random(_ count: Int, graphShare: Double = 0.75) -> [Sample] {
    var settings = NetworkGenerator()
    settings.graphShare = graphShare
    return (0..<count).map { seed in
      let model = EquilibriumModel(converting: settings.network(seed: UInt64(seed)))
      var generator = SeededGenerator(seed: UInt64(seed))
      let elements = (0..<3 * model.inputSize).map { _ in generator.normal() }
      return Sample(
        name: "random \(seed)", model: model,
        x: Matrix(rows: 3, columns: model.inputSize, elements: elements))
    }
  }

  /// How far two correct evaluations may be apart: a multiple of the library's own rounding on this input, measured, and
  /// some units in the last place of its largest number.
  private func allowed(
    _ sample: Sample, _ state: Matrix<Double>, _ precision: Precision, iterates: Bool
  ) -> Double {
    let inFloat = sample.model.cast(to: Float.self)
    let solution = inFloat.solve(sample.x.cast(to: Float.self), by: .structured(GroupSolver()))
    let found = inFloat.flatten(solution.state, batch: sample.x.rows)
    let level = zip(found.elements, state.elements).map { abs(Double($0) - $1) }.max()!
    let largest = (state.elements + sample.x.elements).map { abs($0) }.max()!
    let float = 16 * level + (iterates ? 1024 : 64) * Double(Float.ulpOfOne) * largest
    return precision == .float32 ? float : float * 0x1p-29
  }

  private func expectEqual(
    _ found: [Double], _ expected: [Double], within allowed: Double, _ what: String
  ) {
    #expect(found.count == expected.count, "\(what)")
    let worst = zip(found, expected).map { $0 == $1 || $0.isNaN && $1.isNaN ? 0 : abs($0 - $1) }.max() ?? 0
    #expect(worst <= allowed, "\(what): \(worst), allowed \(allowed)")
  }

  /// Runs both exports of every sample, and compares with the library's equilibrium.
  ///
  /// - Returns: The names of those of which some sample is said not to have converged.
  private func compare(
    _ samples: [Sample], _ precision: Precision = .float32,
    _ evaluator: Runtime.Evaluator = .runtime
  ) throws -> [String] {
    let folder = try TemporaryFolder()
    var cases: [Runtime.Case] = []
    var outputs: [ONNXExport.Port] = []
    for (index, sample) in samples.enumerated() {
      let model = sample.model
      let equilibrium = try ONNXExport(model, precision: precision)
      try equilibrium.write("\(index).onnx", in: folder.url)
      try ONNXExport(model, as: .transition, precision: precision).write("\(index).f.onnx", in: folder.url)
      outputs.append(equilibrium.outputs[0])
      let x = Runtime.Numbers(sample.x, sample: [model.inputSize])
      let z = Runtime.Numbers(
        Matrix(rows: sample.x.rows, columns: model.stateSize), sample: [model.stateSize])
      cases.append(
        .init(
          file: "\(index).onnx",
          feeds: [equilibrium.inputs[0].name: .init(sample.x, sample: equilibrium.inputs[0].shape)],
          type: precision.rawValue, evaluator: evaluator))
      cases.append(
        .init(
          file: "\(index).f.onnx", feeds: ["z": z, "x": x], type: precision.rawValue, evaluator: evaluator,
          iterations: equilibrium.iterations!))
    }
    let results = try Runtime.run(cases, in: folder.url)
    var unconverged: [String] = []
    for (index, sample) in samples.enumerated() {
      let (model, name) = (sample.model, sample.name)
      let solution = try model.equilibrium(sample.x, by: .structured(GroupSolver()))
      let state = model.flatten(solution.state, batch: sample.x.rows)
      let allowed = allowed(sample, state, precision, iterates: model.nilpotencyIndex == nil)
      let y = try #require(results[2 * index][outputs[index].name])
      #expect(y.shape == [sample.x.rows] + outputs[index].shape, "\(name)")
      let expectedShape = model.signature.outputs.first?.shape ?? model.outputShape
      #expect(outputs[index].shape == expectedShape, "\(name)")
      expectEqual(y.data, solution.output.elements, within: allowed, "\(name), loop")
      let f = try #require(results[2 * index + 1]["f"])
      #expect(f.shape == [sample.x.rows, model.stateSize], "\(name)")
      expectEqual(f.data, state.elements, within: allowed, "\(name), transition")
      let converged = results[2 * index]["converged"]
      #expect((converged == nil) == (model.nilpotencyIndex != nil))
      if converged?.data.contains(0) == true { unconverged.append(name) }
    }
    return unconverged
  }

  @Test("The fixtures, run as loops and as iterated transitions, are the library's models")
  func fixtures() throws { #expect(try compare(Self.fixtures()) == []) }

  @Test("Random networks of explicit and implicit layers too")
  func randomNetworks() throws {
    // The equilibrium of that one is about 1e-6, and a runtime's Elu, e^p − 1, is off by a twentieth of it: what is
    // never as close as the tolerances ask for does not count as converged.
    #expect(try compare(Self.random(300)).filter { $0 != "random 265" } == [])
  }

  @Test(
    "Published networks: both exports are the source file, run by the same runtime",
    .enabled(if: RealNetworks.areAvailable, "\(RealNetworks.reason)"),
    arguments: [
      "ACASXU_run2a_2_9_batch_2000", "Convnet_maxpool", "cifar10_small", "cifar_base_kw",
      "ffnnSIGMOID__Point_6x200", "resnet_2b",
    ])
  func published(_ name: String) throws {
    let path = RealNetworks.path("\(name).onnx")
    let graph = try ONNXReader.graph(at: path)
    let model = EquilibriumModel(converting: graph.network)
    let expected = try JSONDecoder().decode(
      Expected.self, from: Data(contentsOf: URL(filePath: RealNetworks.path("\(name).expected.json"))))
    // A sample at a time: some of the files are for a batch of one.
    let x = Matrix([expected.input[0]])
    #expect(try compare([Sample(name: name, model: model, x: x)]) == [])
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(atPath: path, toPath: folder.url.appending(path: "source.onnx").path())
    let source = try Runtime.run(
      [
        .init(
          file: "source.onnx", feeds: ["": .init(x, sample: model.inputShape)], type: "float32",
          evaluator: .runtime)
      ],
      in: folder.url)
    let output = try model.equilibrium(x, by: .structured(GroupSolver())).output.elements
    expectEqual(
      try #require(source[0].values.first).data, output, within: 2e-6 * output.map { abs($0) }.max()!, name)
  }

  @Test("In double precision the rounding is that of doubles")
  func double() throws {
    // Neither implementation has Erf in double precision. Of graphs the runtime lacks many operators in it, and the
    // reference implementation fails on windows that reach over an end.
    let samples = try (Self.fixtures() + Self.random(60, graphShare: 0)).filter {
      !$0.model.blocks.contains { ($0.nonlinearity as? GELU)?.approximation == GELU.Approximation.none }
    }
    let withGaps = samples.filter { $0.model.blocks.contains { block in block.isBeyondDoublesOfRuntime } }
    let others = samples.filter { !$0.model.blocks.contains { block in block.isBeyondDoublesOfRuntime } }
    #expect(!withGaps.isEmpty && others.count > 60)
    #expect(try compare(others, .float64) == [])
    #expect(try compare(withGaps, .float64, .reference) == [])
  }

  @Test("A batch of any size, none too, is taken")
  func batches() throws {
    let sample = try #require(try Self.fixtures().first { $0.name.contains("deq-tanh") })
    let folder = try TemporaryFolder()
    try ONNXExport(sample.model).write("loop.onnx", in: folder.url)
    let sizes = [0, 1, sample.x.rows]
    let results = try Runtime.run(
      sizes.map { rows in
        let x = Matrix(
          rows: rows, columns: sample.x.columns,
          elements: Array(sample.x.elements.prefix(rows * sample.x.columns)))
        return .init(file: "loop.onnx", feeds: ["x": .init(x, sample: sample.model.inputShape)])
      }, in: folder.url)
    for (rows, result) in zip(sizes, results) {
      #expect(result["y"]?.shape == [rows] + sample.model.blocks[sample.model.output].shape)
      #expect(result["converged"]?.shape == [rows])
      #expect(result["converged"]?.data == [Double](repeating: 1, count: rows))
    }
  }

  @Test(
    "A model that does not converge says so for the samples that it is true of, and stops where it is told to"
  )
  func unconverged() throws {
    // z = w z + x with w = x: converges for |x| < 1 only.
    let model = try EquilibriumModel<Double>(
      inputShape: [1],
      blocks: [
        Block(
          name: "z", shape: [1], nonlinearity: Identity(),
          terms: [Term(source: .node(1), map: IdentityMap([1]))],
          offsets: [Offset(vector: [1])]),
        Block(
          name: "product", shape: [1], nonlinearity: Product(), portShapes: [[1], [1]],
          terms: [
            Term(port: 0, source: .input, map: IdentityMap([1])),
            Term(port: 1, source: .node(0), map: IdentityMap([1])),
          ]),
      ], output: 0)
    let folder = try TemporaryFolder()
    try ONNXExport(model, as: .equilibrium(iterations: 200)).write("loop.onnx", in: folder.url)
    let result = try Runtime.run(
      [.init(file: "loop.onnx", feeds: ["x": .init(shape: [4, 1], data: [0.5, -1, -0.25, 1.5])])],
      in: folder.url)[0]
    #expect(result["converged"]?.data == [1, 0, 1, 0])
    let y = try #require(result["y"]).data
    #expect(abs(y[0] - 2) < 1e-5 && abs(y[2] - 0.8) < 1e-6)
  }

  @Test("A state that is not a number on the way goes on, and one that stays so has not converged")
  func notANumber() throws {
    // q = a/b is 0/0 before a and b have their values; then z = tanh(z/2 + q) iterates.
    let half = DenseMap(Matrix<Double>(rows: 1, columns: 1, elements: [0.5]))
    func reads(_ port: Int, _ source: Source) -> Term<Double> {
      Term(port: port, source: source, map: IdentityMap([1]))
    }
    let model = try EquilibriumModel<Double>(
      inputShape: [1],
      blocks: [
        Block(name: "a", size: 1, nonlinearity: Identity(), terms: [reads(0, .input)]),
        Block(
          name: "b", size: 1, nonlinearity: Exponential(), terms: [reads(0, .input)],
          offsets: [Offset(vector: [1])]),
        Block(
          name: "q", shape: [1], nonlinearity: Quotient(), portShapes: [[1], [1]],
          terms: [reads(0, .node(0)), reads(1, .node(1))]),
        Block(
          name: "z", size: 1, nonlinearity: Tanh(),
          terms: [Term(source: .node(3), map: half), reads(0, .node(2))]),
      ], output: 3)
    let folder = try TemporaryFolder()
    try ONNXExport(model).write("loop.onnx", in: folder.url)
    let x: [Double] = [2, -1, 0.5]
    let results = try Runtime.run(
      [
        .init(file: "loop.onnx", feeds: ["x": .init(shape: [3, 1], data: x)]),
        // e^1000 is infinite: 1000/∞ is 0, but −∞ is no state to converge at.
        .init(file: "loop.onnx", feeds: ["x": .init(shape: [2, 1], data: [1000, 1])]),
      ], in: folder.url)
    let expected = try model.equilibrium(
      Matrix(rows: 3, columns: 1, elements: x), by: .structured(GroupSolver())
    ).output.elements
    #expect(results[0]["converged"]?.data == [1, 1, 1])
    let y = try #require(results[0]["y"]).data
    #expect(zip(y, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(y), \(expected)")
    #expect(results[1]["converged"]?.data == [0, 1])
  }
}

extension Block<Double> {
  /// Whether ONNX Runtime lacks one of the block's operators in double precision.
  fileprivate var isBeyondDoublesOfRuntime: Bool {
    terms.contains {
      $0.map is Convolution<Double> || $0.map is TransposedConvolution<Double>
        || $0.map is AveragePooling<Double>
    }
  }
}
