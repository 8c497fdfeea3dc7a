import Blocks
import Conversion
import Equilibria
import Equivalence
import FileAccess
import FixedPoints
import Foundation
import LinearAlgebra
import ModelFiles
import Networks
import ONNXExport
import ONNXImport
import ONNXSchema
import TestSupport
import Testing

private let isRuntimeAvailable = Python.has("onnx", "onnxruntime", "numpy")

/// What the importer puts in the place of infinite numbers: the largest finite number of the file's own precision, so
/// that the model can be written in that precision again.
@Suite("Masks in the file's precision") struct MaskExportTests {
  private struct Masked {
    let name: String
    let builder: ModelBuilder
  }

  private func start(_ inputs: [String: [ModelBuilder.Extent]], _ outputs: [String] = ["y"]) -> ModelBuilder {
    var builder = ModelBuilder(opset: 23, ir: 10)
    for (name, shape) in inputs.sorted(by: { $0.key < $1.key }) { builder.input(name, shape) }
    for name in outputs { builder.output(name) }
    return builder
  }

  private func attention(
    _ name: String, keys: ModelBuilder.Extent, past: Bool = false, mask: [Int]? = nil, causal: Int
  ) -> Masked {
    let heads: [String: [ModelBuilder.Extent]] = [
      "q": ["N", 1, 2, 2], "k": ["N", 1, keys, 2], "v": ["N", 1, keys, 2],
    ]
    let earlier: [String: [ModelBuilder.Extent]] = ["pk": ["N", 1, 3, 2], "pv": ["N", 1, 3, 2]]
    let outputs = past ? ["y", "keys", "values"] : ["y"]
    var builder = start(past ? heads.merging(earlier) { $1 } : heads, outputs)
    if let mask {
      builder.graph.initializer.append(ModelBuilder.integers("truth", [2, 3], mask))
      builder.node("Cast", ["truth"], ["mask"], [.int("to", 9)])
    }
    let inputs = ["q", "k", "v"] + (past ? ["", "pk", "pv"] : mask == nil ? [] : ["mask"])
    builder.node("Attention", inputs, outputs, [.int("is_causal", causal)])
    return Masked(name: name, builder: builder)
  }

  private func projected() -> Masked {
    var builder = start(["x": ["N", 3, 4]])
    builder.model.opsetImport.append(
      .with {
        $0.domain = "com.microsoft"
        $0.version = 1
      })
    builder.initializer("w", [4, 12], (0..<48).map { Double($0 * 7 % 11) / 8 - 0.5 })
    builder.initializer("b", [12], (0..<12).map { Double($0 % 5) / 4 - 0.5 })
    builder.node(
      "Attention", ["x", "w", "b"], ["y"], [.int("num_heads", 2), .int("unidirectional", 1)],
      domain: "com.microsoft")
    return Masked(name: "com.microsoft", builder: builder)
  }

  /// Masks that the graph itself adds, or chooses.
  private func composed() -> [Masked] {
    var chosen = start(["x": ["N", 2, 3]])
    chosen.graph.initializer.append(ModelBuilder.integers("truth", [2, 3], [1, 0, 0, 1, 1, 0]))
    chosen.initializer("low", [], [-.infinity])
    chosen.node("Cast", ["truth"], ["mask"], [.int("to", 9)])
    chosen.node("Where", ["mask", "x", "low"], ["scores"])
    chosen.node("Softmax", ["scores"], ["y"], [.int("axis", -1)])
    var added = start(["x": ["N", 2, 3]])
    added.initializer("low", [2, 3], [0, -.infinity, 0, 0, 0, -.infinity])
    added.initializer("axes", integers: [2])
    added.node("Add", ["x", "low"], ["scores"])
    added.node("ReduceMax", ["scores", "axes"], ["y"], [.int("keepdims", 0)])
    var rectified = start(["x": ["N", 2]])
    rectified.initializer("low", [2], [0, -.infinity])
    rectified.node("Add", ["x", "low"], ["scores"])
    rectified.node("Relu", ["scores"], ["y"])
    var infinite = start(["x": ["N", 3]])
    infinite.node("IsInf", ["x"], ["truth"])
    infinite.node("Cast", ["truth"], ["number"], [.int("to", 1)])
    infinite.node("Add", ["x", "number"], ["y"])
    return [("Where", chosen), ("ReduceMax", added), ("Relu", rectified), ("IsInf", infinite)].map {
      Masked(name: $0.0, builder: $0.1)
    }
  }

  private var all: [Masked] {
    [
      attention("causal", keys: 3, causal: 1),
      attention("Boolean", keys: 3, mask: [1, 0, 1, 0, 1, 1], causal: 0),
      attention("Boolean and causal", keys: 3, mask: [1, 0, 1, 1, 0, 1], causal: 1),
      attention("past", keys: 2, past: true, causal: 1), projected(),
    ] + composed()
  }

  @Test(
    "A masked model of a float32 file is written in float32 again, and ONNX Runtime gives the same for both",
    .enabled(if: isRuntimeAvailable, "Python lacks onnx, onnxruntime or numpy"))
  func export() throws {
    let folder = Folder()
    for masked in all {
      try folder.write(try masked.builder.bytes, as: "\(masked.name).onnx")
      let model = EquilibriumModel(converting: try masked.builder.network())
      let sink = MemorySink()
      try ONNXExport(model, precision: .float32).write(to: sink)
      try folder.write(sink.bytes, as: "\(masked.name).again.onnx")
      guard case .equilibrium(let read) = try ModelFile.read(FileContents(sink.bytes, named: "m.onnx")) else {
        Issue.record("\(masked.name): read as a network")
        continue
      }
      let report = EquivalenceChecker().check(
        .equilibrium(Precision.float32.rounded(model)), against: .equilibrium(read))
      #expect(report.proof.function.isProved, "\(masked.name)")
    }
    let names = all.map(\.name)
    let differences = try Python.run(Self.script, names, in: folder.path).split(separator: "\n")
    #expect(differences.count == names.count)
    for (name, difference) in zip(names, differences) {
      #expect(Double(difference).map { $0 < 2e-6 } == true, "\(name): \(difference)")
    }
  }

  /// For each model the largest difference of its outputs from those of the file that it was written to again.
  private static let script = """
    import sys, numpy, onnxruntime
    draw = numpy.random.default_rng(3)
    for name in sys.argv[1:]:
        first, again = [onnxruntime.InferenceSession(name + end, providers=["CPUExecutionProvider"])
                        for end in [".onnx", ".again.onnx"]]
        feeds = {i.name: draw.standard_normal([2, *i.shape[1:]]).astype("float32") for i in first.get_inputs()}
        names = [o.name for o in first.get_outputs()]
        pairs = list(zip(first.run(names, feeds), again.run(names, feeds)))
        assert all(numpy.isfinite(a).all() and a.size == b.size for a, b in pairs)
        print(max(numpy.abs(a.ravel() - b.ravel()).max() for a, b in pairs))
    """

  private func least(_ builder: ModelBuilder) throws -> Double? {
    try builder.network().layers.compactMap { layer -> Double? in
      guard case .explicit(let block) = layer else { return nil }
      return block.offsets.flatMap { $0.tensor.elements }.min()
    }.min()
  }

  private func softmax(_ low: [Double], type: Int = 1) -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("x", ["N", 2], type: type)
    builder.initializer("low", [2], low)
    if type == 1 {
      builder.node("Add", ["x", "low"], ["scores"])
    } else {
      builder.node("Cast", ["low"], ["wide"], [.int("to", type)])
      builder.node("Add", ["x", "wide"], ["scores"])
    }
    builder.node("Softmax", ["scores"], ["y"], [.int("axis", -1)])
    builder.output("y")
    return builder
  }

  @Test("What excludes is the lowest number of float32, in files of float64 that of float64")
  func precision() throws {
    let lowest = -Double(Float.greatestFiniteMagnitude)
    #expect(try least(softmax([0, -.infinity])) == lowest)
    #expect(try least(softmax([0, -.infinity], type: 10)) == lowest)
    #expect(try least(softmax([0, -.infinity], type: 16)) == lowest)
    #expect(try least(softmax([0, -.infinity], type: 11)) == -.greatestFiniteMagnitude)
  }

  @Test("Beside a finite number as low as float32's lowest, what is excluded lies below it still")
  func beside() throws {
    let lowest = -Double(Float.greatestFiniteMagnitude)
    let builder = softmax([lowest, -.infinity])
    #expect(try least(builder) == -.greatestFiniteMagnitude)
    let pass = try builder.network().forward(Matrix([[1, 2]]), solvingBy: .structured(Newton()))
    #expect(pass.output.elements == [1, 0])
  }
}
