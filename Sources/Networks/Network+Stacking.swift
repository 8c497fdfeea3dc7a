import Blocks
import Equilibria
import LinearAlgebra
import Operators

extension Network {
  /// The composition of networks: the output of each is the input of the next.
  ///
  /// The layers and parameters of the first are called `1.NAME`, those of the second `2.NAME`, and so on; a
  /// single network keeps its names. The input's tensors are those of the first, the output's those of the last.
  ///
  /// - Throws: `InvalidModel` if an output does not fit the next input.
  public init(stacking networks: [Network]) throws(InvalidModel) {
    guard let first = networks.first else { throw InvalidModel("expected a network to stack, found none") }
    if networks.count == 1 {
      self = first
      return
    }
    var layers: [Layer<S>] = []
    var output: Int?
    for (position, network) in networks.enumerated() {
      if let output, layers[output].size != network.inputSize {
        throw InvalidModel(
          "network \(position + 1) of the stack: expected an input of \(layers[output].size) numbers, found \(network.inputSize)"
        )
      }
      let (previous, shift) = (output, layers.count)
      let source: (Source) -> Source = { source in
        switch source {
        case .input: previous.map { .node($0) } ?? .input
        case .node(let index): .node(index + shift)
        }
      }
      layers += network.layers.map { $0.renamed(prefix: "\(position + 1).", source: source) }
      output = network.output + shift
    }
    let signature = ModelSignature(
      inputs: first.signature.inputs, outputs: networks.last!.signature.outputs)
    try self.init(
      inputShape: first.inputShape, layers: layers, output: output!, signature: signature)
  }
}

extension Network {
  /// The network whose only layer is an equilibrium model; its blocks and parameters keep their own names.
  public init(_ model: EquilibriumModel<S>) throws(InvalidModel) {
    try self.init(
      inputShape: model.inputShape,
      layers: [.implicit(try ImplicitLayer(name: "", source: .input, model: model))], output: 0,
      signature: model.signature)
  }
}

extension Layer {
  /// The same layer under another name and with other sources.
  fileprivate func renamed(prefix: String, source: (Source) -> Source) -> Layer {
    switch self {
    case .explicit(var block):
      block.name = prefix + block.name
      for index in block.terms.indices {
        block.terms[index].source = source(block.terms[index].source)
        block.terms[index].parameter = block.terms[index].parameter.map { prefix + $0 }
      }
      for index in block.offsets.indices {
        block.offsets[index].parameter = block.offsets[index].parameter.map { prefix + $0 }
      }
      return .explicit(block)
    case .implicit(let layer):
      return .implicit(
        ImplicitLayer(
          name: layer.name.isEmpty ? String(prefix.dropLast()) : prefix + layer.name,
          source: source(layer.source), labelled: layer.model))
    }
  }
}
