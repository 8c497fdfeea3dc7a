import Blocks
import Equilibria
import LinearAlgebra
import ModelJSON
import Networks
import Operators

/// Networks that tests make by hand.
enum Samples {
  /// A dense layer of standard normal weights, scaled to keep values near their size.
  static func dense(
    _ name: String, _ outputs: Int, _ inputs: Int, reading source: Source, _ generator: inout SeededGenerator,
    activation: any Nonlinearity = Tanh(), scale: Double = 1
  ) -> Layer<Double> {
    let factor = scale / Double(inputs).squareRoot()
    let weight = (0..<outputs * inputs).map { _ in factor * generator.normal() }
    let bias = (0..<outputs).map { _ in scale * generator.normal() }
    return .explicit(
      Block(
        name: name, size: outputs, nonlinearity: activation,
        terms: [
          Term(
            source: source, map: DenseMap(Matrix(rows: outputs, columns: inputs, elements: weight)),
            parameter: "\(name).weight")
        ],
        offsets: [Offset(vector: bias, parameter: "\(name).bias")]))
  }

  private static func named(_ name: String, _ layer: Layer<Double>) -> Layer<Double> {
    guard case .explicit(var block) = layer else { return layer }
    block.name = name
    block.terms[0].parameter = "\(name).weight"
    block.offsets[0].parameter = "\(name).bias"
    return .explicit(block)
  }

  /// Two layers with the same numbers that read the input, and one that reads both.
  static func twins(readAlike: Bool) -> Network<Double> {
    var generator = SeededGenerator(seed: 2)
    let twin = dense("a", 3, 2, reading: .input, &generator)
    guard case .explicit(var reader) = dense("sum", 2, 3, reading: .node(0), &generator),
      case .explicit(let other) = dense("other", 2, 3, reading: .node(1), &generator)
    else { preconditionFailure("a dense layer is explicit") }
    reader.terms.append(
      Term(
        source: .node(1), map: readAlike ? reader.terms[0].map : other.terms[0].map, parameter: "sum.weight2")
    )
    return try! Network(
      inputShape: [2], layers: [named("a", twin), named("b", twin), .explicit(reader)], output: 2)
  }

  /// A chain of layers with the same numbers.
  static func identicalLayers(_ count: Int) -> Network<Double> {
    var generator = SeededGenerator(seed: 7)
    let layer = dense("fc", 3, 3, reading: .input, &generator)
    let layers = (0..<count).map { index -> Layer<Double> in
      guard case .explicit(var block) = named("fc\(index)", layer) else {
        preconditionFailure("a dense layer")
      }
      block.terms[0].source = index == 0 ? .input : .node(index - 1)
      return .explicit(block)
    }
    return try! Network(inputShape: [3], layers: layers, output: count - 1)
  }
}
