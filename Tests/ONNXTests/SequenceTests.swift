import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Recurrent layers and images of a sample: parts to which the same parameters are applied.
@Suite("Sequences and frames") struct SequenceTests {
  private let method = SolutionMethod.structured(Newton())

  /// `h_t = tanh(w x_t + r h_{t−1} + b)` over three steps of one number.
  private func recurrent(_ attributes: [String: Int] = [:], lengths: [Int]? = nil) -> ModelBuilder {
    var builder = ModelBuilder()
    builder.input("x", ["N", 3, 1])
    builder.initializer("W", [1, 1, 1], [0.5])
    builder.initializer("R", [1, 1, 1], [-0.25])
    builder.initializer("B", [1, 2], [0.125, 0.0625])
    if let lengths { builder.initializer("lengths", integers: lengths) }
    builder.node("Transpose", ["x"], ["sequence"], [.ints("perm", [1, 0, 2])])
    builder.node(
      "RNN", ["sequence", "W", "R", "B", lengths == nil ? "" : "lengths"], ["", "last"],
      attributes.sorted { $0.key < $1.key }.map { .int($0.key, $0.value) })
    builder.node("Squeeze", ["last"], ["y"])
    builder.output("y")
    return builder
  }

  @Test("A recurrent layer is unrolled; its parameters are one each, in their own shapes, with one gradient")
  func unrolled() throws {
    let network = try recurrent().network()
    let (w, r, b) = (0.5, -0.25, 0.1875)
    func last(_ x: [Double], _ w: Double, _ r: Double) -> Double {
      x.reduce(0) { tanh(w * $1 + r * $0 + b) }
    }
    let x = [1.0, -2, 0.5]
    let pass = network.forward(Matrix([x]), solvingBy: method)
    #expect(abs(pass.output.elements[0] - last(x, w, r)) < 1e-15)
    let gradients = network.backpropagate(Matrix([[1]]), through: pass, solvingBy: method).gradients
      .parameters
    for (name, difference) in [
      ("W", last(x, w + 1e-5, r) - last(x, w - 1e-5, r)), ("R", last(x, w, r + 1e-5) - last(x, w, r - 1e-5)),
    ] {
      #expect(gradients[name]?.shape == [1, 1, 1])
      #expect(abs((gradients[name]?.elements[0] ?? .nan) - difference / 2e-5) < 1e-9, "\(name)")
    }
  }

  @Test("Lengths of their own and unsupported attributes of recurrent layers are refused by name")
  func refusals() throws {
    #expect(try recurrent(lengths: [3, 3]).message() == nil)
    #expect(
      try recurrent(lengths: [3, 2]).message()?.contains("sequence_lens: expected whole sequences") == true)
    #expect(try recurrent(["hidden_size": 2]).message()?.contains("expected a weight of the state") == true)
    #expect(try recurrent(["linear_before_reset": 1]).message()?.contains("\"linear_before_reset\"") == true)
  }

  @Test("A convolution over the frames of each sample is one for every frame, with one weight")
  func frames() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 2, 1, 3])
    builder.initializer("W", [1, 1, 2], [1, 10])
    builder.initializer("flat", integers: [-1, 1, 3])
    builder.initializer("back", integers: [-1, 2, 2])
    builder.node("Reshape", ["x", "flat"], ["frames"])
    builder.node("Conv", ["frames", "W"], ["c"])
    builder.node("Reshape", ["c", "back"], ["y"])
    builder.output("y")
    let network = try builder.network()
    let pass = network.forward(Matrix([[1, 2, 3, 4, 5, 6], [0, 1, 0, 0, 0, 1]]), solvingBy: method)
    #expect(pass.output.elements == [21, 32, 54, 65, 10, 1, 0, 10])
    let back = network.backpropagate(
      Matrix([[1, 0, 0, 1], [0, 0, 0, 0]]), through: pass, solvingBy: method)
    #expect(back.gradients.parameters["W"]?.elements == [1 + 5, 2 + 6])
  }

  @Test("A leading axis of a whole tensor is one of images, and a constant without elements adds none")
  func wholeTensor() throws {
    var builder = ModelBuilder()
    builder.input("x", [1, 2, 2, 2])
    builder.initializer("W", [1, 1, 1, 1], [3])
    builder.initializer("images", integers: [2, 1, 2, 2])
    builder.initializer("none", integers: [0, 1, 2, 2])
    builder.initializer("two", [], [2])
    builder.node("Reshape", ["x", "images"], ["frames"])
    builder.node("Conv", ["frames", "W"], ["c"])
    builder.node("ConstantOfShape", ["none"], ["empty"])
    builder.node("Mul", ["empty", "two"], ["still"])
    builder.node("Concat", ["c", "still"], ["y"], [.int("axis", 0)])
    builder.output("y")
    let output = try builder.network().forward(Matrix([[1, 2, 3, 4, 5, 6, 7, 8]]), solvingBy: method).output
    #expect(output.elements == [3, 6, 9, 12, 15, 18, 21, 24])
  }

  @Test("What is not a number is told from what is")
  func notANumber() throws {
    var builder = ModelBuilder()
    builder.input("x", ["N", 2])
    builder.initializer("zero", [], [0])
    builder.node("Sqrt", ["x"], ["root"])
    builder.node("IsNaN", ["root"], ["undefined"])
    builder.node("Where", ["undefined", "zero", "root"], ["y"])
    builder.output("y")
    let output = try builder.network().forward(Matrix([[-1, 4]]), solvingBy: method).output
    #expect(output.elements == [0, 2])
  }
}
