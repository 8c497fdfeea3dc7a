import ONNXSchema
import Testing

/// What is too large is refused for its size, and what is missing as missing, with what was found.
@Suite("Reasons of refusals") struct RefusalReasonTests {
  private static let huge = 1 << 62

  private struct Refusal {
    let message: String
    let builder: ModelBuilder
  }

  /// The refusal of a node that reads x of shape [N, 3], or another one, and constants.
  private func node(
    _ type: String, _ constants: [[Int]], _ message: String, opset: Int = 18,
    x shape: [ModelBuilder.Extent] = ["N", 3], _ attributes: [ONNXAttributeProto] = []
  ) -> Refusal {
    var builder = ModelBuilder(opset: opset)
    builder.input("x", shape)
    for (index, values) in constants.enumerated() { builder.initializer("c\(index)", integers: values) }
    builder.node(type, ["x"] + constants.indices.map { "c\($0)" }, ["y"], attributes)
    builder.output("y")
    return Refusal(message: "\(type) \"y\": \(message)", builder: builder)
  }

  private func expect(_ refusals: [Refusal]) throws {
    for refusal in refusals { #expect(try refusal.builder.message() == refusal.message) }
  }

  @Test("Repeats, shapes and pads that are too large are refused for their size")
  func sizes() throws {
    let (most, huge) = (1 << 26, Self.huge)
    let extents = "expected extents of at least 0 and at most \(most) elements, found shape"
    try expect([
      node(
        "Tile", [[1, huge]],
        "repeats: expected a result of at most \(most) elements, found [1, \(huge)] for shape [1, 3]"),
      node("Tile", [[1, 0]], "repeats: expected a positive integer for each axis of [1, 3], found [1, 0]"),
      node("Tile", [[2]], "repeats: expected a positive integer for each axis of [1, 3], found [2]"),
      node("Expand", [[1, huge]], "\(extents) [1, \(huge)]"),
      node("Pad", [[0, 0, 0, huge]], "pads: expected at most \(most) elements on a side, found \(huge)"),
      node("Pad", [[0, 0, 0, -huge]], "pads: expected at most \(most) elements on a side, found \(-huge)"),
      node("Pad", [[0, 0, 0]], "pads: expected 4 integers, found [0, 0, 0]"),
      node(
        "MaxPool", [], "attribute \"kernel_shape\": expected extents from 1 to \(1 << 20), found [\(huge)]",
        x: ["N", 2, 6], [.ints("kernel_shape", [huge])]),
      node(
        "MaxPool", [], "attribute \"strides\": expected 1 integers from 1 to \(1 << 20), found [\(huge)]",
        x: ["N", 2, 6], [.ints("kernel_shape", [2]), .ints("strides", [huge])]),
      node(
        "DepthToSpace", [],
        "attribute \"blocksize\": expected an integer from 1 to \(1 << 20), found \(huge)",
        x: ["N", 4, 2, 2], [.int("blocksize", huge)]),
    ])
  }

  @Test("Scales and sizes of a resize are refused for what they leave of an axis")
  func resizes() throws {
    func resized(
      _ type: String, _ scales: [Double], _ message: String, sizes: [Int]? = nil
    ) -> Refusal {
      var builder = ModelBuilder(opset: type == "Upsample" ? 9 : 18)
      builder.input("x", [1, 3])
      if !scales.isEmpty { builder.initializer("scales", [scales.count], scales) }
      if let sizes { builder.initializer("sizes", integers: sizes) }
      let rest = scales.isEmpty ? ["", ""] : type == "Upsample" ? ["scales"] : ["", "scales"]
      builder.node(type, ["x"] + rest + (sizes == nil ? [] : ["sizes"]), ["y"])
      builder.output("y")
      return Refusal(message: "\(type) \"y\": \(message)", builder: builder)
    }
    let (most, huge) = (1 << 26, Self.huge)
    for type in ["Resize", "Upsample"] {
      try expect([
        resized(
          type, [1, 0x1p100],
          "expected at most \(most) elements of an axis of 3, found a scale of \(0x1p100)"),
        resized(type, [1, 0.25], "expected at least one element of an axis of 3, found a scale of 0.25"),
        resized(type, [2], "expected a scale of each of the axes [0, 1], found 1"),
      ])
    }
    try expect([
      resized(
        "Resize", [], "expected at most \(most) elements of an axis of 3, found a size of \(huge)",
        sizes: [1, huge]),
      resized(
        "Resize", [], "expected at least one element of an axis of 3, found a size of 0", sizes: [1, 0]),
      resized("Resize", [1, 1], "expected either scales or sizes, found both", sizes: [1, 3]),
    ])
  }

  @Test("A range is refused for its count, and for a bound that it lacks")
  func ranges() throws {
    func ranged(_ bounds: [Int], _ message: String?) throws {
      var builder = ModelBuilder()
      builder.input("x", ["N", 1])
      for (index, bound) in bounds.enumerated() {
        builder.graph.initializer.append(ModelBuilder.integers("c\(index)", [], [bound]))
      }
      builder.node("Range", bounds.indices.map { "c\($0)" }, ["r"])
      builder.node("Cast", ["r"], ["f"], [.int("to", 1)])
      builder.node("Add", ["x", "f"], ["y"])
      builder.output("y")
      #expect(try builder.message() == message.map { "Range \"r\": \($0)" }, "\(bounds)")
    }
    let most = 1 << 26
    try ranged(
      [0, 1 << 60, 1],
      "expected a range of at most \(most) numbers, found \(1 << 60) from 0 to \(1 << 60) by 1")
    try ranged(
      [.max, .min, -1],
      "expected a range of at most \(most) numbers, found \(UInt.max) from \(Int.max) to \(Int.min) by -1")
    // Far apart, and yet few.
    try ranged([-(1 << 60), 1 << 60, 1 << 60], nil)
    try ranged([0, 5, 0], "expected a step that is not 0, found 0")
    try ranged([0, 5], "expected a start, a limit and a step, found no step")
    var wide = ModelBuilder()
    wide.input("x", ["N", 1])
    for (index, bound) in [0, 0x1p100, 1].enumerated() { wide.initializer("c\(index)", [], [bound]) }
    wide.node("Range", ["c0", "c1", "c2"], ["r"])
    wide.node("Add", ["x", "r"], ["y"])
    wide.output("y")
    #expect(
      try wide.message()
        == "Range \"r\": expected a range of at most \(most) numbers, found \(0x1p100) from 0.0 to \(0x1p100) by 1.0"
    )
  }

  @Test("An output that is not supported is refused with its node, by the model and by what reads it")
  func outputs() throws {
    var builder = ModelBuilder(opset: 12)
    builder.input("x", ["N", 2, 6])
    builder.node("MaxPool", ["x"], ["y", "i"], [.ints("kernel_shape", [2])])
    builder.output("y")
    #expect(try builder.message() == nil)
    builder.output("i")
    #expect(
      try builder.message()
        == "MaxPool \"y\": expected outputs of the model that are supported, found output 2 of 2, \"i\"")
    builder.graph.output.removeLast()
    builder.node("Cast", ["i"], ["z"], [.int("to", 1)])
    builder.output("z")
    #expect(
      try builder.message()
        == "Cast \"z\": expected inputs that a supported output gives, found \"i\", output 2 of 2 of MaxPool \"y\""
    )
  }
}
