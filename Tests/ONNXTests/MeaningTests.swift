import FileAccess
import FixedPoints
import LinearAlgebra
import ONNXImport
import Testing

/// Statements about what a node means that depend on its version, its outputs or its constants.
@Suite("What nodes mean") struct MeaningTests {
  private func output(_ builder: ModelBuilder, _ rows: [[Double]]) throws -> [Double] {
    try builder.network().forward(Matrix(rows), solvingBy: .structured(Newton())).output.elements
  }

  @Test("Batch normalisation with more than one output trains until opset 13", arguments: [7, 9, 13, 14, 15])
  func training(_ opset: Int) throws {
    func model(_ outputs: [String]) -> ModelBuilder {
      var builder = ModelBuilder(opset: opset)
      builder.input("x", ["N", 1])
      for (name, value) in [("s", 1.0), ("b", 0), ("m", 0.5), ("v", 1)] {
        builder.initializer(name, [1], [value])
      }
      builder.node("BatchNormalization", ["x", "s", "b", "m", "v"], outputs, [.float("epsilon", 0)])
      builder.output("y")
      return builder
    }
    #expect(try output(model(["y"]), [[2.5]]) == [2])
    let message = try model(["y", "mean", "var", "saved_mean", "saved_var"]).message()
    #expect(message?.contains("found training") == (opset < 14 ? true : nil))
  }

  @Test("Attributes that an operator does not have in the file's version are refused")
  func attributes() throws {
    for (type, opset, attribute) in [
      ("Clip", 13, "min"), ("BatchNormalization", 9, "spatial"),
      ("BatchNormalization", 9, "training_mode"),
    ] {
      var builder = ModelBuilder(opset: opset)
      builder.input("x", ["N", 1])
      for name in ["s", "b", "m", "v"] { builder.initializer(name, [1], [1]) }
      builder.node(
        type, type == "BatchNormalization" ? ["x", "s", "b", "m", "v"] : ["x"], ["y"],
        [.float(attribute, 1)])
      builder.output("y")
      #expect(
        try builder.message()?.hasSuffix(
          "expected attributes of \(type) in opset \(opset), found \"\(attribute)\"") == true)
    }
  }

  @Test("A declared output shape that contradicts the graph is refused with both shapes")
  func declaredShape() throws {
    for (declared, isRight) in [
      ([1, 4], false), ([1, 3], true), ([3], false), ([], true), ([2, 3], false), (["N", 3], true),
    ] as [([ModelBuilder.Extent], Bool)] {
      var builder = ModelBuilder()
      builder.input("x", [1, 3])
      builder.node("Relu", ["x"], ["y"])
      builder.output("y", declared)
      let message = try builder.message()
      #expect((message == nil) == isRight, "\(declared)")
      if !isRight {
        #expect(message?.contains("output \"y\": expected the declared shape [") == true)
        #expect(message?.hasSuffix(", found [1, 3]") == true)
      }
    }
  }

  @Test("A transposed convolution with SAME pads is as large as ONNX's shape inference has it")
  func transposedConvolution() throws {
    // Extents by onnx.shape_inference for a row of 5: kernel, stride, output_padding.
    for (kernel, stride, extra, extent) in [
      (2, 3, 0, 14), (3, 2, 0, 10), (4, 2, 0, 10), (3, 2, 1, 11), (1, 1, 0, 5),
    ] {
      for pads in ["SAME_UPPER", "SAME_LOWER"] {
        var builder = ModelBuilder()
        builder.input("x", ["N", 1, 5])
        builder.initializer("W", [1, 1, kernel], [Double](repeating: 1, count: kernel))
        builder.node(
          "ConvTranspose", ["x", "W"], ["y"],
          [.word("auto_pad", pads), .ints("strides", [stride]), .ints("output_padding", [extra])])
        builder.output("y")
        #expect(try builder.network().outputSize == extent, "\(kernel) \(stride) \(extra) \(pads)")
      }
    }
  }

  @Test(
    "A mask that leaves every row an element is exact; one that excludes a whole row is refused by the row")
  func masks() throws {
    func model(_ mask: [Double], _ type: String = "Softmax") -> ModelBuilder {
      var builder = ModelBuilder()
      builder.input("x", ["N", 2, 2])
      builder.initializer("mask", [2, 2], mask)
      builder.node("Add", ["x", "mask"], ["scores"])
      builder.node(
        type, ["scores"], ["y"],
        type == "Softmax" ? [.int("axis", -1)] : type == "ReduceMax" ? [.ints("axes", [2])] : [])
      builder.output("y")
      if type == "ReduceMax" { builder.model.opsetImport[0].version = 13 }
      return builder
    }
    let infinity = Double.infinity
    #expect(try output(model([0, -infinity, 0, 0]), [[5, 9, 1, 1]]) == [1, 0, 0.5, 0.5])
    #expect(try output(model([0, -infinity, 0, 0], "ReduceMax"), [[5, 9, 1, 2]]) == [5, 2])
    #expect(try output(model([0, -infinity, 0, 0], "Relu"), [[5, 9, 1, -2]]) == [5, 0, 1, 0])
    for type in ["Softmax", "ReduceMax"] {
      #expect(
        try model([0, 0, -infinity, -infinity], type).message()?.contains("excludes all of row 1") == true)
    }
    for (type, mask) in [
      ("Identity", -infinity), ("Softmax", infinity), ("Exp", infinity),
    ] {
      #expect(
        try model([0, mask, 0, 0], type).message()?.contains("expected finite constants, found") == true,
        "\(type) \(mask)")
    }
  }

  @Test("All unsupported operators are named with their nodes, and other domains as such")
  func unsupported() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 3])
    builder.node("DFT", ["x"], ["a"], name: "first")
    builder.node("DFT", ["a"], ["b"], name: "second")
    builder.node("Relu", ["b"], ["c"])
    builder.node("Bernoulli", ["c"], ["d"])
    builder.node("GroupQueryAttention", ["d"], ["e"], domain: "com.microsoft")
    builder.node("Quant", ["e"], ["y"], domain: "onnx.brevitas")
    builder.node("Det", ["x"], ["unused"])
    builder.output("y")
    let wanted = [
      "DFT (\"first\", \"second\")", "Bernoulli (\"d\")",
      "GroupQueryAttention of \"com.microsoft\" (ONNX Runtime's own operators) (\"e\")",
      "Quant of \"onnx.brevitas\" (Brevitas' quantisers) (\"y\")",
    ]
    #expect(
      try builder.message() == "nodes: expected operators that are supported, found "
        + wanted.joined(separator: ", "))
  }

  @Test("The attempt that came furthest says why a file is refused")
  func furthest() throws {
    // As a batch the selection splits it; as one sample, which comes further, the shape is wrong.
    var builder = ModelBuilder()
    builder.input("x", [1, 3, 2])
    builder.graph.initializer.append(ModelBuilder.integers("k", [], [0]))
    builder.initializer("wanted", integers: [5])
    builder.node("Gather", ["x", "k"], ["a"])
    builder.node("Reshape", ["a", "wanted"], ["y"])
    builder.output("y")
    #expect(try builder.message()?.hasPrefix("Reshape \"y\"") == true)
  }

  @Test("Two sums of constants of one value stay two blocks, which a file can tell apart")
  func constantMaps() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 2, 2])
    builder.graph.initializer.append(ModelBuilder.integers("one", [], [1]))
    builder.graph.initializer.append(ModelBuilder.integers("two", [], [2]))
    builder.node("CumSum", ["x", "one"], ["a"])
    builder.node("CumSum", ["x", "two"], ["b"])
    builder.node("Add", ["a", "b"], ["y"])
    builder.output("y")
    let network = try builder.network()
    #expect(network.layers.count == 2)
    #expect(try output(builder, [[1, 2, 3, 4]]) == [2, 5, 7, 13])
  }
}
