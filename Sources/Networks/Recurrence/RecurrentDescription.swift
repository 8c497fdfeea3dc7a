import Blocks
import LinearAlgebra
import Operators

/// The weights of one direction of a recurrent layer, as `torch.nn.RNN`, `GRU` and `LSTM` store them: those of all gates
/// one below the other, in PyTorch's order.
public struct RecurrentWeights: Sendable {
  /// The weight of the input, `[gates · hidden, features]`; its parameter is `NAME.weight_ih`.
  public var inputWeight: Tensor<Double>
  /// The weight of the state, `[gates · hidden, hidden]`; its parameter is `NAME.weight_hh`.
  public var stateWeight: Tensor<Double>
  /// The bias beside the input's weight, `[gates · hidden]`; its parameter is `NAME.bias_ih`.
  public var inputBias: Tensor<Double>?
  /// The bias beside the state's weight, `[gates · hidden]`; its parameter is `NAME.bias_hh`.
  public var stateBias: Tensor<Double>?
  /// The weights of a long short-term memory's memory in its gates for input, forgetting and output, `[hidden]` each;
  /// empty without peepholes. Their parameters are `NAME.weight_ci`, `NAME.weight_cf` and `NAME.weight_co`.
  public var peepholes: [Tensor<Double>]

  /// The weights of one direction.
  public init(
    inputWeight: Tensor<Double>, stateWeight: Tensor<Double>, inputBias: Tensor<Double>? = nil,
    stateBias: Tensor<Double>? = nil, peepholes: [Tensor<Double>] = []
  ) {
    (self.inputWeight, self.stateWeight) = (inputWeight, stateWeight)
    (self.inputBias, self.stateBias) = (inputBias, stateBias)
    self.peepholes = peepholes
  }

  /// The gates that peepholes lead to, and the names of their parameters.
  static let peepholeGates: [RecurrentGate] = [.input, .forget, .output]
  package static let peepholeNames = ["weight_ci", "weight_cf", "weight_co"]
}

/// The order in which a recurrent layer reads its sequence.
public enum RecurrentDirection: String, CaseIterable, Sendable {
  /// From the first place to the last.
  case forward
  /// From the last place to the first.
  case reverse
  /// Both, with weights of their own.
  case bidirectional

  /// For each direction, whether it begins at the last place.
  package var isReversed: [Bool] {
    switch self {
    case .forward: [false]
    case .reverse: [true]
    case .bidirectional: [false, true]
    }
  }
}

/// What a recurrent layer returns.
public enum RecurrentResult: String, CaseIterable, Sendable {
  /// The state after every step, `[length, directions · hidden]`: PyTorch's `output`.
  case sequence = "output"
  /// The state after the last step of each direction, one behind the other, `[directions · hidden]`: PyTorch's `h_n`.
  case lastState = "h_n"
}

/// A recurrent layer, which becomes a network's layers for a sequence of known length.
package struct RecurrentDescription: Sendable {
  package let cell: RecurrentCell
  package var direction = RecurrentDirection.forward
  package var result = RecurrentResult.sequence
  /// The functions of the cell; PyTorch's if nil.
  package var activations: [any Nonlinearity]?
  /// The state before the first step, `[hidden]`, or `[2, hidden]` for both directions; zero if nil.
  package var initialState: Tensor<Double>?
  /// The memory before the first step, in the same shape.
  package var initialMemory: Tensor<Double>?

  package init(_ cell: RecurrentCell) { self.cell = cell }

  private var functions: [any Nonlinearity] {
    if let activations { return activations }
    switch cell {
    case .rnn: return [Tanh()]
    case .gru: return [Sigmoid(), Tanh()]
    case .lstm: return [Sigmoid(), Tanh(), Tanh()]
    }
  }
}

extension RecurrentDescription {
  /// What the parameters of a direction end with.
  package static func suffix(_ direction: Int) -> String { direction == 0 ? "" : "_reverse" }

  /// Checks shapes.
  ///
  /// - Throws: `InvalidConstants`, naming what does not fit by its key in files.
  package func validate(_ weights: [RecurrentWeights], shape: [Int]) throws(InvalidConstants) {
    guard shape.count == 2 else {
      throw InvalidConstants("input: expected samples of shape [length, features], found \(shape)")
    }
    guard shape[0] <= RecurrentCell.mostSteps else {
      throw InvalidConstants("input: expected up to \(RecurrentCell.mostSteps) steps, found \(shape[0])")
    }
    let directions = direction.isReversed.count
    guard weights.count == directions else {
      throw InvalidConstants(
        "expected weights of \(directions == 1 ? "1 direction" : "2 directions"), found \(weights.count)")
    }
    let hidden = try hiddenSize(of: weights[0])
    for (direction, weights) in weights.enumerated() {
      try validate(weights, hidden: hidden, features: shape[1], suffix: Self.suffix(direction))
    }
    let name = cell == .rnn ? "nonlinearity" : "activations"
    guard functions.count == cell.activationCount else {
      throw InvalidConstants("\(name): expected \(cell.activationCount), found \(functions.count)")
    }
    if let odd = functions.first(where: { $0.outputShape(portShapes: [[hidden]]) != [hidden] }) {
      throw InvalidConstants("\(name): expected functions that keep a shape, found \(odd.description)")
    }
    let states = [("h_0", initialState), ("c_0", initialMemory)]
    for case (let name, let state?) in states {
      try require(state, directions == 1 ? [hidden] : [directions, hidden], name)
    }
    if initialMemory != nil, cell != .lstm { throw InvalidConstants("c_0: expected none, found one") }
    let (total, overflow) = (shape[0] * cell.gateCount).multipliedReportingOverflow(by: hidden)
    guard !overflow, total <= TensorSize.maximum / directions else {
      throw InvalidConstants(
        "input: expected up to \(TensorSize.maximum) coordinates of all gates and steps, found more")
    }
  }

  private func hiddenSize(of weights: RecurrentWeights) throws(InvalidConstants) -> Int {
    let shape = weights.stateWeight.shape
    guard shape.count == 2, shape[1] > 0, shape[0].isMultiple(of: cell.gateCount),
      shape[0] / cell.gateCount == shape[1]
    else {
      let rows = cell.gateCount == 1 ? "hidden" : "\(cell.gateCount) · hidden"
      throw InvalidConstants("weight_hh: expected shape [\(rows), hidden], found \(shape)")
    }
    return shape[1]
  }

  private func validate(
    _ weights: RecurrentWeights, hidden: Int, features: Int, suffix: String
  ) throws(InvalidConstants) {
    let width = cell.gateCount * hidden
    try require(weights.stateWeight, [width, hidden], "weight_hh\(suffix)")
    try require(weights.inputWeight, [width, features], "weight_ih\(suffix)")
    if let bias = weights.inputBias { try require(bias, [width], "bias_ih\(suffix)") }
    if let bias = weights.stateBias { try require(bias, [width], "bias_hh\(suffix)") }
    guard !weights.peepholes.isEmpty else { return }
    guard cell == .lstm, weights.peepholes.count == RecurrentWeights.peepholeNames.count else {
      throw InvalidConstants(
        "peepholes: expected \(cell == .lstm ? "3, or none" : "none"), found \(weights.peepholes.count)")
    }
    for (name, tensor) in zip(RecurrentWeights.peepholeNames, weights.peepholes) {
      try require(tensor, [hidden], name + suffix)
    }
  }

  private func require(
    _ tensor: Tensor<Double>, _ shape: [Int], _ name: String
  ) throws(InvalidConstants) {
    guard tensor.shape == shape else {
      throw InvalidConstants("\(name): expected shape \(shape), found \(tensor.shape)")
    }
  }

  /// How many numbers the layer takes in memory beyond its weights, at most: tables of parts, and what each block is
  /// besides them.
  ///
  /// - Precondition: `validate` has accepted the weights.
  package func claimedNumbers(_ weights: [RecurrentWeights], length: Int) -> Int {
    let (blocks, parts) =
      switch cell {
      case .rnn: (1, 4)
      case .gru: (8, 13)
      case .lstm: (10, 20)
      }
    let hidden = weights[0].stateWeight.shape[1]
    // The bounds that `validate` has checked keep the product below 2⁴⁰.
    return weights.count * length * (parts * hidden + 256 * blocks)
  }

  /// The layers, of which the last is named after the layer and has its value. Their positions in the network follow
  /// each other from `first`, save that nothing reads the last.
  ///
  /// - Precondition: `validate` has accepted the weights.
  package func layers(
    _ weights: [RecurrentWeights], named name: String, reading source: Source, shape: [Int], first: Int
  ) throws(InvalidConstants) -> [Layer<Double>] {
    let blocks = RecurrentBlocks(name: name, first: first)
    let directions = weights.enumerated().map { direction, weights in
      RecurrentBlockDirection(
        blocks: blocks, gates: cell.gates, hidden: weights.stateWeight.shape[1], activations: functions,
        weights: weights, parameters: ("\(name).", Self.suffix(direction)),
        prefix: direction == 0 ? "" : ".reverse")
    }
    let inputs = try directions.map { direction throws(InvalidConstants) in
      try direction.fromInput(source, shape: shape)
    }
    let unrolled: UnrolledRecurrence<RecurrentSum> = cell.unrolled(
      over: shape[0], isReversed: direction.isReversed,
      start: { direction in
        let own = directions[direction]
        func part(_ state: Tensor<Double>?) -> [Double]? {
          state.map { Array($0.elements.dropFirst(direction * own.hidden).prefix(own.hidden)) }
        }
        let h = own.constant(part(initialState), as: "h_0")
        return (h, cell == .lstm ? own.constant(part(initialMemory), as: "c_0") : h)
      },
      step: { direction, place in
        RecurrentBlockStep(direction: directions[direction], inputs: inputs[direction], place: place)
      })
    let hidden = directions[0].hidden
    switch result {
    case .sequence:
      try join(unrolled.states.flatMap(\.self), in: blocks, [shape[0], weights.count * hidden])
    case .lastState: try join(unrolled.last, in: blocks, [weights.count * hidden])
    }
    return blocks.blocks.map { .explicit($0) }
  }

  /// Adds the block that is named after the layer: states one behind the other.
  private func join(
    _ states: [RecurrentSum], in blocks: RecurrentBlocks, _ shape: [Int]
  ) throws(InvalidConstants) {
    let size = states[0].size
    let terms = try states.enumerated().map { place, state throws(InvalidConstants) in
      let map: any LinearMap<Double> =
        states.count == 1
        ? IdentityMap<Double>([size])
        : try Place<Double>(inputShape: [1, size], dim: 0, start: place, total: states.count)
      return Term(source: state.source, map: map)
    }
    let sum = RecurrentSum(size: states.count * size, terms: terms, offsets: [])
    _ = blocks.add("", Identity(), [sum], shape: shape)
  }
}
