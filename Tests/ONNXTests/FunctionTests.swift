import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import ONNXSchema
import Testing

/// Functions of the model, in the place of whose calls the import puts what they compute.
@Suite("Functions of a model") struct FunctionTests {
  private let method = SolutionMethod.structured(Newton())

  private func output(_ builder: ModelBuilder, _ x: [[Double]]) throws -> [Double] {
    try builder.network().forward(Matrix(x), solvingBy: method).output.elements
  }

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
    #expect(try alpha { $0.graph.node[0].attribute = [.float("slope", 0.5)] } == 0.5)
  }

  @Test("Functions that call themselves, are called in another form or do not fit are refused by name")
  func functionRefusals() throws {
    func message(_ change: (inout ModelBuilder) -> Void) throws -> String? {
      var builder = nested()
      change(&builder)
      return try builder.message()
    }
    #expect(
      try message { $0.model.functions[1].node.append(node("outer", ["y"], ["z"], domain: "own")) }
        == nil)
    #expect(
      try message {
        $0.model.functions[1].node[0] = node("outer", ["h"], ["y"], domain: "own")
      }
        == "outer \"y\" in inner \"y\": expected functions that do not call themselves, found \"outer\" within itself"
    )
    #expect(
      try message { $0.graph.node[0].attribute[0].name = "alpha" }
        == "outer \"h\": expected attributes of the function \"outer\", found \"alpha\"")
    #expect(
      try message { $0.graph.node[0].input += ["x", "x"] }
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
      builder.model.functions = (0..<levels).map { level in
        let next = level == 0 ? ("Relu", "") : ("f\(level - 1)", "own")
        return function(
          "f\(level)", ["x"], ["y"],
          doubling
            ? [node(next.0, ["x"], ["h"], domain: next.1), node(next.0, ["h"], ["y"], domain: next.1)]
            : [node(next.0, ["x"], ["y"], domain: next.1)])
      }
      builder.node("f\(levels - 1)", ["x"], ["y"], domain: "own")
      builder.output("y")
      return try builder.message()
    }
    #expect(try chain(60, doubling: false) == nil)
    #expect(try chain(10_000, doubling: false)?.contains("within up to 64 others, found more") == true)
    #expect(try chain(30, doubling: true)?.contains("nodes of functions in the place of calls") == true)
  }
}
