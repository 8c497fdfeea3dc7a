import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import ONNXSchema
import Testing

/// Sums of products, rotations by positions and cumulative products: edges, and what is refused.
@Suite("Sums of products, rotations and cumulative products") struct ProductTests {
  private typealias Extents = [ModelBuilder.Extent]

  private func output(_ builder: ModelBuilder, _ x: [Double]) throws -> [Double] {
    try builder.network().forward(Matrix([x]), solvingBy: .structured(Newton())).output.elements
  }

  // MARK: Einsum

  private func einsum(_ equation: String, _ shapes: [ModelBuilder.Extent]...) -> ModelBuilder {
    var builder = ModelBuilder()
    for (index, shape) in shapes.enumerated() { builder.input("x\(index)", shape) }
    builder.node("Einsum", shapes.indices.map { "x\($0)" }, ["y"], [.word("equation", equation)])
    builder.output("y")
    return builder
  }

  @Test("Axes of extent 1, also those of an ellipsis, are broadcast, and a tensor may lack the ellipsis")
  func broadcast() throws {
    // The first tensor has one row for two of the second one.
    #expect(
      try output(einsum("...i,...i->...", ["N", 1, 2], ["N", 2, 2]), [1, 2, 3, 4, 5, 6]) == [11, 17])
    #expect(try output(einsum("n...i,ni->n...", ["N", 2, 2], ["N", 2]), [1, 2, 3, 4, 5, 6]) == [17, 39])
    #expect(try output(einsum("n...,nj->n...j", ["N", 1, 2], ["N", 1]), [1, 2, 3]) == [3, 6])
    #expect(try output(einsum("nij,njk->nik", ["N", 2, 1], ["N", 3, 1]), [2, 3, 1, 1, 1]) == [6, 9])
  }

  @Test("An axis that occurs twice in a tensor is its diagonal, and more than two tensors are multiplied")
  func diagonals() throws {
    #expect(try output(einsum("nii->ni", ["N", 2, 2]), [1, 2, 3, 4]) == [1, 4])
    #expect(try output(einsum("n i j i -> n j", ["N", 2, 2, 2]), [1, 2, 3, 4, 5, 6, 7, 8]) == [7, 11])
    #expect(try output(einsum("niii", ["N", 2, 2, 2]), [1, 2, 3, 4, 5, 6, 7, 8]) == [9])
    #expect(
      try output(einsum("ni,nij,nj->n", ["N", 2], ["N", 2, 2], ["N", 2]), [1, 2, 3, 4, 5, 6, 7, 8]) == [219])
  }

  @Test("Texts that are no equation of these tensors are refused")
  func equations() throws {
    func message(_ equation: String, _ shapes: [ModelBuilder.Extent]...) throws -> String? {
      var builder = einsum(equation)
      for (index, shape) in shapes.enumerated() {
        builder.input("x\(index)", shape)
        builder.graph.node[0].input.append("x\(index)")
      }
      return try builder.message()
    }
    let place = "Einsum \"y\": "
    for text in [
      "i....->i", "i1->i", "ij->i->i", "ij-->i", "...i...->i", "ij->i,j", "ij>i", "i.j->i", "é->", "ij->.",
      "->>",
    ] {
      #expect(
        try message(text, [2, 3])?.hasPrefix(place + "equation: expected letters for axes") == true, "\(text)"
      )
    }
    #expect(try message("ij,jk", [2, 3]) == place + "equation: expected 1 term, found \"ij,jk\"")
    #expect(try message("ij,", [2, 3]) == place + "equation: expected 1 term, found \"ij,\"")
    for text in ["ij->jik", "ij->jj", "ij->...i...", "i...->ii"] {
      #expect(try message(text, [2, 3])?.hasPrefix(place + "equation: expected ") == true, "\(text)")
    }
    for text in ["i", "ijk->i", "...ijk->i", "", "->"] {
      #expect(
        try message(text, [2, 3])?.contains("expected axes of shapes with [2] axes") == true, "\(text)")
    }
    #expect(
      try message("bi,bi", [2, 3], [2, 2])
        == place + "expected one extent of the axis i, found shapes [2, 3] and [2, 2]")
    #expect(
      try message("b...,b...", [2, 3], [2, 2])
        == place + "expected one extent of the axis ..., found shapes [2, 3] and [2, 2]")
    #expect(
      try message("bii->b", [2, 1, 3]) == place + "expected one extent of the axis i, found shape [2, 1, 3]")
    // The batch of an open model is no axis to be summed, or of which there is a diagonal.
    #expect(try message("ni->i", ["N", 3])?.contains("batch") == true)
    #expect(try message("ni,mi->nm", ["N", 3], ["N", 3])?.contains("batch") == true)
    #expect(try message("nn->n", ["N", "N"]) != nil)
  }

  @Test("More than 64 tensors are refused, and 64 are multiplied")
  func many() throws {
    func product(_ count: Int) -> ModelBuilder {
      var builder = ModelBuilder()
      builder.input("x", ["N", 2])
      let terms = [String](repeating: "ni", count: count).joined(separator: ",")
      builder.node(
        "Einsum", [String](repeating: "x", count: count), ["y"], [.word("equation", terms + "->n")])
      builder.output("y")
      return builder
    }
    #expect(try output(product(64), [2, 1]) == [0x1p64 + 1])
    #expect(try product(65).message() == "Einsum \"y\": expected at most 64 tensors, found 65")
  }

  @Test("A part without elements of a known batch joins others, as an expanded rotation has it")
  func emptyParts() throws {
    func model(_ extent: ModelBuilder.Extent) -> ModelBuilder {
      var builder = ModelBuilder()
      builder.input("x", [extent, 2])
      builder.initializer("s", integers: [2, 0])
      builder.node("Split", ["x", "s"], ["a", "b"], [.int("axis", 1)])
      builder.node("Neg", ["a"], ["c"])
      builder.node("Concat", ["c", "b"], ["y"], [.int("axis", 1)])
      builder.output("y")
      return builder
    }
    #expect(try output(model(3), [1, 2]) == [-1, -2])
    #expect(
      try model("N").message() == "Split \"a\": expected at least one place of axis 1, found none")
  }

  // MARK: RotaryEmbedding

  private func rotary(
    _ shape: [ModelBuilder.Extent] = ["N", 1, 2, 2], cache: [Int] = [3, 1], positions: ([Int], [Int])? = nil,
    _ attributes: [ONNXAttributeProto] = []
  ) -> ModelBuilder {
    var builder = ModelBuilder(opset: 23)
    builder.input("x", shape)
    let count = cache.reduce(1, *)
    builder.initializer("c", cache, (0..<count).map { Double($0) })
    builder.initializer("s", cache, (0..<count).map { Double(10 * $0) })
    if let positions {
      builder.graph.initializer.append(ModelBuilder.integers("i", positions.0, positions.1))
    }
    builder.node("RotaryEmbedding", ["x", "c", "s"] + (positions == nil ? [] : ["i"]), ["y"], attributes)
    builder.output("y")
    return builder
  }

  @Test("A rotation reads its cosines and sines at the positions, which are the same for every sample")
  func positions() throws {
    let turned = try output(rotary(positions: ([1, 2], [2, 1])), [1, 2, 3, 4])
    #expect(turned == [-38, 24, -37, 34])
    let heads = rotary(
      ["N", 1, 6], cache: [1, 1, 1], [.int("num_heads", 2), .int("rotary_embedding_dim", 2)])
    #expect(try output(heads, [1, 2, 3, 4, 5, 6]) == [0, 0, 3, 0, 0, 6])
    // Samples with positions of their own are one sample together.
    let own = try rotary([2, 1, 2, 2], positions: ([2, 2], [0, 1, 1, 2])).network()
    #expect(own.inputSize == 8)
    let equal = try rotary([2, 1, 2, 2], positions: ([2, 2], [2, 1, 2, 1])).network()
    #expect(equal.inputSize == 4)
  }

  @Test("Rotations of odd parts, of positions that there are not, or by tables of other shapes are refused")
  func rotationRefusals() throws {
    let place = "RotaryEmbedding \"y\": "
    for count in [1, 3, 4, -2, .max, .min] {
      #expect(
        try rotary(positions: ([1, 2], [0, 0]), [.int("rotary_embedding_dim", count)]).message()
          == place
          + "rotary_embedding_dim: expected an even number of up to 2 elements, found \(count)")
    }
    // A head without elements has no pair.
    var empty = rotary(cache: [1, 1, 1])
    empty.initializer("e", [1, 1, 1, 0], [])
    empty.graph.node[0].input[0] = "e"
    #expect(try empty.message()?.contains("an even number of up to 0 elements, found 0") == true)
    for position in [3, -1, .min, .max] {
      #expect(
        try rotary(positions: ([1, 2], [0, position])).message()
          == place + "expected positions from 0 to 2, found \(position)")
    }
    #expect(
      try rotary().message() == place + "expected cosines [batch, length, pairs], found [[3, 1]]")
    #expect(
      try rotary(cache: [1, 2, 1], positions: ([1, 2], [0, 0])).message()
        == place + "expected cosines [positions, pairs] and positions [batch, length], "
        + "found [[1, 2, 1], [1, 2]]")
    #expect(
      try rotary(cache: [1, 3, 1]).message()
        == place + "expected cosines for 2 positions of 1 pair of elements in each sample, "
        + "found shape [1, 3, 1]")
    #expect(try rotary(positions: ([2, 2], [0, 1, 0, 1])).message()?.contains("in each sample") == true)
    #expect(try rotary(positions: ([2], [0, 1])).message()?.contains("positions [batch, length]") == true)
    for heads in [0, 4, -1, .min] {
      #expect(
        try rotary(["N", 1, 6], cache: [1, 1, 1], [.int("num_heads", heads)]).message()
          == place + "expected 4 axes, or 3 and a number of heads that divides the last, "
          + "found shape [1, 1, 6]")
    }
    #expect(try rotary(["N", 6], cache: [1, 1, 1]).message()?.contains("expected 4 axes") == true)
  }

  // MARK: CumProd, SwiGLU and losses

  @Test(
    "Products along an axis of constant integers are exact, and refused where their type cannot hold them")
  func integers() throws {
    func message(_ elements: [Int], type: Int32, _ attributes: [ONNXAttributeProto] = []) throws -> String? {
      var builder = ModelBuilder(opset: 26)
      builder.input("x", ["N", 12])
      var tensor = ModelBuilder.integers("i", [elements.count], elements)
      if type == 6 {
        tensor.dataType = 6
        tensor.rawData = elements.map { Int32($0) }.withUnsafeBytes { .init($0) }
      }
      builder.graph.initializer = [tensor, ModelBuilder.integers("a", [], [0])]
      builder.node("CumProd", ["i", "a"], ["p"], attributes)
      builder.node("Cast", ["p"], ["s"], [.int("to", 7)])
      builder.node("Reshape", ["x", "s"], ["y"])
      builder.output("y")
      return try builder.message()
    }
    #expect(try message([-1, -2, 3], type: 7) == nil)
    #expect(try message([-1, -2, 3], type: 6) == nil)
    #expect(try message([2, 3, 1 << 62], type: 7, [.int("reverse", 1)])?.contains("up to 64 bits") == true)
    #expect(
      try message([1 << 20, 1 << 20], type: 6)
        == "CumProd \"p\": expected products of type int32, found larger ones")
    // The product of all is that of none.
    #expect(try message([-12, 1, 1 << 62], type: 7, [.int("exclusive", 1)])?.contains("bits") != true)
  }

  @Test("A product along one element is that element, or 1; axes that there are not are refused")
  func cumulative() throws {
    func product(_ axis: Int, _ attributes: [ONNXAttributeProto] = []) -> ModelBuilder {
      var builder = ModelBuilder(opset: 26)
      builder.input("x", ["N", 1, 3])
      builder.graph.initializer = [ModelBuilder.integers("a", [], [axis])]
      builder.node("CumProd", ["x", "a"], ["y"], attributes)
      builder.output("y")
      return builder
    }
    #expect(try output(product(1), [2, 3, 4]) == [2, 3, 4])
    #expect(try output(product(1, [.int("exclusive", 1)]), [2, 3, 4]) == [1, 1, 1])
    #expect(try output(product(-1), [2, 3, 4]) == [2, 6, 24])
    #expect(try output(product(2, [.int("exclusive", 1), .int("reverse", 1)]), [2, 3, 4]) == [12, 4, 1])
    for axis in [3, -4, .min, .max] {
      #expect(
        try product(axis).message() == "CumProd \"y\": expected an axis from -3 to 2, found \(axis)")
    }
    #expect(try product(0).message()?.contains("batch") == true)
  }

  @Test("Gates of another shape, and weights of other classes, are refused")
  func shapes() throws {
    var gate = ModelBuilder(opset: 28)
    gate.input("a", ["N", 3])
    gate.input("b", ["N", 1])
    gate.node("SwiGLU", ["a", "b"], ["y"])
    gate.output("y")
    #expect(try gate.message()?.hasPrefix("SwiGLU \"y\": expected two tensors of one shape, found") == true)

    var loss = ModelBuilder()
    loss.input("x", [2, 3])
    loss.input("w", [2])
    loss.initializer("t", integers: [0, 2])
    loss.node("NegativeLogLikelihoodLoss", ["x", "t", "w"], ["y"])
    loss.output("y")
    #expect(
      try loss.message()
        == "NegativeLogLikelihoodLoss \"y\": expected 3 weights of classes, found shape [2]")
  }
}
