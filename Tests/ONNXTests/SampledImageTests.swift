import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import ONNXSchema
import Testing

/// Images at constant places, losses of constant labels and attention with a past: what is refused, and edges.
@Suite("Sampled images, losses and a past") struct SampledImageTests {
  private let method = SolutionMethod.structured(Newton())

  private func output(_ builder: ModelBuilder, _ x: [Double]) throws -> [Double] {
    try builder.network().forward(Matrix([x]), solvingBy: method).output.elements
  }

  private func grid(
    _ places: [Double], _ shape: [Int], image: [ModelBuilder.Extent] = [1, 1, 1, 3],
    _ attributes: [ONNXAttributeProto] = []
  ) -> ModelBuilder {
    var builder = ModelBuilder(opset: 20)
    builder.input("x", image)
    builder.initializer("g", shape, places)
    builder.node("GridSample", ["x", "g"], ["y"], attributes)
    builder.output("y")
    return builder
  }

  @Test("A grid is read between the elements of an image, at its ends and far outside of it")
  func grids() throws {
    let corners = [ONNXAttributeProto.int("align_corners", 1)]
    #expect(try output(grid([0.5, 0], [1, 1, 1, 2], corners), [1, 2, 4]) == [3])
    #expect(try output(grid([-1, 0], [1, 1, 1, 2], corners), [1, 2, 4]) == [1])
    #expect(try output(grid([9, 0], [1, 1, 1, 2], corners), [1, 2, 4]) == [0])
    let border = corners + [.word("padding_mode", "border")]
    #expect(try output(grid([9, 0], [1, 1, 1, 2], border), [1, 2, 4]) == [4])
    // The place 3 is 1 beyond the last one, 2, and so the element is the one before that.
    let reflection = corners + [.word("padding_mode", "reflection")]
    #expect(try output(grid([2, 0], [1, 1, 1, 2], reflection), [1, 2, 4]) == [2])
  }

  @Test("Grids of another form, without end or that differ within an open batch are refused")
  func gridRefusals() throws {
    let place = "GridSample \"y\": "
    #expect(
      try grid([0, 0, 0], [1, 1, 1, 3]).message()
        == place + "expected a grid for images of shape [1, 1, 1, 3], found shape [1, 1, 1, 3]")
    #expect(try grid([], [1, 0, 1, 2]).message()?.hasPrefix(place + "expected a grid for images") == true)
    #expect(
      try grid([.nan, 0], [1, 1, 1, 2]).message()
        == place + "expected a grid of numbers below 1000000, found others")
    #expect(
      try grid([1e30, 0], [1, 1, 1, 2]).message()
        == place + "expected a grid of numbers below 1000000, found others")
    #expect(try grid([0, 0], [1, 1, 1, 2], image: ["N", 1, 1, 3]).message() == nil)
    #expect(
      try grid([0, 0, 1, 0], [2, 1, 1, 2], image: ["N", 1, 1, 3]).message()?.contains("for a batch of 2")
        == true)
    var computed = grid([0, 0], [1, 1, 1, 2])
    computed.node("Reshape", ["x", "s"], ["h"])
    computed.initializer("s", integers: [1, 1, 3, 1])
    computed.graph.node.swapAt(0, 1)
    computed.graph.node[1].input[1] = "h"
    #expect(try computed.message() == place + "expected a constant grid, found a computed one")
  }

  @Test("Regions outside of images, of none or of as many points as would fill memory are refused")
  func regions() throws {
    func message(_ image: Int, _ attributes: [ONNXAttributeProto] = []) throws -> String? {
      var builder = ModelBuilder()
      builder.input("x", [1, 1, 4, 4])
      builder.initializer("r", [1, 4], [0, 0, 3, 3])
      builder.initializer("i", integers: [image])
      builder.node("RoiAlign", ["x", "r", "i"], ["y"], attributes)
      builder.output("y")
      return try builder.message()
    }
    #expect(try message(0) == nil)
    for image in [1, -1, .min, .max] {
      #expect(
        try message(image)?.hasPrefix("RoiAlign \"y\": expected regions [count, 4] of images") == true)
    }
    for ratio in [65, -1, .max, .min] {
      #expect(
        try message(0, [.int("sampling_ratio", ratio)])?.contains("a sampling ratio of up to 64") == true)
    }
    for extent in [0, -1, .max, 1 << 31] {
      #expect(
        try message(0, [.int("output_height", extent), .int("output_width", extent)])?.contains("expected")
          == true)
    }
  }

  @Test("Labels that are no class are refused, and so is a mean over labels none of which counts")
  func labels() throws {
    func message(_ labels: [Int], _ attributes: [ONNXAttributeProto] = []) throws -> String? {
      var builder = ModelBuilder()
      builder.input("x", [2, 3])
      builder.initializer("t", integers: labels)
      builder.node("SoftmaxCrossEntropyLoss", ["x", "t"], ["y"], attributes)
      builder.output("y")
      return try builder.message()
    }
    let place = "SoftmaxCrossEntropyLoss \"y\": "
    #expect(try message([0, 2]) == nil)
    #expect(try message([0, 3]) == place + "expected labels from 0 to 2, found 3")
    #expect(try message([0, .min]) == place + "expected labels from 0 to 2, found \(Int.min)")
    #expect(try message([0, -100], [.int("ignore_index", -100)]) == nil)
    #expect(
      try message([1, 1], [.int("ignore_index", 1)])
        == place + "expected labels of which some count, found a sum of their weights of 0")
    #expect(try message([1]) == place + "expected labels for scores of shape [2, 3], found shape [1]")
  }

  @Test(
    "An antialiased axis is the average of what each element covers; what is larger is interpolated as ever")
  func antialiased() throws {
    func resized(_ target: Int, _ attributes: [ONNXAttributeProto]) throws -> [Double] {
      var builder = ModelBuilder()
      builder.input("x", [1, 1, 4])
      builder.initializer("s", integers: [1, 1, target])
      builder.node("Resize", ["x", "", "", "s"], ["y"], [.word("mode", "linear")] + attributes)
      builder.output("y")
      return try output(builder, [0, 0, 8, 0])
    }
    // The triangle around 0.5 of half-width 2 weighs −1, …, 2 by 1, 3, 3, 1 of 8.
    #expect(try resized(2, [.int("antialias", 1)]) == [1, 3])
    #expect(try resized(2, [.int("antialias", 1), .int("exclude_outside", 1)]) == [8.0 / 7, 24.0 / 7])
    #expect(try resized(2, []) == [0, 4])
    #expect(try resized(8, [.int("antialias", 1)]) == resized(8, []))
  }

  @Test("A past of keys without values, and a window or a mode that there is not, are refused")
  func past() throws {
    func message(_ inputs: [String], _ attributes: [ONNXAttributeProto] = []) throws -> String? {
      var builder = ModelBuilder(opset: 25)
      for name in ["q", "k", "v"] { builder.input(name, ["N", 1, 2, 2]) }
      for name in ["pk", "pv"] { builder.input(name, ["N", 1, 3, 2]) }
      builder.node("Attention", ["q", "k", "v"] + inputs, ["y", "a", "b", "s"], attributes)
      for name in ["y", "a", "b", "s"] { builder.output(name) }
      return try builder.message()
    }
    let place = "Attention \"y\": "
    #expect(try message(["", "pk", "pv"]) == nil)
    #expect(try message(["", "pk"]) == place + "expected past keys and past values, found one of both")
    #expect(
      try message(["", "pk", "pv"], [.int("left_window_size", -2)])
        == place + "expected windows of at least 0, or −1 for none, found -2 and -1")
    #expect(
      try message([], [.int("left_window_size", 0), .int("right_window_size", .max)]) == nil)
    #expect(
      try message([], [.int("qk_matmul_output_mode", 4)])
        == place + "qk_matmul_output_mode: expected one from 0 to 3, found 4")
  }
}
