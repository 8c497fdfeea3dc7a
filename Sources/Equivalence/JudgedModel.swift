import Blocks
import Equilibria
import LinearAlgebra
import Networks

/// One of the two models being compared: an explicit network (which may contain implicit layers) or an
/// equilibrium model.
public enum JudgedModel: Sendable {
  /// A network, evaluated layer by layer and differentiated by backpropagation.
  case network(Network<Double>)
  /// An equilibrium model, solved for its state and differentiated by the implicit function theorem.
  case equilibrium(EquilibriumModel<Double>)

  /// The shape of one sample of the input.
  public var inputShape: [Int] {
    switch self {
    case .network(let network): network.inputShape
    case .equilibrium(let model): model.inputShape
    }
  }

  /// The number of input coordinates.
  public var inputSize: Int { inputShape.reduce(1, *) }

  /// The number of output coordinates.
  public var outputSize: Int {
    switch self {
    case .network(let network): network.outputSize
    case .equilibrium(let model): model.outputSize
    }
  }

  /// The names and shapes of the tensors of which the input and the output consist.
  public var signature: ModelSignature {
    switch self {
    case .network(let network): network.signature
    case .equilibrium(let model): model.signature
    }
  }

  /// The number of coordinates of one sample: of the input, and of every block's value or ports, whichever are more.
  package var numbersPerSample: Int {
    switch self {
    case .network(let network):
      network.layers.reduce(network.inputSize) { sum, layer in
        switch layer {
        case .explicit(let block): sum + block.claimedCoordinates
        case .implicit(let layer): layer.model.blocks.reduce(sum) { $0 + $1.claimedCoordinates }
        }
      }
    case .equilibrium(let model): model.blocks.reduce(model.inputSize) { $0 + $1.claimedCoordinates }
    }
  }

  /// The model's equations.
  var equations: EquationSystem {
    switch self {
    case .network(let network): EquationSystem(network)
    case .equilibrium(let model): EquationSystem(model)
    }
  }
}
