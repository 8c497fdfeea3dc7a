import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

extension JudgedModel {
  /// The same model with every number of its entries, and every coordinate of every block's value, moved by a random share of
  /// itself up to `step`: what a few roundings do, in products, sums and functions alike. How far its outputs move says how
  /// much of them rounding decides, cancellation and absorption included.
  ///
  /// A tied parameter stays tied, and all parameters keep their names.
  func perturbed(by step: Double, seed: UInt64) -> JudgedModel {
    let noise = RoundingNoise(step: step, seed: seed)
    switch withPerturbedEntries(by: step, seed: seed) {
    case .network(let network): return .network(noise.added(to: network))
    case .equilibrium(let model): return .equilibrium(noise.added(to: model))
    }
  }
}

/// A block behind every block that multiplies each coordinate by a number next to 1.
private struct RoundingNoise {
  let step: Double
  let seed: UInt64

  func added(to model: EquilibriumModel<Double>) -> EquilibriumModel<Double> {
    let (count, blocks) = (model.blocks.count, model.blocks)
    let names = Set(blocks.map(\.name))
    let reading = blocks.map { block in
      var block = block
      for index in block.terms.indices {
        block.terms[index].source = moved(block.terms[index].source, by: count)
      }
      return block
    }
    // Sizes, names and sources are those of a valid model.
    return try! EquilibriumModel(
      inputShape: model.inputShape,
      blocks: reading + blocks.enumerated().map { noise(name: $1.name, shape: $1.shape, reading: $0, names) },
      output: count + model.output)
  }

  func added(to network: Network<Double>) -> Network<Double> {
    let (count, layers) = (network.layers.count, network.layers)
    let names = Set(layers.map(\.name))
    let reading = layers.map { layer -> Layer<Double> in
      switch layer {
      case .explicit(var block):
        for index in block.terms.indices {
          block.terms[index].source = moved(block.terms[index].source, by: count)
        }
        return .explicit(block)
      case .implicit(let layer):
        return .implicit(
          try! ImplicitLayer(
            name: layer.name, source: moved(layer.source, by: count), model: added(to: layer.model)))
      }
    }
    let noise = layers.enumerated().map { index, layer -> Layer<Double> in
      let shape =
        switch layer {
        case .explicit(let block): block.shape
        case .implicit(let layer): layer.model.outputShape
        }
      return .explicit(self.noise(name: layer.name, shape: shape, reading: index, names))
    }
    return try! Network(
      inputShape: network.inputShape, layers: reading + noise, output: count + network.output)
  }

  private func moved(_ source: Source, by count: Int) -> Source {
    if case .node(let index) = source { .node(count + index) } else { source }
  }

  private func noise(name: String, shape: [Int], reading index: Int, _ names: Set<String>) -> Block<Double> {
    var generator = SeededGenerator(seed: mix64(seed &+ UInt64(index)))
    var own = name + "~"
    while names.contains(own) { own += "~" }
    let factors = (0..<shape.reduce(1, *)).map { _ in 1 + step * (2 * generator.uniform() - 1) }
    let map = try! Scale<Double>(inputShape: shape, weight: Tensor(shape: shape, elements: factors))
    return Block(
      name: own, shape: shape, nonlinearity: Identity(), terms: [Term(source: .node(index), map: map)])
  }
}
