import FileAccess
import FixedPoints
import LinearAlgebra
import ModelFiles
import Networks
import ONNXImport
import Testing

@Suite("Open extents and parts of a graph") struct ReadingTests {
  /// A convolution over an image of open extents, and the place of its largest channel.
  private func builder() -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("x", ["N", 1, "height", -1])
    builder.initializer("W", [2, 1, 1, 1], [1, -2])
    builder.initializer("pixels", integers: [0, -1])
    builder.node("Conv", ["x", "W"], ["channels"])
    builder.node("Reshape", ["channels", "pixels"], ["flat"])
    builder.node("ArgMax", ["flat"], ["label"], [.int("axis", 1)])
    builder.output("label")
    return builder
  }

  private func network(_ reading: ONNXReading) throws(FileError) -> Network<Double> {
    let bytes: [UInt8]
    do { bytes = try builder().bytes } catch { preconditionFailure("\(error)") }
    guard
      case .network(let network) = try ONNXReader.read(FileContents(bytes, named: "m.onnx"), as: reading)
    else { throw FileError(.badData, file: "m.onnx", "expected a network") }
    return network
  }

  private func message(_ reading: ONNXReading) -> String? {
    do {
      _ = try network(reading)
      return nil
    } catch { return "\(error.place): \(error.problem)" }
  }

  @Test("A shape, or an extent by its name, makes an open graph a network, up to an inner value")
  func extents() throws {
    let cut = try network(ONNXReading(shapes: ["x": [1, 1, 2, 3]], outputs: ["flat"]))
    #expect(cut.inputShape == [1, 2, 3] && cut.outputSize == 12)
    let output = cut.forward(Matrix([[1, 2, 3, 4, 5, 6]]), solvingBy: .structured(Newton())).output
    #expect(output.elements == [1, 2, 3, 4, 5, 6, -2, -4, -6, -8, -10, -12])
    #expect(
      message(ONNXReading(extents: ["height": 2], outputs: ["flat"]))
        == "input \"x\": axis 3: expected a known extent, found -1")
  }

  @Test("A graph may start at an inner value, whose shape is given")
  func start() throws {
    let rest = try network(
      ONNXReading(shapes: ["channels": [1, 2, 2, 2]], inputs: ["channels"], outputs: ["flat"]))
    #expect(rest.inputShape == [2, 2, 2] && rest.parameters.names.isEmpty)
    #expect(
      message(ONNXReading(inputs: ["channels"], outputs: ["flat"]))
        == "input \"channels\": expected a shape, found none")
  }

  @Test("What the graph does not have is refused by name")
  func refusals() {
    #expect(
      message(ONNXReading(shapes: ["y": [1]]))
        == "shape of \"y\": expected an input of the graph, found \"x\"")
    #expect(
      message(ONNXReading(extents: ["depth": 2]))
        == "extent \"depth\": expected the name of an open extent of an input, found \"N\", \"height\"")
    #expect(
      message(ONNXReading(shapes: ["x": [1, 2, 2, 3]]))
        == "input \"x\": expected a shape that fits [N, 1, height, -1], found [1, 2, 2, 3]")
    #expect(
      message(ONNXReading(outputs: ["z"])) == "output: expected a value of the graph, found none called \"z\""
    )
    #expect(message(ONNXReading(shapes: ["x": [1, 1, 2, 3]])) == nil)
  }
}
