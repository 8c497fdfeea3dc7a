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

/// Branches and loops, in the place of whose nodes the import puts what they compute.
@Suite("Branches and loops") struct ControlFlowTests {
  private let method = SolutionMethod.structured(Newton())

  private func output(_ builder: ModelBuilder, _ x: [[Double]]) throws -> [Double] {
    try builder.network().forward(Matrix(x), solvingBy: method).output.elements
  }

  // MARK: Branches

  private func branched(_ condition: Int) -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("x", ["N", 1])
    builder.initializer("two", [], [2])
    builder.graph.initializer.append(
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
    builder.graph.node.insert(node("Cast", ["x"], ["truth"], [.int("to", 9)]), at: 0)
    builder.graph.node[1].input = ["truth"]
    #expect(
      try builder.message() == "If \"y\": expected a constant condition, found a computed value")
    builder.graph.node[1].input = ["two"]
    #expect(try builder.message() == "If \"y\": expected a constant condition, found a computed value")
  }

  @Test("Graphs within graphs are read, up to a depth")
  func depth() throws {
    func message(_ depth: Int) throws -> String? {
      var builder = branched(1)
      var inner = node("Relu", ["x"], ["z"])
      for _ in 0..<depth {
        inner = node("If", ["condition"], ["z"], [graph([], ["z"], [inner], named: "then_branch")])
      }
      inner.output = ["y"]
      builder.graph.node[0] = inner
      return try builder.message()
    }
    #expect(try message(12) == nil)
    #expect(
      try message(40) == "If \"z\": then_branch: expected graphs in up to 16 others, found more")
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
    none.graph.output.removeLast()
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
    builder.graph.node[0].input[0] = "x"
    #expect(
      try builder.message()
        == "Loop \"iteration\": expected a constant number of iterations, found a computed value")
    builder = loop(3)
    builder.graph.node[0].input = ["trips", "", "x", "x"]
    #expect(
      try builder.message()?.hasPrefix("Loop \"iteration\": expected a body of 4 inputs") == true)
    builder = loop(3)
    builder.graph.node[0].attribute = []
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
