import Blocks
import FileAccess
import FixedPoints
import LinearAlgebra
import Networks
import ONNXImport
import ONNXSchema
import Testing

/// Integers and Boolean values that are computed, or that enter from outside.
@Suite("Whole numbers in ONNX") struct WholeNumberTests {
  private func output(_ builder: ModelBuilder, _ rows: [[Double]]) throws -> [Double] {
    try builder.network().forward(Matrix(rows), solvingBy: .structured(Newton())).output.elements
  }

  private func gradients(
    of network: Network<Double>, _ input: Matrix<Double>, _ cotangent: Matrix<Double>
  ) -> Gradients<Double> {
    let pass = network.forward(input, solvingBy: .structured(Newton()))
    return network.backpropagate(cotangent, through: pass, solvingBy: .structured(Newton())).gradients
  }

  /// A model whose input of integers of this type and width goes through one node to y.
  private func model(
    _ operatorType: String, _ others: [String] = [], type: Int = 7, width: Int = 3,
    _ attributes: [ONNXAttributeProto] = []
  ) -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("x", ["N", .fixed(width)], type: type)
    builder.initializer("two", integers: [2])
    builder.node(operatorType, ["x"] + others, ["y"], attributes)
    builder.output("y")
    return builder
  }

  @Test("Tokens pick rows of a table, which alone has a gradient; negative ones count from the end")
  func tokens() throws {
    var builder = ModelBuilder()
    builder.input("tokens", ["N", 3], type: 7)
    builder.initializer("table", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8])
    builder.node("Gather", ["table", "tokens"], ["y"])
    builder.output("y")
    #expect(try output(builder, [[0, 3, -1], [1, 1, 2]]) == [1, 2, 7, 8, 7, 8, 3, 4, 3, 4, 5, 6])
    // What is no whole number counts as the nearest, halves as the even one.
    #expect(try output(builder, [[0.4, 2.5, 1.5]]) == [1, 2, 5, 6, 5, 6])
    let network = try builder.network()
    let gradients = gradients(of: network, Matrix([[1, 1, 3]]), Matrix([[1, 10, 2, 20, 3, 30]]))
    #expect(gradients.parameters["table"]?.elements == [0, 0, 3, 30, 0, 0, 3, 30])
    #expect(gradients.input.elements == [0, 0, 0])
  }

  @Test("Integers are divided towards zero, and numbers are cast to them likewise")
  func division() throws {
    #expect(try output(model("Div", ["two"]), [[7, -7, 4]]) == [3, -3, 2])
    #expect(try output(model("Mod", ["two"]), [[7, -7, 4]]) == [1, 1, 0])
    var cast = ModelBuilder()
    cast.input("x", ["N", 4])
    cast.node("Cast", ["x"], ["whole"], [.int("to", 7)])
    cast.node("Cast", ["whole"], ["y"], [.int("to", 1)])
    cast.output("y")
    #expect(try output(cast, [[1.9, -1.9, 0.5, -0.5]]) == [1, -1, 0, 0])
  }

  @Test(
    "The remainder of fractions is refused: a rounded quotient would give 0 for fmod(1, 0.1), which is nearly 0.1"
  )
  func remainderOfFractions() throws {
    for attributes in [[], [ONNXAttributeProto.int("fmod", 1)]] {
      var builder = ModelBuilder()
      builder.input("x", ["N", 2])
      builder.initializer("tenth", [1], [0.1])
      builder.node("Mod", ["x", "tenth"], ["y"], attributes)
      builder.output("y")
      #expect(
        try builder.message()
          == "Mod \"y\": expected integers, whose quotients rounding cannot make whole, found floating-point numbers"
      )
    }
    #expect(try output(model("Mod", ["two"], [.int("fmod", 1)]), [[7, -7, 4]]) == [1, -1, 0])
  }

  @Test("A function of fractions, and arithmetic that may leave a narrow type, are refused by the type")
  func refusals() throws {
    for (operatorType, type, name) in [("Exp", 7, "int64"), ("Neg", 2, "uint8"), ("Abs", 3, "int8")] {
      #expect(
        try model(operatorType, type: type).message()
          == "\(operatorType) \"y\": expected floating-point numbers, found \(name)")
    }
    var narrow = model("Cast", type: 7, [.int("to", 2)])
    #expect(
      try narrow.message()
        == "Cast \"y\": to: expected 32 or 64 bits, which hold all values, found uint8")
    narrow = model("Cast", type: 9, [.int("to", 2)])
    #expect(try output(narrow, [[0, 1, 5]]) == [0, 1, 1])
  }

  @Test("The largest element is the first of equal ones, or the last on request")
  func places() throws {
    let rows: [[Double]] = [[1, 3, 3], [2, 2, 1]]
    func place(_ type: String, _ last: Int) throws -> [Double] {
      try output(
        model(type, type: 1, [.int("axis", 1), .int("keepdims", 0), .int("select_last_index", last)]), rows)
    }
    #expect(try place("ArgMax", 0) == [1, 0])
    #expect(try place("ArgMax", 1) == [2, 1])
    #expect(try place("ArgMin", 0) == [0, 2])
    #expect(try output(model("Hardmax", type: 1, [.int("axis", 1)]), rows) == [0, 1, 0, 1, 0, 0])
    #expect(
      try model("ArgMax", type: 1, [.int("axis", 0)]).message()?.contains("reduces over the batch axis")
        == true)
  }

  @Test("Sorted elements carry the gradient of their places")
  func sorted() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 4])
    builder.initializer("k", integers: [2])
    builder.node("TopK", ["x", "k"], ["values", "places"])
    builder.output("values")
    builder.output("places")
    #expect(try output(builder, [[1, 5, 5, 2]]) == [5, 5, 1, 2])
    let network = try builder.network()
    let gradients = gradients(of: network, Matrix([[1, 4, 5, 2]]), Matrix([[10, 20, 1000, 1000]]))
    #expect(gradients.input.elements == [0, 20, 10, 0])
  }

  @Test("Of updates to one place the last counts, or their sum; those of the batch are refused")
  func scatter() throws {
    func scattered(_ reduction: String, axis: Int) -> ModelBuilder {
      var builder = ModelBuilder(opset: 18)
      builder.input("x", ["N", 3])
      builder.node("Transpose", ["x"], ["columns"])
      builder.graph.initializer.append(ModelBuilder.integers("places", [3, 1], [2, 0, 2]))
      builder.node("Gather", ["columns", "order"], ["updates"])
      builder.initializer("order", integers: [0, 1, 1])
      builder.node(
        "ScatterND", [axis == 0 ? "columns" : "x", "places", "updates"], ["z"],
        [.word("reduction", reduction)])
      builder.node("Transpose", ["z"], ["y"])
      builder.output("y")
      return builder
    }
    #expect(try output(scattered("none", axis: 0), [[1, 2, 3], [4, 5, 6]]) == [2, 2, 2, 5, 5, 5])
    #expect(try output(scattered("add", axis: 0), [[1, 2, 3]]) == [3, 2, 6])
    #expect(try output(scattered("mul", axis: 0), [[1, 2, 3]]) == [2, 2, 6])
    #expect(try output(scattered("max", axis: 0), [[1, 2, 0]]) == [2, 2, 2])
    #expect(
      try scattered("none", axis: 1).message()?.hasSuffix("expected places from -1 to 0, found 2") == true)
  }

  @Test("An infinite constant equals infinite numbers only, which are those beyond the file's own precision")
  func infinity() throws {
    for number in [Double.infinity, -.infinity] {
      for type in [1, 11] {
        let largest = type == 1 ? Double(Float.greatestFiniteMagnitude) : .greatestFiniteMagnitude
        var builder = ModelBuilder()
        builder.input("x", ["N", 4], type: type)
        builder.initializer("infinite", [1], [number])
        builder.node("Cast", ["infinite"], ["own"], [.int("to", type)])
        builder.node("Equal", ["x", "own"], ["truth"])
        builder.node("Cast", ["truth"], ["y"], [.int("to", type)])
        builder.output("y")
        let last = number < 0 ? -largest : largest
        #expect(try output(builder, [[number, -number, last, .nan]]) == [1, 0, 0, 0])
      }
    }
  }

  @Test("Quantisation rounds halves to even, stays in range, and is a jump")
  func quantization() throws {
    var builder = ModelBuilder(opset: 13)
    builder.input("x", ["N", 6])
    builder.initializer("scale", [], [0.5])
    builder.node("QuantizeLinear", ["x", "scale"], ["q"])
    builder.node("DequantizeLinear", ["q", "scale"], ["y"])
    builder.output("y")
    #expect(try output(builder, [[0.25, 0.75, 1.3, -3, 127.4, 500]]) == [0, 1, 1.5, 0, 127.5, 127.5])
    let network = try builder.network()
    #expect(
      network.layers.contains {
        if case .explicit(let block) = $0 { !block.nonlinearity.isContinuous } else { false }
      })
    let gradients = gradients(of: network, Matrix([[0.3, 1, 2, 3, 4, 5]]), Matrix([[1, 1, 1, 1, 1, 1]]))
    #expect(gradients.input.elements == [0, 0, 0, 0, 0, 0])
  }

  @Test("Before opset 7 dropout and batch normalisation train unless they say that they do not")
  func training() throws {
    for (attributes, isRight) in [([.int("is_test", 1)], true), ([], false)] as [([ONNXAttributeProto], Bool)]
    {
      var builder = ModelBuilder(opset: 6)
      builder.input("x", ["N", 2])
      builder.node("Dropout", ["x"], ["y"], attributes)
      builder.output("y")
      #expect(try builder.message()?.contains("is_test: expected 1") == (isRight ? nil : true))
    }
    var add = ModelBuilder(opset: 6)
    add.input("x", ["N", 2])
    add.initializer("b", [2], [1, 2])
    add.node("Add", ["x", "b"], ["y"])
    add.output("y")
    #expect(try add.message() == "Add \"y\": broadcast: expected 1 for shapes that differ, found 0")
  }
}
