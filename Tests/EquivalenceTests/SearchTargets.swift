import Blocks
import Equilibria
import Equivalence
import FixedPoints
import LinearAlgebra
import Networks
import Operators

/// Targets of the search, made of real networks.
extension SearchTarget {
  /// Two networks, any difference above 1e-9 of a row's largest magnitude taken for one.
  init(_ first: Network<Double>, _ second: Network<Double>, probes: [SearchProbe] = []) {
    let method = SolutionMethod.structured(Newton())
    @Sendable func outputs(_ x: Matrix<Double>) -> PairedOutputs {
      let (ours, theirs) = (first.forward(x, solvingBy: method), second.forward(x, solvingBy: method))
      return PairedOutputs(
        first: ours.output, second: theirs.output,
        comparable: zip(ours.converged, theirs.converged).map { $0 && $1 })
    }
    @Sendable func gradient(
      _ network: Network<Double>, _ x: Matrix<Double>, _ cotangent: Matrix<Double>
    ) -> Matrix<Double> {
      let pass = network.forward(x, solvingBy: method)
      return network.backpropagate(cotangent, through: pass, solvingBy: method).gradients.input
    }
    self.init(
      inputSize: first.inputSize, evaluate: outputs,
      inputGradient: { gradient(first, $0, $1) - gradient(second, $0, $1) },
      differences: { x in
        let values = outputs(x)
        return (0..<x.rows).map { SearchTarget.difference(values, row: $0) }
      }, probes: probes)
  }

  /// The largest difference of a row above 1e-9 of its largest magnitude.
  static func difference(_ values: PairedOutputs, row: Int) -> OutputDifference? {
    let (first, second) = (Array(values.first.row(row)), Array(values.second.row(row)))
    let scale = (first + second).reduce(0) { max($0, abs($1)) }
    let index = first.indices.max { abs(first[$0] - second[$0]) < abs(first[$1] - second[$1]) }
    guard let index, abs(first[index] - second[index]) > 1e-9 * scale else { return nil }
    return OutputDifference(index: index, first: first[index], second: second[index])
  }
}

extension SearchProbe {
  /// The pre-activation of one unit in a chain of layers with one port each.
  init(_ network: Network<Double>, layer: Int, unit: Int) throws {
    var layers = Array(network.layers[...layer])
    guard case .explicit(var block) = layers[layer] else { preconditionFailure("an explicit layer") }
    block.nonlinearity = Identity()
    layers[layer] = .explicit(block)
    let upTo = try Network(inputShape: network.inputShape, layers: layers, output: layer)
    let method = SolutionMethod.structured(Newton())
    self.init { x in
      let pass = upTo.forward(x, solvingBy: method)
      var cotangent = Matrix<Double>(rows: x.rows, columns: upTo.outputSize)
      for row in 0..<x.rows { cotangent[row, unit] = 1 }
      let back = upTo.backpropagate(cotangent, through: pass, solvingBy: method)
      return ((0..<x.rows).map { pass.output[$0, unit] }, back.gradients.input)
    }
  }
}

/// Small chains of dense layers, by their numbers.
enum Chains {
  /// A chain of dense layers with ReLU between them.
  static func relu(_ layers: [(weight: [[Double]], bias: [Double])]) -> Network<Double> {
    let blocks = layers.enumerated().map { index, layer in
      Layer.explicit(
        Block(
          name: "fc\(index)", size: layer.bias.count,
          nonlinearity: index == layers.count - 1 ? Identity() : ReLU(),
          terms: [
            Term(source: index == 0 ? .input : .node(index - 1), map: DenseMap(Matrix(layer.weight)))
          ],
          offsets: [Offset(vector: layer.bias)]))
    }
    return try! Network(inputShape: [layers[0].weight[0].count], layers: blocks, output: layers.count - 1)
  }

  /// A random chain of these widths, the input's first.
  static func random(_ widths: [Int], seed: UInt64) -> [(weight: [[Double]], bias: [Double])] {
    var generator = SeededGenerator(seed: seed)
    return zip(widths, widths.dropFirst()).map { inputs, outputs in
      let factor = 1.4 / Double(inputs).squareRoot()
      return (
        (0..<outputs).map { _ in (0..<inputs).map { _ in factor * generator.normal() } },
        (0..<outputs).map { _ in 0.3 * generator.normal() }
      )
    }
  }

  /// `base` with hidden units added to its first layer, whose weighted sum `outputs` adds to every output.
  static func adding(
    _ units: [(weight: [Double], bias: Double, output: Double)],
    to base: [(weight: [[Double]], bias: [Double])]
  ) -> [(weight: [[Double]], bias: [Double])] {
    var layers = base
    layers[0].weight += units.map(\.weight)
    layers[0].bias += units.map(\.bias)
    for row in layers[1].weight.indices { layers[1].weight[row] += units.map(\.output) }
    return layers
  }
}
