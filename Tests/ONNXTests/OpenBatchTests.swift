import FileAccess
import FixedPoints
import LinearAlgebra
import ONNXImport
import Testing

@Suite("The extent of an open batch is a symbol") struct OpenBatchTests {
  /// A model of the input x `[N, 3]` with the extent of its batch as the value n.
  private func builder() -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("x", ["N", 3])
    builder.graph.initializer.append(ModelBuilder.integers("zero", [], [0]))
    builder.graph.initializer.append(ModelBuilder.integers("one", [], [1]))
    builder.node("Shape", ["x"], ["shape"])
    builder.node("Gather", ["shape", "zero"], ["n"])
    return builder
  }

  private func output(_ builder: ModelBuilder, _ rows: [[Double]]) throws -> [Double] {
    try builder.network().forward(Matrix(rows), solvingBy: .structured(Newton())).output.elements
  }

  @Test("A number computed from it is refused, by the node that uses it", arguments: [1, 2, 3, 10_007])
  func numbers(_ extent: Int) throws {
    var scale = builder()
    scale.node("Cast", ["n"], ["number"], [.int("to", 1)])
    scale.node("Div", ["x", "number"], ["y"])
    scale.output("y")
    var range = builder()
    range.node("Range", ["zero", "n", "one"], ["range"])
    range.node("Cast", ["range"], ["numbers"], [.int("to", 1)])
    range.node("ReduceMax", ["numbers"], ["largest"], [.int("keepdims", 0)])
    range.node("Add", ["x", "largest"], ["y"])
    range.output("y")
    var size = ModelBuilder()
    size.input("x", ["N", 3])
    size.node("Size", ["x"], ["count"])
    size.node("Cast", ["count"], ["number"], [.int("to", 1)])
    size.node("Sqrt", ["number"], ["root"])
    size.node("Mul", ["x", "root"], ["y"])
    size.output("y")
    for (model, place) in [(scale, "Div \"y\""), (range, "Range \"range\""), (size, "Sqrt \"root\"")] {
      let contents = FileContents(try model.bytes, named: "m.onnx")
      #expect {
        try ONNXReader.graph(contents, openExtent: extent)
      } throws: { error in
        let error = error as? FileError
        return error?.place == place
          && error?.problem.hasSuffix("found one that computes a number from the extent of the batch") == true
      }
    }
  }

  @Test("Shapes computed from it are those of each sample")
  func shapes() throws {
    var model = builder()
    model.initializer("axis", integers: [0])
    model.initializer("rest", integers: [3, 1])
    model.node("Unsqueeze", ["n", "axis"], ["n1"])
    model.node("Concat", ["n1", "rest"], ["wanted"], [.int("axis", 0)])
    model.node("Reshape", ["x", "wanted"], ["columns"])
    model.node("Shape", ["columns"], ["again"])
    model.node("Cast", ["again"], ["numbers"], [.int("to", 1)])
    model.node("Cast", ["numbers"], ["integers"], [.int("to", 7)])
    model.node(
      "ConstantOfShape", ["integers"], ["ones"], [.tensor("value", ModelBuilder.floats("", [1], [1]))])
    model.node("Add", ["columns", "ones"], ["y"])
    model.output("y")
    #expect(try output(model, [[1, 2, 3], [4, 5, 6]]) == [2, 3, 4, 5, 6, 7])
  }

  @Test("Arithmetic that leaves a multiple of it, or takes it out again, is exact")
  func arithmetic() throws {
    var model = builder()
    model.initializer("axis", integers: [0])
    model.initializer("six", integers: [6])
    model.initializer("two", integers: [2])
    model.initializer("three", integers: [3])
    model.initializer("open", integers: [-1])
    // 6 N / 2 − 2 N is N, and 3 N / N is 3.
    model.node("Unsqueeze", ["n", "axis"], ["n1"])
    model.node("Mul", ["n1", "six"], ["6n"])
    model.node("Div", ["6n", "two"], ["3n"])
    model.node("Mul", ["n1", "two"], ["2n"])
    model.node("Sub", ["3n", "2n"], ["m"])
    model.node("Div", ["3n", "n1"], ["k"])
    model.node("Max", ["m", "open"], ["extent"])
    model.node("Concat", ["extent", "k"], ["wanted"], [.int("axis", 0)])
    model.node("Equal", ["wanted", "open"], ["is open"])
    model.node("Where", ["is open", "three", "wanted"], ["target"])
    model.node("Reshape", ["x", "target"], ["y"])
    model.output("y")
    #expect(try output(model, [[1, 2, 3], [4, 5, 6]]) == [1, 2, 3, 4, 5, 6])
  }

  @Test("A constant of as many rows has one row for each sample")
  func constantOutput() throws {
    var model = builder()
    model.initializer("axis", integers: [0])
    model.initializer("two", integers: [2])
    model.node("Unsqueeze", ["n", "axis"], ["n1"])
    model.node("Concat", ["n1", "two"], ["wanted"], [.int("axis", 0)])
    model.node("ConstantOfShape", ["wanted"], ["c"], [.tensor("value", ModelBuilder.floats("", [1], [0.5]))])
    model.node("Relu", ["x"], ["y"])
    model.output("y")
    model.output("c")
    let graph = try ONNXReader.graph(FileContents(model.bytes, named: "m.onnx"))
    #expect(graph.outputs.map(\.count) == [3, 2] && graph.outputs.map(\.batchAxis) == [0, 0])
    #expect(try output(model, [[-1, 2, 3]]) == [0, 2, 3, 0.5, 0.5])
  }

  @Test("A literal that would be right for one batch only is refused")
  func literals() throws {
    for (wanted, isRight) in [([-1, 3], true), ([2, -1], false), ([0, 3], true), ([1, -1], true)] {
      var model = ModelBuilder()
      model.input("x", ["N", 3])
      model.initializer("wanted", integers: wanted)
      model.node("Reshape", ["x", "wanted"], ["y"])
      model.output("y")
      for extent in [2, 3] {
        let network = try? ONNXReader.graph(FileContents(model.bytes, named: "m.onnx"), openExtent: extent)
        #expect((network != nil) == isRight, "\(wanted) \(extent)")
      }
    }
  }
}
