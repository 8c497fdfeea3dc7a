import Blocks
import Equilibria
import FileAccess
import FixedPoints
import LinearAlgebra
import ModelFiles
import Networks
import ONNXSchema
import Operators
import TensorFiles
import Testing

extension Network<Double> {
  fileprivate func output(_ rows: [[Double]]) -> [Double] {
    forward(Matrix(rows), solvingBy: .structured(Newton())).output.elements
  }

  fileprivate func gradients(_ rows: [[Double]], cotangent: [[Double]]) -> Gradients<Double> {
    let method = SolutionMethod.structured(Newton())
    return backpropagate(
      Matrix(cotangent), through: forward(Matrix(rows), solvingBy: method), solvingBy: method
    )
    .gradients
  }

  fileprivate var names: [String] { layers.map(\.name) }
}

@Suite("What ONNX models may say")
struct FeatureTests {
  /// `y = x W` with a weight `[2, 3]` in some form.
  private func product(_ weight: ONNXTensorProto, opset: Int = 18) -> ModelBuilder {
    var builder = ModelBuilder(opset: opset)
    builder.input("x", ["N", 2])
    builder.graph.initializer.append(weight)
    builder.node("MatMul", ["x", "W"], ["y"])
    builder.output("y")
    return builder
  }

  static let forms: [(String, ONNXTensorProto)] = {
    let values = [1, 2, 3, -0.5, 0.25, 1024]
    func form(_ name: String, _ type: Int32, _ fill: (inout ONNXTensorProto) -> Void) -> (
      String, ONNXTensorProto
    ) {
      var tensor = ONNXTensorProto()
      (tensor.name, tensor.dims, tensor.dataType) = ("W", [2, 3], type)
      fill(&tensor)
      return (name, tensor)
    }
    let half: [UInt16] = [0x3C00, 0x4000, 0x4200, 0xB800, 0x3400, 0x6400]
    let brain = values.map { UInt16(Float($0).bitPattern >> 16) }
    return [
      form("float32, raw", 1) { $0.rawData = values.map { Float($0) }.withUnsafeBytes { .init($0) } },
      form("float32, typed", 1) { $0.floatData = values.map { Float($0) } },
      form("float64, raw", 11) { $0.rawData = values.withUnsafeBytes { .init($0) } },
      form("float64, typed", 11) { $0.doubleData = values },
      form("float16, raw", 10) { $0.rawData = half.withUnsafeBytes { .init($0) } },
      form("float16, typed", 10) { $0.int32Data = half.map { Int32($0) } },
      form("bfloat16, raw", 16) { $0.rawData = brain.withUnsafeBytes { .init($0) } },
      form("bfloat16, typed", 16) { $0.int32Data = brain.map { Int32($0) } },
    ]
  }()

  @Test("Weights of every floating-point type, raw and typed", arguments: forms.map(\.0))
  func weights(_ name: String) throws {
    let weight = Self.forms.first { $0.0 == name }!.1
    for opset in [7, 13, 28] {
      let network = try product(weight, opset: opset).network()
      #expect(network.output([[1, 0], [0, 1]]) == [1, 2, 3, -0.5, 0.25, 1024])
      #expect(network.parameters["W"]?.shape == [2, 3])
    }
  }

  @Test(
    "A weight keeps its orientation, and so does its gradient, on either side of a product and transposed")
  func orientation() throws {
    for (type, inputs, weight, attributes) in [
      ("MatMul", ["x", "W"], [2, 3], []), ("Gemm", ["x", "W"], [2, 3], []),
      ("Gemm", ["x", "W"], [3, 2], [.int("transB", 1)]),
      ("Gemm", ["x", "W"], [2, 3], [.float("alpha", 2)]),
    ] as [(String, [String], [Int], [ONNXAttributeProto])] {
      var builder = ModelBuilder()
      builder.input("x", ["N", 2])
      builder.initializer("W", weight, [1, 2, 3, 4, 5, 6])
      builder.node(type, inputs, ["y"], attributes)
      builder.output("y")
      let network = try builder.network()
      let gradient = network.gradients([[10, 20]], cotangent: [[1, 0, 0]]).parameters["W"]
      #expect(gradient?.shape == weight)
      let alpha = attributes.contains { $0.name == "alpha" } ? 2.0 : 1
      #expect(
        gradient?.elements
          == (weight == [2, 3] ? [10, 0, 0, 20, 0, 0] : [10, 20, 0, 0, 0, 0]).map { alpha * $0 })
    }
    // W x: the matrix on the left of columns.
    var builder = ModelBuilder()
    builder.input("x", ["N", 2, 2])
    builder.initializer("W", [3, 2], [1, 2, 3, 4, 5, 6])
    builder.node("MatMul", ["W", "x"], ["y"])
    builder.output("y")
    let network = try builder.network()
    #expect(network.output([[1, 0, 0, 1]]) == [1, 2, 3, 4, 5, 6])
    #expect(
      network.gradients([[1, 2, 3, 4]], cotangent: [[1, 0, 0, 0, 0, 0]]).parameters["W"]?.elements == [
        1, 3, 0, 0, 0, 0,
      ])
  }

  @Test("A transposed initializer is the same parameter")
  func transposedInitializer() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 2])
    builder.initializer("W", [3, 2], [1, 2, 3, 4, 5, 6])
    builder.node("Transpose", ["W"], ["Wt"], [.ints("perm", [1, 0])])
    builder.node("MatMul", ["x", "Wt"], ["y"])
    builder.output("y")
    let network = try builder.network()
    #expect(network.output([[1, 0]]) == [1, 3, 5])
    #expect(
      network.gradients([[1, 2]], cotangent: [[0, 1, 0]]).parameters["W"]?.elements == [0, 0, 1, 2, 0, 0])
  }

  @Test("A product, its bias and an activation are one block; a skip connection joins it")
  func absorption() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 2])
    builder.initializer("W", [2, 2], [1, 2, 3, 4])
    builder.initializer("b", [2], [1, -1])
    builder.node("MatMul", ["x", "W"], ["product"])
    builder.node("Add", ["b", "product"], ["sum"])
    builder.node("Add", ["sum", "x"], ["skip"])
    builder.node("Relu", ["skip"], ["y"])
    builder.output("y")
    let network = try builder.network()
    #expect(network.names == ["y"])
    guard case .explicit(let block) = network.layers[0] else { return }
    #expect(block.terms.count == 2 && block.offsets.count == 1 && block.nonlinearity is ReLU)
  }

  @Test("A parameter that is used twice is one parameter")
  func shared() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 2])
    builder.initializer("W", [2, 2], [1, 2, 3, 4])
    builder.node("MatMul", ["x", "W"], ["a"])
    builder.node("Tanh", ["a"], ["b"])
    builder.node("MatMul", ["b", "W"], ["y"])
    builder.output("y")
    let network = try builder.network()
    #expect(network.parameters.names == ["W"])
    let step = 1e-6
    let gradient = try #require(network.gradients([[0.1, 0.2]], cotangent: [[1, 0]]).parameters["W"])
    func y(_ change: Double) throws -> Double {
      var changed = builder
      changed.graph.initializer[0] = .with {
        ($0.name, $0.dims, $0.dataType, $0.doubleData) = ("W", [2, 2], 11, [1 + change, 2, 3, 4])
      }
      return try changed.network().output([[0.1, 0.2]])[0]
    }
    #expect(abs(try (y(step) - y(-step)) / (2 * step) - gradient.elements[0]) < 1e-8)
  }

  @Test("A parameter may be what a function is of: its gradient passes through")
  func functionOfParameter() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 2])
    builder.initializer("w", [2], [0, 1])
    builder.node("Exp", ["w"], ["e"])
    builder.node("Mul", ["x", "e"], ["y"])
    builder.output("y")
    let network = try builder.network()
    #expect(network.output([[3, 2]]) == [3, 2 * Double.exp(1)])
    let gradient = try #require(
      network.gradients([[3, 2], [1, 0]], cotangent: [[1, 1], [1, 1]]).parameters["w"])
    #expect(gradient.shape == [2] && gradient.elements == [4, 2 * Double.exp(1)])
  }

  @Test("The batch may have a name, a number, or none at all")
  func batch() throws {
    func build(_ shape: [ModelBuilder.Extent]) throws -> Network<Double> {
      var builder = ModelBuilder()
      builder.input("x", shape)
      builder.node("Relu", ["x"], ["y"])
      builder.output("y")
      return try builder.network()
    }
    #expect(try build(["N", 3, 4]).inputShape == [3, 4])
    #expect(try build(["", 3, 4]).inputShape == [3, 4])
    #expect(try build([1, 3, 4]).inputShape == [3, 4])
    #expect(try build([7, 3, 4]).inputShape == [3, 4])
    #expect(try build([5]).inputShape == [5])
    #expect(try build(["N"]).inputShape == [1])
    #expect(try build([]).inputShape == [1])
  }

  @Test("Where an operator works across the leading axis the whole tensor is one sample")
  func noBatch() throws {
    var builder = ModelBuilder()
    builder.input("x", [3, 2])
    builder.node("Softmax", ["x"], ["s"], [.int("axis", 0)])
    builder.node("ReduceSum", ["s"], ["y"], [.int("keepdims", 0)])
    builder.output("y")
    let network = try builder.network()
    #expect(network.inputShape == [3, 2] && network.outputSize == 1)
    #expect(abs(network.output([[1, 2, 3, 4, 5, 6]])[0] - 2) < 1e-14)
  }

  @Test("Several inputs and several outputs lie side by side")
  func several() throws {
    var builder = ModelBuilder()
    builder.input("a", ["N", 2])
    builder.input("b", ["N", 3])
    builder.node("Relu", ["b"], ["r"])
    builder.node("Neg", ["a"], ["n"])
    builder.output("r")
    builder.output("n")
    let network = try builder.network()
    #expect(network.inputShape == [5])
    #expect(network.output([[1, 2, 3, -4, 5]]) == [3, 0, 5, -1, -2])
  }

  @Test("Initializers that older models list as inputs are none")
  func defaults() throws {
    var builder = product(Self.forms[0].1)
    builder.model.irVersion = 3
    builder.input("W", [2, 3])
    #expect(try builder.network().inputShape == [2])
  }

  @Test(
    "The tensor of a Constant node is a parameter under the name of what the node gives; a single number is a literal"
  )
  func constantNodes() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 2])
    builder.node("Constant", [], ["W"], [.tensor("value", ModelBuilder.floats("other", [2, 1], [2, 3]))])
    builder.node("Constant", [], ["c"], [.float("value_float", 0.5)])
    builder.node("MatMul", ["x", "W"], ["p"])
    builder.node("Add", ["p", "c"], ["y"])
    builder.output("y")
    let network = try builder.network()
    #expect(network.parameters.names == ["W"])
    #expect(network.output([[1, 1]]) == [5.5])
    #expect(network.gradients([[1, 1]], cotangent: [[1]]).parameters["W"]?.shape == [2, 1])
  }

  @Test("Shape arithmetic is folded away", arguments: ["N", 2] as [ModelBuilder.Extent])
  func shapes(_ batch: ModelBuilder.Extent) throws {
    var builder = ModelBuilder(opset: 17)
    builder.input("x", [batch, 2, 6])
    builder.initializer("zero", integers: [0])
    builder.initializer("minus", integers: [-1])
    builder.graph.initializer.append(ModelBuilder.integers("first", [], [0]))
    builder.node("Shape", ["x"], ["shape"])
    builder.node("Gather", ["shape", "first"], ["n"], [.int("axis", 0)])
    builder.node("Unsqueeze", ["n", "zero"], ["n1"])
    builder.node("Concat", ["n1", "minus"], ["flat"], [.int("axis", 0)])
    builder.node("Reshape", ["x", "flat"], ["f"])
    // [2, 6] with the extent of the second axis by arithmetic: 12 / 2.
    builder.initializer("one", integers: [1])
    builder.initializer("two", integers: [2])
    builder.initializer("three", integers: [3])
    builder.node("Slice", ["shape", "one", "two"], ["s1"])
    builder.node("Slice", ["shape", "two", "three"], ["s2"])
    builder.node("Mul", ["s1", "s2"], ["m"])
    builder.node("Div", ["m", "two"], ["half"])
    builder.node("Cast", ["half"], ["half32"], [.int("to", 6)])
    builder.node("Cast", ["half32"], ["half64"], [.int("to", 7)])
    builder.node("Concat", ["n1", "two", "half64"], ["back"], [.int("axis", 0)])
    builder.node("Reshape", ["f", "back"], ["b"])
    // A mask of the shape, by ConstantOfShape, Equal and Where.
    builder.node(
      "ConstantOfShape", ["one"], ["ones"], [.tensor("value", ModelBuilder.integers("", [1], [1]))])
    builder.node("Equal", ["back", "two"], ["isTwo"])
    builder.node("Where", ["isTwo", "two", "back"], ["same"])
    builder.node("Reshape", ["b", "same"], ["c"])
    builder.node("Relu", ["c"], ["y"])
    builder.output("y")
    let network = try builder.network()
    #expect(network.names == ["y"] && network.inputShape == [2, 6])
    #expect(network.output([[-1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, -12]])[0...1] == [0, 2])
  }

  @Test("Multi-head attention, which merges the batch with the heads, is a model of one sample")
  func mergedHeads() throws {
    func build(_ batch: ModelBuilder.Extent) throws -> Network<Double> {
      var builder = ModelBuilder(opset: 17)
      builder.input("x", [batch, 3, 4])
      builder.initializer("one", integers: [1])
      builder.initializer("zero", integers: [0])
      builder.initializer("two", integers: [2])
      builder.initializer("tail", integers: [2])
      builder.initializer("length", integers: [3])
      builder.initializer("width", integers: [4])
      builder.node("Transpose", ["x"], ["t"], [.ints("perm", [1, 0, 2])])
      builder.node("Shape", ["t"], ["shape"])
      builder.node("Slice", ["shape", "one", "two"], ["n"])
      builder.node("Mul", ["n", "two"], ["heads"])
      builder.node("Concat", ["length", "heads", "tail"], ["split"], [.int("axis", 0)])
      builder.node("Reshape", ["t", "split"], ["h"])
      builder.node("Transpose", ["h"], ["q"], [.ints("perm", [1, 0, 2])])
      builder.node("Transpose", ["h"], ["k"], [.ints("perm", [1, 2, 0])])
      builder.node("MatMul", ["q", "k"], ["scores"])
      builder.node("Softmax", ["scores"], ["weights"], [.int("axis", -1)])
      builder.node("MatMul", ["weights", "q"], ["values"])
      builder.node("Transpose", ["values"], ["back"], [.ints("perm", [1, 0, 2])])
      builder.node("Mul", ["n", "length"], ["rows"])
      builder.node("Concat", ["rows", "width"], ["joined"], [.int("axis", 0)])
      builder.node("Reshape", ["back", "joined"], ["j"])
      builder.initializer("W", [4, 4], (0..<16).map { Double($0) / 16 })
      builder.node("Gemm", ["j", "W"], ["p"])
      builder.node("Concat", ["length", "n", "width"], ["last"], [.int("axis", 0)])
      builder.node("Reshape", ["p", "last"], ["o"])
      builder.node("Transpose", ["o"], ["y"], [.ints("perm", [1, 0, 2])])
      builder.output("y")
      return try builder.network()
    }
    let dynamic = try build("N")
    let fixed = try build(5)
    #expect(dynamic.inputShape == [3, 4] && fixed.inputShape == [3, 4])
    let x = [(0..<12).map { Double($0 * 7 % 5) / 4 }]
    #expect(dynamic.output(x) == fixed.output(x))
    // By hand: each head sees two columns.
    var joined = [[Double]](repeating: [Double](repeating: 0, count: 4), count: 3)
    for head in 0..<2 {
      let rows = (0..<3).map { r in (0..<2).map { x[0][4 * r + 2 * head + $0] } }
      for query in 0..<3 {
        let weights = rows.map { Double.exp(rows[query][0] * $0[0] + rows[query][1] * $0[1]) }
        let sum = weights.reduce(0, +)
        for (weight, row) in zip(weights, rows) {
          for column in 0..<2 { joined[query][2 * head + column] += weight / sum * row[column] }
        }
      }
    }
    let weight = Matrix(rows: 4, columns: 4, elements: (0..<16).map { Double($0) / 16 })
    var expected: [Double] = []
    for row in joined {
      for column in 0..<4 {
        var sum = 0.0
        for inner in 0..<4 { sum += row[inner] * weight[inner, column] }
        expected.append(sum)
      }
    }
    #expect(zip(dynamic.output(x), expected).allSatisfy { abs($0 - $1) < 1e-13 })
  }

  @Test("Batch normalisation is an affine map: weight and bias are parameters, mean and variance constants")
  func batchNormalization() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 2, 1, 2])
    for (name, values) in [("w", [2, 3]), ("b", [1, -1]), ("mean", [1, 2]), ("variance", [4, 0.25])]
      as [(String, [Double])]
    {
      builder.initializer(name, [2], values)
    }
    builder.node("BatchNormalization", ["x", "w", "b", "mean", "variance"], ["y"], [.float("epsilon", 0)])
    builder.output("y")
    let network = try builder.network()
    #expect(network.parameters.names == ["w", "b"])
    #expect(network.output([[3, 1, 3, 2]]) == [3, 1, 5, -1])
    let gradients = network.gradients([[3, 1, 3, 2]], cotangent: [[1, 1, 1, 1]])
    #expect(gradients.parameters["w"]?.elements == [1, 2])
    #expect(gradients.parameters["b"]?.elements == [2, 2])
  }

  @Test("Operators whose meaning has changed are read by their version")
  func versions() throws {
    func softmax(_ opset: Int) throws -> [Double] {
      var builder = ModelBuilder(opset: opset)
      builder.input("x", ["N", 2, 2])
      builder.node("Softmax", ["x"], ["y"])
      builder.output("y")
      return try builder.network().output([[0, 0, 0, 0]])
    }
    #expect(try softmax(11) == [0.25, 0.25, 0.25, 0.25])
    #expect(try softmax(13) == [0.5, 0.5, 0.5, 0.5])
    func clip(_ opset: Int) throws -> [Double] {
      var builder = ModelBuilder(opset: opset)
      builder.input("x", ["N", 3])
      builder.initializer("min", [], [-1])
      builder.initializer("max", [], [1])
      if opset < 11 {
        builder.node("Clip", ["x"], ["y"], [.float("min", -1), .float("max", 1)])
      } else {
        builder.node("Clip", ["x", "min", "max"], ["y"])
      }
      builder.output("y")
      let network = try builder.network()
      #expect(network.parameters.names.isEmpty)
      return network.output([[-2, 0.5, 2]])
    }
    #expect(try clip(7) == [-1, 0.5, 1])
    #expect(try clip(13) == [-1, 0.5, 1])
    for opset in [12, 13] {
      var builder = ModelBuilder(opset: opset)
      builder.input("x", ["N", 1, 3])
      builder.initializer("axes", integers: [1])
      if opset < 13 {
        builder.node("Squeeze", ["x"], ["s"], [.ints("axes", [1])])
        builder.node("ReduceSum", ["s"], ["y"], [.ints("axes", [1])])
      } else {
        builder.node("Squeeze", ["x", "axes"], ["s"])
        builder.node("ReduceSum", ["s", "axes"], ["y"])
      }
      builder.output("y")
      #expect(try builder.network().output([[1, 2, 3]]) == [6])
    }
  }

  @Test("A choice by a constant condition is a sum of two masked values")
  func choice() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 3])
    builder.graph.initializer.append(
      .with {
        ($0.name, $0.dims, $0.dataType, $0.int32Data) = ("mask", [3], 9, [1, 0, 1])
      })
    builder.initializer("c", [3], [7, 8, 9])
    builder.node("Where", ["mask", "x", "c"], ["y"])
    builder.output("y")
    let network = try builder.network()
    #expect(network.output([[1, 2, 3]]) == [1, 8, 3])
    let gradients = network.gradients([[1, 2, 3]], cotangent: [[1, 1, 1]])
    #expect(gradients.input.elements == [1, 0, 1] && gradients.parameters["c"]?.elements == [0, 1, 0])
  }

  @Test("Nodes that no output depends on may be anything")
  func unused() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 3])
    builder.initializer("unused", [1], [1])
    builder.node("Frobnicate", ["x"], ["z"])
    builder.node("Relu", ["x"], ["y"])
    builder.output("y")
    let network = try builder.network()
    #expect(network.names == ["y"] && network.parameters.names.isEmpty)
  }

  @Test("A model whose output is its input is the identity")
  func identity() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 3])
    builder.node("Dropout", ["x"], ["y"])
    builder.output("y")
    #expect(try builder.network().output([[1, 2, 3]]) == [1, 2, 3])
  }

  @Test("The model is known by its name or by its first byte, in a file and through a pipe")
  func recognition() throws {
    let folder = Folder()
    let bytes = try product(Self.forms[0].1).bytes
    for name in ["m.onnx", "m", "m.json"] {
      let path = try folder.write(bytes, as: name)
      #expect(try ModelFile.readNetwork(path).parameters["W"]?.source is StoredTensor)
    }
    let path = try folder.write(bytes, as: "m.onnx")
    #expect(throws: FileError.self) { try ModelFile.readEquilibrium(path) }
    guard case .network = try ModelFile.read(FileContents(bytes, named: "standard input")) else { return }
  }

  @Test("An equilibrium model may refer to the weights of an ONNX model")
  func reference() throws {
    let folder = Folder()
    let path = try folder.write(product(Self.forms[0].1).bytes, as: "m.onnx")
    let file = ModelFile.network(try ModelFile.readNetwork(path))
    let target = "\(folder.path)/n.json"
    let sink = MemorySink()
    try file.write(to: sink, weights: ReferencedWeights(to: file.tensors, writtenTo: target))
    #expect(String(decoding: sink.bytes, as: UTF8.self).contains("\"weights\": \"m.onnx\""))
    try folder.write(sink.bytes, as: "n.json")
    #expect(try ModelFile.readNetwork(target).output([[1, 0]]) == [1, 2, 3])
  }
}

@Suite("Masks of infinite numbers")
struct InfiniteMaskTests {
  @Test("An infinite mask excludes scores, is no parameter, and can be written")
  func mask() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 3])
    builder.initializer("mask", [3], [0, -.infinity, 0])
    builder.node("Add", ["x", "mask"], ["masked"])
    builder.node("Softmax", ["masked"], ["y"])
    builder.output("y")
    let network = try builder.network()
    #expect(network.parameters.names.isEmpty)
    #expect(network.output([[2, 9, 2]]) == [0.5, 0, 0.5])
    let sink = MemorySink()
    try ModelFile.network(network).write(to: sink)
  }
}
