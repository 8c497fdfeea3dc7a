import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import ONNXSchema
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Functions of the model, branches and loops, in the place of whose nodes the import puts what they compute.
@Suite("Functions, branches and loops") struct ControlFlowTests {
  private let method = SolutionMethod.structured(Newton())

  private func output(_ builder: ModelBuilder, _ x: [[Double]]) throws -> [Double] {
    try builder.network().forward(Matrix(x), solvingBy: method).output.elements
  }

  private func function(
    _ name: String, _ inputs: [String], _ outputs: [String], _ nodes: [ONNXNodeProto],
    attributes: [String] = [], defaults: [ONNXAttributeProto] = [], opset: Int = 18
  ) -> ONNXFunctionProto {
    .with {
      $0.name = name
      $0.domain = "own"
      $0.input = inputs
      $0.output = outputs
      $0.node = nodes
      $0.attribute = attributes
      $0.attributeProto = defaults
      $0.opsetImport = [.with { $0.version = Int64(opset) }]
    }
  }

  private func node(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [ONNXAttributeProto] = [],
    domain: String = ""
  ) -> ONNXNodeProto {
    .with {
      $0.opType = type
      $0.input = inputs
      $0.output = outputs
      $0.attribute = attributes
      $0.domain = domain
    }
  }

  private func reference(_ name: String, to other: String, type: Int32) -> ONNXAttributeProto {
    .with {
      $0.name = name
      $0.refAttrName = other
      $0.type = type
    }
  }

  private func graph(
    _ inputs: [String], _ outputs: [String], _ nodes: [ONNXNodeProto], _ tensors: [ONNXTensorProto] = [],
    named name: String
  ) -> ONNXAttributeProto {
    .with {
      $0.name = name
      $0.type = 5
      $0.g.node = nodes
      $0.g.initializer = tensors
      $0.g.input = inputs.map { name in .with { $0.name = name } }
      $0.g.output = outputs.map { name in .with { $0.name = name } }
    }
  }

  private func scalar(_ name: String, _ value: Double) -> ONNXTensorProto {
    ModelBuilder.floats(name, [], [value])
  }

  // MARK: Functions

  /// y = leaky(leaky(x w; 0.5) w; 0.25), w a Constant of the function, whose names are also those of the graph.
  private func nested() -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("x", ["N", 2])
    builder.initializer("w", [2], [7, 7])
    builder.model.functions = [
      function(
        "outer", ["x", "unused"], ["y"],
        [
          node("Constant", [], ["w"], [.tensor("value", ModelBuilder.floats("", [2], [3, 2]))]),
          node("Mul", ["x", "w"], ["h"]),
          node("inner", ["h"], ["y"], [reference("slope", to: "slope", type: 1)], domain: "own"),
        ], attributes: ["slope"]),
      function(
        "inner", ["h"], ["y"],
        [node("LeakyRelu", ["h"], ["y"], [reference("alpha", to: "slope", type: 1)])],
        defaults: [.float("slope", 0.125)]),
    ]
    builder.node("outer", ["x"], ["h"], [.float("slope", 0.5)], domain: "own")
    builder.node("outer", ["h", ""], ["y"], [.float("slope", 0.25)], domain: "own")
    builder.output("y")
    return builder
  }

  @Test("Functions of the model are put in the place of their calls; a constant of one is one parameter")
  func functions() throws {
    let network = try nested().network()
    let pass = network.forward(Matrix([[-1, 2]]), solvingBy: method)
    #expect(pass.output.elements == [-1.125, 8])
    let gradients = network.backpropagate(Matrix([[1, 1]]), through: pass, solvingBy: method).gradients
      .parameters
    // "w" of the graph is read by nothing; that of the function has another name, and both calls add to its gradient.
    #expect(gradients["w"] == nil)
    #expect(gradients["outer/w"]?.elements == [-0.75, 8])
    #expect(Set(network.layers.map(\.name)).count == network.layers.count)
  }

  @Test("An attribute that a call leaves out has the function's default, or that of the operator")
  func defaults() throws {
    func alpha(_ change: (inout ModelBuilder) -> Void) throws -> Double {
      var builder = ModelBuilder()
      builder.input("x", ["N", 1])
      builder.model.functions = [
        function(
          "f", ["x"], ["y"], [node("LeakyRelu", ["x"], ["y"], [reference("alpha", to: "slope", type: 1)])],
          attributes: ["slope"])
      ]
      builder.node("f", ["x"], ["y"], domain: "own")
      builder.output("y")
      change(&builder)
      return try -output(builder, [[-1]])[0]
    }
    #expect(try alpha { _ in } == Double(Float(0.01)))
    #expect(
      try alpha {
        $0.model.functions[0].attribute = []
        $0.model.functions[0].attributeProto = [.float("slope", 0.125)]
      } == 0.125)
    #expect(try alpha { $0.model.graph.node[0].attribute = [.float("slope", 0.5)] } == 0.5)
  }

  @Test("Functions that call themselves, are called in another form or do not fit are refused by name")
  func functionRefusals() throws {
    func message(_ change: (inout ModelBuilder) -> Void) throws -> String? {
      var builder = nested()
      change(&builder)
      return try builder.message()
    }
    #expect(
      try message { $0.model.functions[1].node.append(self.node("outer", ["y"], ["z"], domain: "own")) }
        == nil)
    #expect(
      try message {
        $0.model.functions[1].node[0] = self.node("outer", ["h"], ["y"], domain: "own")
      }
        == "outer \"y\" in inner \"y\": expected functions that do not call themselves, found \"outer\" within itself"
    )
    #expect(
      try message { $0.model.graph.node[0].attribute[0].name = "alpha" }
        == "outer \"h\": expected attributes of the function \"outer\", found \"alpha\"")
    #expect(
      try message { $0.model.graph.node[0].input += ["x", "x"] }
        == "outer \"h\": expected up to 2 inputs and 1 output of the function \"outer\", found 3 and 1")
    #expect(
      try message { $0.model.functions[1].node[0].input = ["w"] }
        == "LeakyRelu \"y\" in inner \"y\": expected inputs that a supported output gives, found \"w\"")
    #expect(
      try message { $0.model.functions[0].domain = "" }
        == "function \"outer\": expected a function of a domain of its own, found one of ONNX's")
    #expect(
      try message { $0.model.functions[1].name = "outer" }
        == "function \"outer\": expected one function of this name, found two")
    #expect(
      try message { $0.model.functions[1].opsetImport[0].version = 99 }?.hasPrefix(
        "function \"inner\": opset_import: expected one version") == true)
    #expect(
      try message { $0.model.functions[1].node[0].opType = "Bernoulli" }
        == "Bernoulli \"y\": expected an operator that is supported, found Bernoulli")
  }

  @Test(
    "Functions that double at each of thirty levels are refused by their work, and deep chains by their depth"
  )
  func manyCalls() throws {
    func chain(_ levels: Int, doubling: Bool) throws -> String? {
      var builder = ModelBuilder()
      builder.input("x", ["N", 1])
      for level in 0..<levels {
        let next = level == 0 ? ("Relu", "") : ("f\(level - 1)", "own")
        builder.model.functions.append(
          function(
            "f\(level)", ["x"], ["y"],
            doubling
              ? [node(next.0, ["x"], ["h"], domain: next.1), node(next.0, ["h"], ["y"], domain: next.1)]
              : [node(next.0, ["x"], ["y"], domain: next.1)]))
      }
      builder.node("f\(levels - 1)", ["x"], ["y"], domain: "own")
      builder.output("y")
      return try builder.message()
    }
    #expect(try chain(60, doubling: false) == nil)
    #expect(try chain(10_000, doubling: false)?.contains("within up to 64 others, found more") == true)
    #expect(try chain(30, doubling: true)?.contains("nodes of functions in the place of calls") == true)
  }

  // MARK: Branches

  private func branched(_ condition: Int) -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("x", ["N", 1])
    builder.initializer("two", [], [2])
    builder.model.graph.initializer.append(
      .with {
        $0.name = "condition"
        $0.dataType = 9
        $0.int32Data = [Int32(condition)]
      })
    builder.node(
      "If", ["condition"], ["y"],
      [
        graph([], ["z"], [node("Mul", ["x", "two"], ["z"])], named: "then_branch"),
        // An operator that is not supported does not matter where it is not taken.
        graph([], ["z"], [node("Bernoulli", ["x"], ["z"])], named: "else_branch"),
      ])
    builder.output("y")
    return builder
  }

  @Test("Of branches the one that a constant condition takes is read; a computed condition is refused")
  func branches() throws {
    #expect(try output(branched(1), [[3]]) == [6])
    #expect(
      try branched(0).message()
        == "Bernoulli \"z\" in If \"y\": expected an operator that is supported, found Bernoulli")
    var builder = branched(1)
    builder.model.graph.node.insert(node("Cast", ["x"], ["truth"], [.int("to", 9)]), at: 0)
    builder.model.graph.node[1].input = ["truth"]
    #expect(
      try builder.message() == "If \"y\": expected a constant condition, found a computed value")
    builder.model.graph.node[1].input = ["two"]
    #expect(try builder.message() == "If \"y\": expected a constant condition, found a computed value")
  }

  // MARK: Loops

  /// z ← tanh(w z + x) from z = x, `trips` times; the values of all iterations, joined, are the second output.
  private func loop(_ trips: Int, condition: [ONNXNodeProto]? = nil) -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("x", ["N", 1])
    builder.initializer("trips", integers: [trips])
    let goesOn = condition ?? [node("Identity", ["on"], ["next"])]
    builder.node(
      "Loop", ["trips", "", "x"], ["last", "all"],
      [
        graph(
          ["i", "on", "z"], ["next", "f", "f"],
          goesOn + [
            node("Mul", ["z", "w"], ["p"]), node("Add", ["p", "x"], ["q"]), node("Tanh", ["q"], ["f"]),
          ], [ModelBuilder.floats("w", [1], [0.5])], named: "body")
      ], name: "iteration")
    builder.output("last")
    builder.output("all")
    return builder
  }

  private func iterated(_ x: Double, _ w: Double, _ count: Int) -> [Double] {
    var values = [x]
    for _ in 0..<count { values.append(tanh(w * values.last! + x)) }
    return Array(values.dropFirst())
  }

  @Test("A loop with a constant trip count is unrolled; its weight is one parameter with one gradient")
  func loops() throws {
    let network = try loop(3).network()
    let pass = network.forward(Matrix([[0.75]]), solvingBy: method)
    let expected = iterated(0.75, 0.5, 3)
    let output = pass.output.elements
    #expect(output.count == 4 && zip(output, [expected[2]] + expected).allSatisfy { abs($0 - $1) < 1e-15 })
    let back = network.backpropagate(Matrix([[1, 0, 0, 0]]), through: pass, solvingBy: method).gradients
    let (above, below) = (iterated(0.75, 0.5 + 1e-5, 3)[2], iterated(0.75, 0.5 - 1e-5, 3)[2])
    let difference: Double = (above - below) / 2e-5
    let found: Double = back.parameters["last/body/w"]?.elements[0] ?? .nan
    #expect(abs(found - difference) < 1e-9)
    #expect(Set(network.layers.map(\.name)).count == network.layers.count)
  }

  @Test(
    "A loop ends by its condition too, which the iteration number may decide; none of no iterations is refused"
  )
  func conditions() throws {
    let least = [
      node("Constant", [], ["two"], [.int("value_int", 2)]), node("Less", ["i", "two"], ["next"]),
    ]
    let output = try output(loop(9, condition: least), [[0.75]])
    // Iterations 0, 1 and 2, of which the last says that none follows.
    let expected = iterated(0.75, 0.5, 3)
    #expect(output.count == 4 && zip(output, [expected[2]] + expected).allSatisfy { abs($0 - $1) < 1e-15 })
    var none = loop(0)
    #expect(
      try none.message()
        == "output \"all\": expected a value that a supported output of a node gives, found none")
    none.model.graph.output.removeLast()
    #expect(try self.output(none, [[0.75]]) == [0.75])
  }

  @Test("Loops that are computed, that never end or that do too much are refused by name")
  func loopRefusals() throws {
    let computed = [
      node("Constant", [], ["c"], [.float("value_float", 1)]), node("Less", ["z", "c"], ["next"]),
    ]
    #expect(
      try loop(3, condition: computed).message()
        == "Loop \"iteration\": expected a condition that is constant in each iteration, found a computed value"
    )
    #expect(
      try loop(.max).message()
        == "Loop \"iteration\": expected a loop of up to 4096 iterations, found more")
    var builder = loop(3)
    builder.model.graph.node[0].input[0] = "x"
    #expect(
      try builder.message()
        == "Loop \"iteration\": expected a constant number of iterations, found a computed value")
    builder = loop(3)
    builder.model.graph.node[0].input = ["trips", "", "x", "x"]
    #expect(
      try builder.message()?.hasPrefix("Loop \"iteration\": expected a body of 4 inputs") == true)
    builder = loop(3)
    builder.model.graph.node[0].attribute = []
    #expect(
      try builder.message() == "Loop \"iteration\": attribute \"body\": expected a graph, found none")
  }

  @Test("A scan is unrolled along its axes, in both directions, and not along the batch")
  func scans() throws {
    func scan(_ attributes: [ONNXAttributeProto], batch: Bool = false) throws -> ModelBuilder {
      var builder = ModelBuilder()
      builder.input("x", ["N", 3])
      builder.input("h", ["N"])
      builder.node(
        "Scan", ["h", "x"], ["last", "sums"],
        [
          graph(
            ["s", "e"], ["t", "u"], [node("Add", ["s", "e"], ["t"]), node("Mul", ["t", "e"], ["u"])],
            named: "body"), .int("num_scan_inputs", 1),
        ] + attributes)
      builder.output("last")
      builder.output("sums")
      return builder
    }
    let forward = try scan([.ints("scan_input_axes", [1]), .ints("scan_output_axes", [-1])])
    #expect(try output(forward, [[1, 2, 3, 10]]) == [16, 11, 26, 48])
    let backward = try scan([
      .ints("scan_input_axes", [-1]), .ints("scan_output_axes", [1]), .ints("scan_input_directions", [1]),
      .ints("scan_output_directions", [1]),
    ])
    #expect(try output(backward, [[1, 2, 3, 10]]) == [16, 16, 30, 39])
    #expect(
      try scan([]).message()?.contains("found one that scans the batch axis") == true)
    #expect(
      try scan([.ints("scan_input_axes", [1, 2])]).message()
        == "Scan \"last\": attribute \"scan_input_axes\": expected 1 integer, found another list")
  }
}
