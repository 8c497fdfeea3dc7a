import Blocks
import Conversion
import Equilibria
import FileAccess
import Foundation
import LinearAlgebra
import ModelFiles
import Networks
import ONNXExport
import ONNXSchema
import Operators
import RandomNetworks
import TestSupport
import Testing

@Suite("The structure of an exported model")
struct StructureTests {
  /// Three dense layers, the last of which reads the first one again with the second one's weight.
  private func network() throws -> EquilibriumModel<Double> {
    let weight = Matrix<Double>(rows: 2, columns: 2, elements: [0.5, -1, 2, 0.25])
    func layer(_ name: String, _ sources: [Source], parameter: String) -> Block<Double> {
      Block(
        name: name, size: 2, nonlinearity: ReLU(),
        terms: sources.map { Term(source: $0, map: DenseMap(weight), parameter: parameter) },
        offsets: [Offset(vector: [1, -1], parameter: "\(name).bias")])
    }
    return try EquilibriumModel(
      inputShape: [2],
      blocks: [
        layer("a", [.input], parameter: "a.weight"), layer("b", [.node(0)], parameter: "b.weight"),
        layer("c", [.node(1), .node(0)], parameter: "b.weight"),
      ], output: 2)
  }

  private func decoded(_ export: ONNXExport) throws -> (model: ONNXModelProto, bytes: [UInt8]) {
    let sink = MemorySink()
    try export.write(to: sink)
    #expect(sink.bytes.count == export.byteCount)
    return (try ONNXModelProto(serializedBytes: sink.bytes), sink.bytes)
  }

  @Test("An acyclic model is one loop of as many iterations as its longest path has blocks")
  func loop() throws {
    let export = try ONNXExport(network())
    #expect(export.iterations == 3)
    let (model, _) = try decoded(export)
    #expect(model.irVersion == 10 && model.producerName == "deq")
    #expect(model.opsetImport.map(\.version) == [21] && model.opsetImport.map(\.domain) == [""])
    let loops = model.graph.node.filter { $0.opType == "Loop" }
    #expect(loops.count == 1)
    let trips = try #require(model.graph.initializer.first { $0.name == loops[0].input[0] })
    #expect(Array(trips.rawData) == [3, 0, 0, 0, 0, 0, 0, 0] && trips.dims == [])
    let condition = try #require(model.graph.initializer.first { $0.name == loops[0].input[1] })
    #expect(Array(condition.rawData) == [1] && condition.dataType == 9)
    let body = loops[0].attribute[0].g
    #expect(body.initializer.isEmpty)
    #expect(body.node.filter { $0.opType == "Gemm" }.count == 4)
    #expect(model.graph.input.map(\.name) == ["x"] && model.graph.output.map(\.name) == ["y"])
    #expect(model.graph.input[0].type.tensorType.shape.dim[0].dimParam == "batch")
  }

  @Test("Each parameter is there once, outside of the loop, whoever reads it and however often")
  func weightsOnce() throws {
    for content in [ONNXExport.Content.equilibrium(iterations: 1), .transition] {
      let (model, _) = try decoded(ONNXExport(network(), as: content))
      let matrices = model.graph.initializer.filter { $0.dims == [2, 2] }
      // Those of different names are different parameters, though their numbers are equal.
      #expect(matrices.map(\.name) == ["a.weight", "b.weight"])
      #expect(
        model.graph.initializer.filter { $0.dims == [2] && $0.dataType == 1 }.map(\.name) == [
          "a.bias", "b.bias",
        ])
      // Two terms meet in the last layer, and its bias is added to their sum.
      #expect(
        model.graph.initializer.filter { $0.dims == [1, 2] && $0.dataType == 1 }.map(\.name) == ["c.bias"])
      let nodes = model.graph.node + model.graph.node.flatMap { $0.attribute.flatMap(\.g.node) }
      let products = nodes.filter { $0.opType == "Gemm" }.map { $0.input.dropFirst(2).first }
      #expect(products == ["a.bias", "b.bias", nil, nil])
      #expect(Set(model.graph.initializer.map(\.name)).count == model.graph.initializer.count)
    }
  }

  @Test("A cyclic model iterates as often as it is told at most, and checks convergence")
  func cyclic() throws {
    let model = try EquilibriumModel<Double>(
      inputShape: [1],
      blocks: [
        Block(
          name: "z", shape: [1], nonlinearity: Tanh(),
          terms: [
            Term(source: .node(0), map: DenseMap(Matrix(rows: 1, columns: 1, elements: [0.5]))),
            Term(source: .input, map: IdentityMap([1])),
          ])
      ], output: 0)
    let export = try ONNXExport(model, as: .equilibrium(iterations: 77))
    #expect(export.iterations == 77)
    #expect(
      export.outputs.map(\.name) == ["y", "converged"] && export.outputs.map(\.type) == ["float32", "bool"])
    let (proto, _) = try decoded(export)
    let loop = try #require(proto.graph.node.first { $0.opType == "Loop" })
    #expect(loop.attribute[0].g.output.count == 3)
    #expect(loop.attribute[0].g.node.contains { $0.opType == "LessOrEqual" })
    let transition = try ONNXExport(model, as: .transition)
    #expect(transition.iterations == nil && transition.inputs.map(\.name) == ["z", "x"])
  }

  @Test("Names are unique, and defined before they are used")
  func names() throws {
    for seed in 0..<40 as Range<UInt64> {
      let model = EquilibriumModel(converting: NetworkGenerator().network(seed: seed))
      let (proto, _) = try decoded(ONNXExport(model))
      var known = Set(proto.graph.initializer.map(\.name) + proto.graph.input.map(\.name))
      #expect(known.count == proto.graph.initializer.count + proto.graph.input.count)
      func visit(_ nodes: [ONNXNodeProto]) {
        for node in nodes {
          for input in node.input where !input.isEmpty { #expect(known.contains(input), "\(seed) \(input)") }
          for attribute in node.attribute where attribute.hasG {
            for input in attribute.g.input { #expect(known.insert(input.name).inserted) }
            visit(attribute.g.node)
          }
          for output in node.output { #expect(known.insert(output).inserted, "\(seed) \(output)") }
        }
      }
      visit(proto.graph.node)
    }
  }

  @Test("The same model gives the same bytes")
  func deterministic() throws {
    let model = EquilibriumModel(converting: NetworkGenerator().network(seed: 5))
    #expect(try decoded(ONNXExport(model)).bytes == decoded(ONNXExport(model)).bytes)
  }

  @Test(
    "Double precision keeps every bit of the weights; single precision rounds them, and refuses those beyond")
  func precision() throws {
    func model(_ weight: Double) throws -> EquilibriumModel<Double> {
      try EquilibriumModel(
        inputShape: [1],
        blocks: [
          Block(
            name: "a", size: 1, nonlinearity: ReLU(),
            terms: [
              Term(
                source: .input, map: DenseMap(Matrix(rows: 1, columns: 1, elements: [weight])), parameter: "w"
              )
            ])
        ], output: 0)
    }
    func weight(_ proto: ONNXModelProto) throws -> ONNXTensorProto {
      try #require(proto.graph.initializer.first { $0.name == "w" })
    }
    let double = try weight(decoded(ONNXExport(model(0.1), precision: .float64)).model)
    #expect(double.dataType == 11 && Array(double.rawData) == withUnsafeBytes(of: 0.1) { Array($0) })
    let single = try weight(decoded(ONNXExport(model(0.1))).model)
    #expect(single.dataType == 1 && Array(single.rawData) == withUnsafeBytes(of: Float(0.1)) { Array($0) })
    #expect {
      try decoded(ONNXExport(model(1e300)))
    } throws: { error in
      "\(error)" == "memory: \"w\": expected weights within the range of float32, found 1e+300"
    }
    #expect(throws: Never.self) { try decoded(ONNXExport(model(1e300), precision: .float64)) }
  }

  @Test("An operator that ONNX does not have is refused by the name of its block")
  func refusals() throws {
    struct Odd: PlainActivation, ScalarActivation {
      static let typeName = "odd"
      static let schema = OperatorSchema("p")
      func value<S: Scalar>(_ p: S) -> S { p }
      func derivative<S: Scalar>(_ p: S) -> S { 1 }
    }
    let model = try EquilibriumModel<Double>(
      inputShape: [1],
      blocks: [Block(name: "strange", size: 1, nonlinearity: Odd(), terms: [])], output: 0)
    #expect {
      try ONNXExport(model, file: "m.onnx")
    } throws: { error in
      "\(error)" == "m.onnx: \"strange\": expected a nonlinearity with an ONNX operator, found odd"
    }
  }

  @Test("Every operator that files may name has a form in ONNX, or is a rearrangement or a matrix")
  func coverage() {
    for type in NonlinearityRegistry.all {
      #expect(ONNXExport.hasOperator(for: type), "\(type.typeName)")
    }
    let byIndices = LinearMapRegistry.all.filter { !ONNXExport.hasOperator(for: $0) }.map { $0.typeName }
    #expect(byIndices.sorted() == ["flatten", "reshape"])
  }

  @Test("A map without a form of its own is exported by its matrix")
  func matrix() throws {
    struct Doubling: LinearMap {
      typealias S = Double
      static let typeName = "doubling"
      static let schema = OperatorSchema("2 x")
      let inputShape: [Int]
      init(_ shape: [Int]) {
        inputShape = shape
      }
      init(inputShape: [Int], parameter: Tensor<Double>?, attributes: Attributes) {
        self.init(inputShape)
      }
      var outputShape: [Int] { inputShape }
      var parameter: Tensor<Double>? { nil }
      func add(of x: Matrix<Double>, to p: inout Matrix<Double>) {
        for index in x.elements.indices { p.elements[index] += 2 * x.elements[index] }
      }
      func addTransposed(of g: Matrix<Double>, to e: inout Matrix<Double>) { add(of: g, to: &e) }
      func parameterGradient(cotangent g: Matrix<Double>, input x: Matrix<Double>) -> Tensor<Double>? { nil }
      func forEachEntry(inRow row: Int, _ body: (Int, Double) -> Void) { body(row, 2) }
      func forEachSummand(inRow row: Int, _ body: (EntrySummand) -> Void) {
        body(EntrySummand(column: row, factor: 2))
      }
      func cast<T: Scalar>(to type: T.Type) -> any LinearMap<T> { preconditionFailure("not cast here") }
    }
    func model(_ size: Int) throws -> EquilibriumModel<Double> {
      try EquilibriumModel(
        inputShape: [size],
        blocks: [
          Block(
            name: "twice", size: size, nonlinearity: Identity(),
            terms: [
              Term(source: .input, map: Doubling([size]))
            ])
        ], output: 0)
    }
    let (proto, _) = try decoded(ONNXExport(model(3), as: .transition))
    #expect(proto.graph.node.contains { $0.opType == "Gemm" })
    #expect(proto.graph.initializer.contains { $0.dims == [3, 3] })
    #expect {
      try ONNXExport(model(5000))
    } throws: { error in
      "\(error)".hasSuffix(
        "\"twice\": expected a linear map with an ONNX operator, or one of at most 16777216 entries, found doubling of 5000 by 5000"
      )
    }
  }

  @Test("A file beyond the limit of protocol buffers is refused with its size, before any weight is read")
  func tooLarge() throws {
    final class Claim: NumberSource {
      let count = 600_000_000
      func read() -> [Double] { preconditionFailure("read") }
    }
    let tensor = Tensor<Double>(shape: [600_000, 1000], source: Claim())
    let map = DenseMap<Double>(tensor)
    let model = try EquilibriumModel<Double>(
      inputShape: [1000],
      blocks: [
        Block(name: "a", size: 600_000, nonlinearity: ReLU(), terms: [Term(source: .input, map: map)])
      ],
      output: 0)
    #expect {
      try ONNXExport(model, file: "m.onnx")
    } throws: { error in
      (error as? FileError)?.kind == .cannotCreate
        && "\(error)".hasPrefix(
          "m.onnx: expected a model of at most 2147483647 bytes, the limit of protocol buffers, found 24000")
    }
  }
}
