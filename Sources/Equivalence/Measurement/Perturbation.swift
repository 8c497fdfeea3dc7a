import Equilibria
import LinearAlgebra
import Networks
import Operators

extension JudgedModel {
  /// The same model with every number of its entries moved by a random share of itself, up to `step`: what a few roundings
  /// do. How far its values move says how much of them rounding decides, cancellation included.
  ///
  /// A tied parameter stays tied.
  func perturbed(by step: Double, seed: UInt64) -> JudgedModel {
    let perturbation = Perturbation(step: step, seed: seed)
    // Sizes, names and sources are those of a valid model, and tied parameters stay equal.
    switch self {
    case .network(let network):
      return .network(
        try! Network(
          inputShape: network.inputShape, layers: network.layers.map { perturbation.applied(to: $0) },
          output: network.output))
    case .equilibrium(let model): return .equilibrium(perturbation.applied(to: model, prefix: ""))
    }
  }
}

private struct Perturbation {
  let step: Double
  let seed: UInt64

  func applied(to layer: Layer<Double>) -> Layer<Double> {
    switch layer {
    case .explicit(let block): .explicit(applied(to: block, prefix: ""))
    case .implicit(let layer):
      .implicit(
        try! ImplicitLayer(
          name: layer.name, source: layer.source, model: applied(to: layer.model, prefix: layer.name)))
    }
  }

  func applied(to model: EquilibriumModel<Double>, prefix: String) -> EquilibriumModel<Double> {
    try! EquilibriumModel(
      inputShape: model.inputShape, blocks: model.blocks.map { applied(to: $0, prefix: prefix) },
      output: model.output, form: model.form)
  }

  private func applied(to block: Block<Double>, prefix: String) -> Block<Double> {
    var block = block
    for index in block.terms.indices {
      let term = block.terms[index]
      guard let tensor = term.map.parameter else { continue }
      let moved = moved(tensor, key(term.parameter, prefix, block, index))
      if let map = try? type(of: term.map).init(
        inputShape: term.map.inputShape, parameter: moved, constants: term.map.constants)
      {
        block.terms[index].map = map
      }
    }
    for index in block.offsets.indices {
      let offset = block.offsets[index]
      let moved = moved(offset.tensor, key(offset.parameter, prefix, block, -1 - index))
      block.offsets[index] =
        offset.map.map {
          Offset(port: offset.port, tensor: moved, map: $0, parameter: offset.parameter)
        } ?? Offset(port: offset.port, tensor: moved, parameter: offset.parameter)
    }
    return block
  }

  /// What decides the changes of an entry: its parameter's name, so that tied entries change alike, else its place.
  private func key(_ parameter: String?, _ prefix: String, _ block: Block<Double>, _ index: Int) -> UInt64 {
    let text = parameter.map { "p\(prefix).\($0)" } ?? "e\(prefix).\(block.name).\(index)"
    return text.utf8.reduce(mix64(seed)) { mix64($0 ^ UInt64($1)) }
  }

  private func moved(_ tensor: Tensor<Double>, _ key: UInt64) -> Tensor<Double> {
    var generator = SeededGenerator(seed: key)
    return Tensor(
      shape: tensor.shape,
      elements: tensor.elements.map { $0 * (1 + step * (2 * generator.uniform() - 1)) })
  }
}
