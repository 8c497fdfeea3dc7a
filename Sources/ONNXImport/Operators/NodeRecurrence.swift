import Networks

/// One direction of a recurrent layer of ONNX, and a step of it, whose blocks are named after the step.
struct NodeRecurrence: RecurrentArithmetic {
  typealias Failure = ImportFailure

  let node: NodeImport
  var name: String
  let hidden: Int
  let activations: [String]
  /// The gates in ONNX's order.
  let gates: [RecurrentGate]
  /// The weights of input and state, `[inputs, gates · size]` and `[size, gates · size]`.
  let inputWeight: Value
  let stateWeight: Value
  var inputBias: Value?
  var stateBias: Value?
  /// The weights of the memory in the gates for input, output and forgetting.
  var peepholes: [Value] = []
  /// The input of the step.
  private var input: Value?

  init(
    node: NodeImport, name: String, hidden: Int, activations: [String], gates: [RecurrentGate],
    inputWeight: Value, stateWeight: Value
  ) {
    self.node = node
    self.name = name
    self.hidden = hidden
    self.activations = activations
    self.gates = gates
    self.inputWeight = inputWeight
    self.stateWeight = stateWeight
  }

  /// The step that reads this input.
  func at(_ step: String, reading input: Value) -> NodeRecurrence {
    var cell = self
    cell.name = "\(node.name)/\(step)"
    cell.input = input
    return cell
  }

  private func call(_ type: String, _ inputs: Value..., as suffix: String) throws(ImportFailure) -> Value {
    try node.call(type, inputs, named: "\(name)/\(suffix)")
  }

  private func add(_ first: Value, _ second: Value?, as suffix: String) throws(ImportFailure) -> Value {
    guard let second else { return first }
    return try sum(first, second, as: suffix)
  }

  func fromInput() throws(ImportFailure) -> Value {
    guard let input else { preconditionFailure("a step without an input") }
    return try add(call("MatMul", input, inputWeight, as: "x W"), inputBias, as: "x W + b")
  }

  func fromState(_ h: Value) throws(ImportFailure) -> Value {
    try add(call("MatMul", h, stateWeight, as: "h R"), stateBias, as: "h R + b")
  }

  func fromState(_ h: Value, _ gate: RecurrentGate, as name: String) throws(ImportFailure) -> Value {
    let reset = try call("MatMul", h, part(gate, of: stateWeight, as: "R"), as: name)
    guard let stateBias else { return reset }
    return try sum(reset, part(gate, of: stateBias, as: "Rb"), as: "\(name) + b")
  }

  func fromMemory(_ c: Value, _ gate: RecurrentGate, as name: String) throws(ImportFailure) -> Value? {
    guard !peepholes.isEmpty else { return nil }
    return try product(peepholes[index(of: gate)], c, as: name)
  }

  private func index(of gate: RecurrentGate) -> Int {
    guard let index = gates.firstIndex(of: gate) else { preconditionFailure("a gate of another cell") }
    return index
  }

  func part(_ gate: RecurrentGate, of all: Value, as name: String) throws(ImportFailure) -> Value {
    let index = index(of: gate)
    return try node.selected(
      all, axis: -1, Array(index * hidden..<(index + 1) * hidden),
      suffix: "\(self.name.dropFirst(node.name.count + 1))/\(name)")
  }

  func sum(_ a: Value, _ b: Value, as name: String) throws(ImportFailure) -> Value {
    try call("Add", a, b, as: name)
  }

  func difference(_ a: Value, _ b: Value, as name: String) throws(ImportFailure) -> Value {
    try call("Sub", a, b, as: name)
  }

  func product(_ a: Value, _ b: Value, as name: String) throws(ImportFailure) -> Value {
    try call("Mul", a, b, as: name)
  }

  func activation(_ index: Int, of value: Value, as name: String) throws(ImportFailure) -> Value {
    try call(activations[index], value, as: name)
  }

  func shared(_ value: Value, as name: String) -> Value { value }
}
