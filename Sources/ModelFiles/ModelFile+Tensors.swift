import Blocks
import LinearAlgebra

extension ModelFile {
  /// Every tensor that an entry carries, in the order of the model.
  public var tensors: [Tensor<Double>] {
    switch self {
    case .equilibrium(let model): model.blocks.flatMap(\.tensors)
    case .network(let network):
      network.layers.flatMap { layer in
        switch layer {
        case .explicit(let block): block.tensors
        case .implicit(let layer): layer.model.blocks.flatMap(\.tensors)
        }
      }
    }
  }
}

extension Block {
  fileprivate var tensors: [Tensor<S>] { terms.compactMap { $0.map.parameter } + offsets.map(\.tensor) }
}
