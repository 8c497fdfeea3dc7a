import Blocks
import Equilibria
import FileAccess
import Foundation
import LinearAlgebra
import ModelFiles
import ONNXExport
import ONNXSchema
import Operators
import Testing

/// Files that are almost what is exported.
@Suite("Exported models that were changed")
struct ReadBackRefusalTests {
  /// Two blocks; where `isCyclic`, each reads the other.
  private static func model(isCyclic: Bool) throws -> EquilibriumModel<Double> {
    func dense(_ numbers: [Double]) -> DenseMap<Double> {
      DenseMap(Matrix(rows: 2, columns: 2, elements: numbers))
    }
    var first = [Term(source: .input, map: dense([1, 0.5, -0.25, 2]), parameter: "in.weight")]
    if isCyclic {
      first.append(Term(source: .node(1), map: dense([0.25, 0, 0, 0.25]), parameter: "back.weight"))
    }
    return try EquilibriumModel(
      inputShape: [2],
      blocks: [
        Block(name: "hidden", size: 2, nonlinearity: Tanh(), terms: first),
        Block(
          name: "out", size: 2, nonlinearity: SiLU(),
          terms: [Term(source: .node(0), map: dense([1, 2, 3, 4]), parameter: "out.weight")],
          offsets: [Offset(vector: [0.5, -1], parameter: "out.bias")]),
      ], output: 1)
  }

  private static func proto(
    isCyclic: Bool, _ content: ONNXExport.Content = .equilibrium(iterations: 50)
  ) throws -> ONNXModelProto {
    let sink = MemorySink()
    try ONNXExport(model(isCyclic: isCyclic), as: content).write(to: sink)
    return try ONNXModelProto(serializedBytes: sink.bytes)
  }

  private static func read(_ proto: ONNXModelProto) throws -> EquilibriumModel<Double>? {
    let bytes: [UInt8] = try proto.serializedBytes()
    if case .equilibrium(let model) = try ModelFile.read(FileContents(bytes, named: "m.onnx")) {
      return model
    }
    return nil
  }

  /// What is said about a file, without its name; nil where it is read.
  private static func refusal(_ bytes: [UInt8]) -> String? {
    do throws(FileError) {
      _ = try ModelFile.read(FileContents(bytes, named: "m.onnx"))
      return nil
    } catch {
      #expect(!error.description.contains("\n") && error.description.hasPrefix("m.onnx: "))
      return String(error.description.dropFirst("m.onnx: ".count))
    }
  }

  @Test("A weight that was changed after the export is read as it was changed", arguments: [false, true])
  func changedWeight(_ isCyclic: Bool) throws {
    for content in [ONNXExport.Content.equilibrium(iterations: 50), .transition] {
      var proto = try Self.proto(isCyclic: isCyclic, content)
      let position = try #require(proto.graph.initializer.firstIndex { $0.name == "out.weight" })
      proto.graph.initializer[position].rawData.replaceSubrange(
        4..<8, with: withUnsafeBytes(of: Float(2.125)) { Array($0) })
      let model = try #require(try Self.read(proto))
      let map = try #require(model.blocks.first { $0.name == "out" }?.terms.first?.map)
      #expect(map.matrix.elements == [1, 2.125, 3, 4])
    }
  }

  @Test("An operator that was changed after the export is read as it was changed")
  func changedOperator() throws {
    var proto = try Self.proto(isCyclic: false, .transition)
    let position = try #require(proto.graph.node.firstIndex { $0.opType == "Tanh" })
    proto.graph.node[position].opType = "Sin"
    let model = try #require(try Self.read(proto))
    #expect(model.blocks[0].nonlinearity is Sine)
  }

  @Test("Without its labels a file has the same equations, under other names")
  func withoutLabels() throws {
    var proto = try Self.proto(isCyclic: true)
    proto.metadataProps = []
    let model = try #require(try Self.read(proto))
    #expect(model.blocks.map(\.name) == ["hidden", "out"] && model.output == 1)
    #expect(model.blocks.allSatisfy { $0.terms.allSatisfy { $0.parameter == nil } })
    #expect(model.cyclicGroups.count == 1)
    // f(z, x) is then a network of two inputs like any other.
    var transition = try Self.proto(isCyclic: true, .transition)
    transition.metadataProps = []
    #expect(try Self.read(transition) == nil)
  }

  /// A change to an exported loop, and what is said about it.
  struct Break: Sendable, CustomTestStringConvertible {
    let message: String
    let isCyclic: Bool
    let change: @Sendable (inout ONNXModelProto) -> Void
    init(_ isCyclic: Bool, _ message: String, _ change: @escaping @Sendable (inout ONNXModelProto) -> Void) {
      (self.isCyclic, self.message, self.change) = (isCyclic, message, change)
    }
    var testDescription: String { message }
  }

  static let breaks: [Break] = [
    Break(true, "nodes: expected one Loop, found 2") { proto in
      var second = proto.graph.node[proto.loop]
      second.output = ["again", "and"]
      second.name = "again"
      proto.graph.node.append(second)
    },
    Break(true, "outputs: expected results, and flags of convergence as the last, found \"y\"") {
      $0.graph.output.removeLast()
    },
    Break(true, "outputs: expected results, and flags of convergence as the last, found none") {
      $0.graph.output = []
    },
    Break(false, "outputs: expected results, found none") { $0.graph.output = [] },
    Break(true, "Gemm \"hidden/Gemm\": expected inputs that a supported output gives, found \"x\"") {
      $0.graph.input[0].name = "u"
    },
    Break(
      false, "Loop \"equilibrium\": expected at least 2 iterations, the length of the longest path, found 1"
    ) {
      let trips = $0.graph.node[$0.loop].input[0]
      let position = $0.graph.initializer.firstIndex { $0.name == trips }!
      $0.graph.initializer[position].rawData[0] = 1
    },
    Break(true, "Loop \"equilibrium\": expected a condition that is true at first, found another") {
      let position = $0.graph.initializer.firstIndex { $0.name == "yes" }!
      $0.graph.initializer[position].rawData[0] = 0
    },
    Break(true, "Loop \"equilibrium\": expected a body, and no other attribute") {
      $0.graph.node[$0.loop].attribute = []
    },
    Break(
      false,
      "Loop \"equilibrium\": expected a loop that checks convergence, since blocks read each other, found one that does not"
    ) {
      // The second block reads itself in place of the first.
      $0.edit { node in if node.input.first == "hidden/z" { node.input[0] = "out/z" } }
    },
    Break(
      true,
      "Loop \"equilibrium\": expected a number of iterations alone, since no blocks read each other, found a check of convergence"
    ) {
      $0.edit { node in
        if node.opType == "Gemm", node.input[0] == "out/z" { node.input[0] = "x" }
      }
    },
    Break(
      true,
      "LessOrEqual \"LessOrEqual_2\": expected what deq export writes here, a LessOrEqual of 2 inputs, found another value"
    ) {
      $0.edit { node in if node.name == "LessOrEqual_2" { node.input.append("x") } }
    },
    Break(
      true,
      "ReduceMax \"least\": expected what deq export writes here, a ReduceMin of 2 inputs, found another value"
    ) {
      $0.edit { node in if node.opType == "ReduceMin" { node.opType = "ReduceMax" } }
    },
    Break(
      true,
      "Loop \"equilibrium\": expected a body that replaces numbers that are not finite by 0, found another"
    ) {
      $0.edit { node in if node.opType == "Where" { node.input.swapAt(1, 2) } }
    },
    Break(true, "\"x\": expected what deq export writes here, a ConstantOfShape, found another value") {
      $0.graph.node[$0.loop].input[2] = "x"
    },
    Break(
      false,
      "ConstantOfShape \"zeros\": expected what deq export writes here, other attributes, found another value"
    ) {
      let position = $0.graph.node.firstIndex { $0.opType == "ConstantOfShape" }!
      $0.graph.node[position].attribute[0].t.rawData = .init([0, 0, 128, 63])
    },
    Break(false, "Loop \"equilibrium\": expected constants outside of the loop, found 1 inside") {
      $0.graph.node[$0.loop].attribute[0].g.initializer.append($0.graph.initializer[0])
    },
    Break(false, "Loop \"inner\": expected an operator that is supported, found Loop") {
      let inner = $0.graph.node[$0.loop].with { $0.name = "inner" }
      $0.edit { node in
        if node.opType == "Tanh" { node = inner.with { $0.output = node.output } }
      }
    },
  ]

  @Test("A loop of another form is refused by what is different", arguments: breaks)
  func broken(_ item: Break) throws {
    var proto = try Self.proto(isCyclic: item.isCyclic)
    #expect(try Self.read(proto) != nil)
    item.change(&proto)
    let message = Self.refusal(try proto.serializedBytes())
    #expect(message == item.message)
  }

  @Test("A transition of another form is refused by what is different")
  func transition() throws {
    func message(_ change: (inout ONNXModelProto) -> Void) throws -> String? {
      var proto = try Self.proto(isCyclic: true, .transition)
      change(&proto)
      return Self.refusal(try proto.serializedBytes())
    }
    #expect(try message { $0.graph.output[0].name = "g" } == "outputs: expected f, found \"g\"")
    #expect(try message { $0.graph.input.removeFirst() } == "inputs: expected z and x, found \"x\"")
    #expect(
      try message { $0.graph.edit { node in if node.opType == "Concat" { node.opType = "Sum" } } }
        == "\"f\": expected the values of 2 blocks concatenated, found another value")
    #expect(
      try message { $0.graph.edit { node in if node.opType == "Split" { node.input[1] = "none" } } }
        == "Split \"hidden/z\": expected 4 coordinates split into blocks, found another split")
    #expect(
      try message { proto in
        let position = proto.metadataProps.firstIndex { $0.key == "deq.output" }!
        proto.metadataProps[position].value = "9"
      } == "metadata: expected a read-out among 2 blocks, found 9")
  }

  @Test("Cut off, with a byte changed, or with a piece doubled, it is refused in one line or still a model")
  func noise() throws {
    for content in [ONNXExport.Content.equilibrium(iterations: 5), .transition] {
      let sink = MemorySink()
      try ONNXExport(Self.model(isCyclic: true), as: content).write(to: sink)
      let bytes = sink.bytes
      for position in stride(from: 0, to: bytes.count, by: 7) {
        _ = Self.refusal(Array(bytes.prefix(position)))
        var changed = bytes
        changed[position] ^= [0x01, 0x80, 0xFF, 0x10][position % 4]
        _ = Self.refusal(changed)
        if position % 2 == 0 {
          _ = Self.refusal(Array(bytes[..<min(position + 40, bytes.count)] + bytes[position...]))
        }
      }
    }
  }
}

extension ONNXModelProto {
  /// The position of the loop.
  fileprivate var loop: Int { graph.node.firstIndex { $0.opType == "Loop" }! }

  /// Changes the nodes of the loop's body.
  fileprivate mutating func edit(_ change: (inout ONNXNodeProto) -> Void) {
    graph.node[loop].attribute[0].g.edit(change)
  }
}

extension ONNXGraphProto {
  fileprivate mutating func edit(_ change: (inout ONNXNodeProto) -> Void) {
    for index in node.indices { change(&node[index]) }
  }
}

extension ONNXNodeProto {
  fileprivate func with(_ change: (inout ONNXNodeProto) -> Void) -> ONNXNodeProto {
    var copy = self
    change(&copy)
    return copy
  }
}
