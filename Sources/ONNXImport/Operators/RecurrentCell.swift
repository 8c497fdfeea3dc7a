/// One step of a recurrent layer in one direction.
struct RecurrentCell {
  let node: NodeImport
  var name: String
  let hidden: Int
  let activations: [String]
  /// The weights of input and state, `[inputs, gates · size]` and `[size, gates · size]`.
  let input: Value
  let state: Value
  var inputBias: Value?
  var stateBias: Value?
  /// The weights of the memory in the gates for input, output and forgetting.
  var peepholes: [Value] = []

  init(node: NodeImport, name: String, hidden: Int, activations: [String], input: Value, state: Value) {
    self.node = node
    self.name = name
    self.hidden = hidden
    self.activations = activations
    self.input = input
    self.state = state
  }

  /// The cell of a step, whose blocks are named after it.
  func at(_ step: String) -> RecurrentCell {
    var cell = self
    cell.name = "\(node.name)/\(step)"
    return cell
  }

  private func call(_ type: String, _ inputs: Value..., as suffix: String) throws(ImportFailure) -> Value {
    try node.call(type, inputs, named: "\(name)/\(suffix)")
  }

  private func add(_ first: Value, _ second: Value?, as suffix: String) throws(ImportFailure) -> Value {
    guard let second else { return first }
    return try call("Add", first, second, as: suffix)
  }

  /// One of the functions that lie side by side along the last axis.
  private func gate(_ index: Int, of value: Value, as suffix: String) throws(ImportFailure) -> Value {
    try node.selected(
      value, axis: -1, Array(index * hidden..<(index + 1) * hidden),
      suffix: "\(name.dropFirst(node.name.count + 1))/\(suffix)")
  }

  private func forInput(_ x: Value) throws(ImportFailure) -> Value {
    try add(call("MatMul", x, input, as: "x W"), inputBias, as: "x W + b")
  }

  private func forState(_ h: Value) throws(ImportFailure) -> Value {
    try add(call("MatMul", h, state, as: "h R"), stateBias, as: "h R + b")
  }

  /// `f(x W + h R + b)`.
  func plainStep(_ x: Value, _ h: Value) throws(ImportFailure) -> Value {
    try call(activations[0], call("Add", forInput(x), forState(h), as: "sum"), as: "h")
  }

  /// The step of a gated recurrent unit; its gates are z, r and h.
  func gatedStep(_ x: Value, _ h: Value, resetsLast: Bool) throws(ImportFailure) -> Value {
    let (ours, theirs) = (try forInput(x), try forState(h))
    func gate(_ index: Int, _ what: String) throws(ImportFailure) -> Value {
      let sum = try call(
        "Add", self.gate(index, of: ours, as: "\(what).x"), self.gate(index, of: theirs, as: "\(what).h"),
        as: "\(what).sum")
      return try call(activations[0], sum, as: what)
    }
    let (z, r) = (try gate(0, "z"), try gate(1, "r"))
    var reset: Value
    if resetsLast {
      reset = try call("Mul", r, self.gate(2, of: theirs, as: "state"), as: "reset")
    } else {
      let own = try self.gate(2, of: state, as: "R")
      reset = try call("MatMul", call("Mul", r, h, as: "r h"), own, as: "reset")
      if let stateBias {
        reset = try call("Add", reset, self.gate(2, of: stateBias, as: "Rb"), as: "reset + b")
      }
    }
    let sum = try call("Add", self.gate(2, of: ours, as: "input"), reset, as: "candidate.sum")
    let candidate = try call(activations[1], sum, as: "candidate")
    // (1 − z) candidate + z h.
    let change = try call("Mul", z, call("Sub", h, candidate, as: "difference"), as: "change")
    return try call("Add", candidate, change, as: "h")
  }

  /// The step of a long short-term memory; its gates are i, o, f and c.
  func memoryStep(
    _ x: Value, _ h: Value, _ c: Value
  ) throws(ImportFailure) -> (state: Value, memory: Value?) {
    let sums = try call("Add", forInput(x), forState(h), as: "sums")
    func gate(_ index: Int, _ what: String, seeing memory: Value?) throws(ImportFailure) -> Value {
      var sum = try self.gate(index, of: sums, as: "\(what).sum")
      if let memory, !peepholes.isEmpty {
        sum = try call(
          "Add", sum, call("Mul", peepholes[index], memory, as: "\(what).peephole"), as: "\(what).all")
      }
      return try call(activations[0], sum, as: what)
    }
    let (i, f) = (try gate(0, "i", seeing: c), try gate(2, "f", seeing: c))
    let candidate = try call(activations[1], self.gate(3, of: sums, as: "candidate.sum"), as: "candidate")
    let memory = try call(
      "Add", call("Mul", f, c, as: "kept"), call("Mul", i, candidate, as: "added"), as: "c")
    let o = try gate(1, "o", seeing: memory)
    return (try call("Mul", o, call(activations[2], memory, as: "shown"), as: "h"), memory)
  }
}
