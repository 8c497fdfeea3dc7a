import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// `torch.nn.RNN`, `GRU` or `LSTM` of one layer over a sequence `[length, features]`, unrolled: every step has blocks of
/// its own, and all steps of a direction share their parameters.
///
///     RecurrentLayer(.lstm, hiddenSize: 16, direction: .bidirectional, returns: .lastState)
///
/// A sequence has up to 4096 steps.
public struct RecurrentLayer: NetworkPart {
  private enum Weights {
    case drawn(hiddenSize: Int, hasBias: Bool)
    case given([RecurrentWeights])
  }

  private let description: RecurrentDescription
  private let weights: Weights
  private let name: String?

  /// A layer whose weights and biases are drawn at random.
  ///
  /// - Parameters:
  ///   - hiddenSize: The number of coordinates of the state.
  ///   - activations: The functions of the cell, each of which keeps the shape: that of an `rnn`; of the gates and of
  ///     the candidate of a `gru`; and of the gates, the candidate and the memory of an `lstm`. By default PyTorch's.
  public init(
    _ cell: RecurrentCell, hiddenSize: Int, hasBias: Bool = true, direction: RecurrentDirection = .forward,
    returns result: RecurrentResult = .sequence, activations: [any Nonlinearity]? = nil, name: String? = nil
  ) {
    weights = .drawn(hiddenSize: hiddenSize, hasBias: hasBias)
    var description = RecurrentDescription(cell)
    (description.direction, description.result) = (direction, result)
    description.activations = activations
    (self.description, self.name) = (description, name)
  }

  /// A layer of these weights, one element for each direction, the forward one first.
  ///
  /// - Parameters:
  ///   - activations: As above.
  ///   - initialState: The state before the first step, `[hidden]`, or `[2, hidden]` for both directions: a constant,
  ///     zero by default.
  ///   - initialMemory: The memory of an `lstm` before the first step, likewise.
  public init(
    _ cell: RecurrentCell, weights: [RecurrentWeights], direction: RecurrentDirection = .forward,
    returns result: RecurrentResult = .sequence, activations: [any Nonlinearity]? = nil,
    initialState: Tensor<Double>? = nil, initialMemory: Tensor<Double>? = nil, name: String? = nil
  ) {
    self.weights = .given(weights)
    var description = RecurrentDescription(cell)
    (description.direction, description.result) = (direction, result)
    description.activations = activations
    (description.initialState, description.initialMemory) = (initialState, initialMemory)
    (self.description, self.name) = (description, name)
  }

  public func append(to draft: inout NetworkDraft) throws(InvalidModel) {
    let (name, source, shape) = (draft.name(name), draft.last, draft.shape)
    let (weights, first) = (try weights(name, in: &draft), draft.layers.count)
    let layers = try draft.located(name) { () throws(InvalidConstants) in
      try description.validate(weights, shape: shape)
      return try description.layers(weights, named: name, reading: source, shape: shape, first: first)
    }
    for layer in layers { draft.append(layer) }
  }

  private func weights(
    _ name: String, in draft: inout NetworkDraft
  ) throws(InvalidModel) -> [RecurrentWeights] {
    guard case .drawn(let hidden, let hasBias) = weights else {
      guard case .given(let weights) = weights else { preconditionFailure("neither drawn nor given") }
      return weights
    }
    guard (1...1 << 15).contains(hidden) else {
      throw InvalidModel("layer \"\(name)\": hiddenSize: expected 1 to \(1 << 15), found \(hidden)")
    }
    guard let features = draft.shape.last, draft.shape.count == 2 else {
      throw InvalidModel(
        "layer \"\(name)\": input: expected samples of shape [length, features], found \(draft.shape)")
    }
    let width = description.cell.gateCount * hidden
    // PyTorch draws all of them within ±1/√hidden.
    return description.direction.isReversed.map { _ in
      RecurrentWeights(
        inputWeight: draft.uniform([width, features], fanIn: hidden),
        stateWeight: draft.uniform([width, hidden], fanIn: hidden),
        inputBias: hasBias ? draft.uniform([width], fanIn: hidden) : nil,
        stateBias: hasBias ? draft.uniform([width], fanIn: hidden) : nil)
    }
  }
}
