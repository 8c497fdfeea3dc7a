import FileAccess
import LinearAlgebra
import Networks
import Operators

extension OperatorTable {
  private static let shared: Set<String> = [
    "activation_alpha", "activation_beta", "activations", "clip", "direction", "hidden_size", "layout",
  ]

  /// Recurrent layers, unrolled over a sequence of known length: every step has the same parameters.
  static let recurrences: [String: OperatorHandler] = [
    "RNN": OperatorHandler(shared) { node throws(ImportFailure) in
      try Recurrence(node, .rnn, gates: [.candidate], activations: ["Tanh"]).outputs()
    },
    "GRU": OperatorHandler(shared.union(["linear_before_reset"])) { node throws(ImportFailure) in
      let resetsAfter = try node.integer("linear_before_reset") ?? 0 != 0
      return try Recurrence(
        node, .gru(resetAfter: resetsAfter), gates: [.update, .reset, .candidate],
        activations: ["Sigmoid", "Tanh"]
      ).outputs()
    },
    "LSTM": OperatorHandler(shared.union(["input_forget"])) { node throws(ImportFailure) in
      guard try node.integer("input_forget") ?? 0 == 0 else {
        throw .refused("input_forget: expected 0, found 1")
      }
      return try Recurrence(
        node, .lstm, gates: [.input, .output, .forget, .candidate], activations: ["Sigmoid", "Tanh", "Tanh"]
      ).outputs()
    },
  ]
}

extension NodeImport {
  /// The value of another operator, by its definition in opset 21, for inputs of this node.
  func call(
    _ type: String, _ inputs: [Value?], _ attributes: [String: ONNXModel.Attribute] = [:],
    named output: String
  ) throws(ImportFailure) -> Value {
    guard let handler = OperatorTable.handler(for: type) else {
      preconditionFailure("an operator that there is not")
    }
    let node = ONNXModel.Node(
      operatorType: type, domain: "", name: node.name, inputs: inputs.map { _ in "" }, outputs: [output],
      attributes: attributes)
    let called = NodeImport(
      node: node, opset: 21, inputs: inputs, builder: builder, leadingExtent: leadingExtent,
      openExtent: openExtent)
    if let values = try called.overFrames(handler) { return values[0] }
    return try handler.run(called)[0]
  }
}

/// A recurrent layer over a sequence `[length, batch, inputs]`.
private struct Recurrence {
  let node: NodeImport
  private let cell: RecurrentCell
  /// The gates in ONNX's order, in which the weights of all stand side by side.
  private let gates: [RecurrentGate]
  private let activations: [String]
  private let isReversed: [Bool]
  private let hidden: Int
  /// Whether the batch comes before the length.
  private let leadsWithBatch: Bool

  init(
    _ node: NodeImport, _ cell: RecurrentCell, gates: [RecurrentGate], activations defaults: [String]
  ) throws(ImportFailure) {
    self.node = node
    self.cell = cell
    self.gates = gates
    for name in ["activation_alpha", "activation_beta", "clip"] where node.node.attributes[name] != nil {
      throw .refused("expected attributes that are supported, found \(quoted(name))")
    }
    let direction = try node.word("direction", of: ["forward", "reverse", "bidirectional"]) ?? "forward"
    isReversed = direction == "bidirectional" ? [false, true] : [direction == "reverse"]
    let all = isReversed.flatMap { _ in defaults }
    if case .words(let words)? = node.node.attributes["activations"] {
      let known = ["Relu", "Sigmoid", "Softplus", "Softsign", "Tanh"]
      guard words.count == all.count, words.allSatisfy(known.contains) else {
        throw .refused(
          "activations: expected \(all.count) of \(known.joined(separator: ", ")), found \(listed(words))")
      }
      activations = words
    } else {
      activations = all
    }
    let weight = try node.input(2)
    guard weight.shape.count == 3, weight.shape[0] == isReversed.count,
      weight.shape[1] == gates.count * weight.shape[2],
      try node.integer("hidden_size") ?? weight.shape[2] == weight.shape[2]
    else {
      throw .refused(
        "expected a weight of the state of shape [\(isReversed.count), \(gates.count) · size, size], found \(weight.shape)"
      )
    }
    hidden = weight.shape[2]
    leadsWithBatch = try node.integer("layout") ?? 0 != 0
  }

  /// The states of all steps, the last states, and the last memories.
  func outputs() throws(ImportFailure) -> [Value] {
    let sequence = try byLength(node.input(0), suffix: "sequence")
    let length = sequence.shape[0]
    guard length <= RecurrentCell.mostSteps else {
      throw .refused("expected at most \(RecurrentCell.mostSteps) steps, found \(length)")
    }
    try requireWholeSequences(length)
    let directions = try isReversed.indices.map { direction throws(ImportFailure) in
      try self.direction(direction)
    }
    let unrolled = try cell.unrolled(
      over: length, isReversed: isReversed,
      start: { direction throws(ImportFailure) in
        (h: try initial(5, direction), c: try initial(6, direction))
      },
      step: { direction, place throws(ImportFailure) in
        let step = "\(direction).\(place)"
        return directions[direction].at(
          step, reading: try part(sequence, place, suffix: "\(step)/input"))
      })
    let (states, last, memories) = (unrolled.states, unrolled.last, unrolled.memories)
    let names = node.node.outputs
    func wants(_ index: Int) -> Bool { index < names.count && !names[index].isEmpty }
    let end =
      wants(1) || !wants(0) ? try joined(last, named: wants(1) ? names[1] : "\(node.name)/last") : last[0]
    return [
      wants(0) ? try joined(states, named: names[0]) : end, end,
      wants(2) ? try joined(memories, named: names[2]) : end,
    ]
  }

  /// A tensor with the length, or the direction, before the batch.
  private func byLength(_ value: Value, suffix: String) throws(ImportFailure) -> Value {
    guard value.shape.count == 3 else {
      throw .refused("expected a sequence of 3 axes, found shape \(value.shape)")
    }
    return leadsWithBatch ? try node.transposed(value, [1, 0, 2], suffix: suffix) : value
  }

  /// The part of a tensor at a place along its leading axis, without that axis.
  private func part(_ value: Value, _ place: Int, suffix: String) throws(ImportFailure) -> Value {
    let part = try node.selected(value, axis: 0, [place], suffix: suffix)
    if case .variable(let variable) = part { return .variable(try node.removed([0], from: variable)) }
    return try node.reshaped(part, to: Array(part.shape.dropFirst()))
  }

  private func requireWholeSequences(_ length: Int) throws(ImportFailure) {
    guard node.hasInput(4) else { return }
    guard case .integers(let lengths) = try node.input(4), let known = lengths.symbols.known,
      known.allSatisfy({ $0 == length })
    else { throw .refused("sequence_lens: expected whole sequences, found lengths of their own") }
  }

  private func initial(_ index: Int, _ direction: Int) throws(ImportFailure) -> Value {
    guard node.hasInput(index) else {
      return .numbers(Numbers([Double](repeating: 0, count: hidden), shape: [1, hidden]))
    }
    let name = "\(direction)/initial\(index)"
    return try part(byLength(node.input(index), suffix: "\(name)/turned"), direction, suffix: name)
  }

  private func direction(_ direction: Int) throws(ImportFailure) -> NodeRecurrence {
    let name = "\(node.name)/\(direction)"
    func turned(_ index: Int, _ what: String) throws(ImportFailure) -> Value {
      let matrix = try part(node.input(index), direction, suffix: "\(direction)/\(what)")
      return .variable(
        try node.variable(node.transposed(matrix, [1, 0], suffix: "\(direction)/\(what) turned")))
    }
    let count = activations.count / isReversed.count
    var cell = NodeRecurrence(
      node: node, name: name, hidden: hidden,
      activations: Array(activations[direction * count..<(direction + 1) * count]), gates: gates,
      inputWeight: try turned(1, "W"), stateWeight: try turned(2, "R"))
    if node.hasInput(3) {
      let both = try part(node.input(3), direction, suffix: "\(direction)/B")
      let width = gates.count * hidden
      guard both.shape == [2 * width] else {
        throw .refused(
          "expected biases of shape [\(isReversed.count), \(2 * width)], found \(try node.input(3).shape)")
      }
      cell.inputBias = try node.selected(both, axis: 0, Array(0..<width), suffix: "\(direction)/Wb")
      cell.stateBias = try node.selected(both, axis: 0, Array(width..<2 * width), suffix: "\(direction)/Rb")
    }
    if self.cell == .lstm, node.hasInput(7) {
      let peepholes = try part(node.input(7), direction, suffix: "\(direction)/P")
      for gate in 0..<3 {
        cell.peepholes.append(
          try node.selected(
            peepholes, axis: 0, Array(gate * hidden..<(gate + 1) * hidden), suffix: "\(direction)/P\(gate)"))
      }
    }
    return cell
  }

  /// The states of each direction, `[directions, batch, size]`.
  private func joined(_ states: [Value], named name: String) throws(ImportFailure) -> Value {
    let value = try joined([states], named: "\(name)/steps")
    guard case .variable(let variable) = value else {
      throw .refused("expected a sequence, found a constant")
    }
    let axis = leadsWithBatch ? 1 : 0
    return .variable(try node.removed([axis], from: variable))
  }

  /// The states of each step and direction, `[length, directions, batch, size]`.
  private func joined(_ states: [[Value]], named name: String) throws(ImportFailure) -> Value {
    let axes = Value.integers(Integers([0, 1]))
    var steps: [Value] = []
    for (place, directions) in states.enumerated() {
      var parts: [Value] = []
      for (direction, state) in directions.enumerated() {
        parts.append(
          try node.call("Unsqueeze", [state, axes], named: "\(name)/\(place).\(direction)"))
      }
      steps.append(try node.call("Concat", parts, ["axis": .integer(1)], named: "\(name)/\(place)"))
    }
    let all = try node.call(
      "Concat", steps, ["axis": .integer(0)], named: leadsWithBatch ? "\(name)/by length" : name)
    guard leadsWithBatch else { return all }
    return try node.call("Transpose", [all], ["perm": .integers([2, 0, 1, 3])], named: name)
  }
}
