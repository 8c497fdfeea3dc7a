/// The equation of a recurrent layer for one step, from the input x, the previous state h and, for a long short-term
/// memory, the previous memory c. Each gate has weights `W`, `U` and biases `b`, `d` of its own.
public enum RecurrentCell: Hashable, Sendable {
  /// `f(W x + b + U h + d)`: `torch.nn.RNN`.
  case rnn
  /// A gated recurrent unit: `torch.nn.GRU`.
  ///
  ///     r = f(W x + b + U h + d), z likewise
  ///     n = g(W x + b + r ⊙ (U h + d)), or g(W x + b + U (r ⊙ h) + d) unless `resetAfter`
  ///     h ← (1 − z) ⊙ n + z ⊙ h
  ///
  /// PyTorch resets after the product with U, as ONNX does with `linear_before_reset`.
  case gru(resetAfter: Bool = true)
  /// A long short-term memory: `torch.nn.LSTM`.
  ///
  ///     i = σ(W x + b + U h + d), likewise f, which forgets, and o
  ///     c ← f ⊙ c + i ⊙ g(W x + b + U h + d)
  ///     h ← o ⊙ k(c)
  ///
  /// With peepholes i and f also see the previous c and o the new one, each coordinate times a weight.
  case lstm

  /// The gates in PyTorch's order, in which the weights of all gates stand one below the other.
  var gates: [RecurrentGate] {
    switch self {
    case .rnn: [.candidate]
    case .gru: [.reset, .update, .candidate]
    case .lstm: [.input, .forget, .candidate, .output]
    }
  }

  /// The number of gates.
  package var gateCount: Int { gates.count }

  /// The number of different activations: of the gates, of the candidate, and of the memory that is shown.
  package var activationCount: Int {
    switch self {
    case .rnn: 1
    case .gru: 2
    case .lstm: 3
    }
  }
}

/// A function of input and state with weights of its own: a gate, or what is written into the state.
package enum RecurrentGate: Sendable {
  case input, forget, output, reset, update, candidate
}

/// What a step of a recurrent layer is computed with: blocks of a network, or tensors of a graph under import. The
/// cell's equations are written once, below.
package protocol RecurrentArithmetic {
  /// A value of this step.
  associatedtype Value
  /// What its functions throw.
  associatedtype Failure: Error

  /// `W x + b` of all gates, for the input of this step.
  func fromInput() throws(Failure) -> Value

  /// `U h + d` of all gates.
  func fromState(_ h: Value) throws(Failure) -> Value

  /// `U h + d` of one gate.
  func fromState(_ h: Value, _ gate: RecurrentGate, as name: String) throws(Failure) -> Value

  /// `p ⊙ c` of one gate, p its peepholes; nil without peepholes.
  func fromMemory(_ c: Value, _ gate: RecurrentGate, as name: String) throws(Failure) -> Value?

  /// One gate's part of the pre-activations of all gates.
  func part(_ gate: RecurrentGate, of all: Value, as name: String) throws(Failure) -> Value

  /// `a + b`.
  func sum(_ a: Value, _ b: Value, as name: String) throws(Failure) -> Value

  /// `a − b`, where b is the value of an activation.
  func difference(_ a: Value, _ b: Value, as name: String) throws(Failure) -> Value

  /// `a ⊙ b`.
  func product(_ a: Value, _ b: Value, as name: String) throws(Failure) -> Value

  /// The activation at this position, applied to a value.
  func activation(_ index: Int, of value: Value, as name: String) throws(Failure) -> Value

  /// The same value, computed once although several others read it or parts of it.
  func shared(_ value: Value, as name: String) throws(Failure) -> Value
}

extension RecurrentCell {
  /// The state and the memory after a step.
  fileprivate func step<A: RecurrentArithmetic>(
    _ a: A, _ h: A.Value, _ c: A.Value
  ) throws(A.Failure) -> (h: A.Value, c: A.Value) {
    switch self {
    case .rnn:
      return (try a.activation(0, of: a.sum(a.fromInput(), a.fromState(h), as: "sum"), as: "h"), c)
    case .gru(let resetAfter): return (try gated(a, h, resetAfter: resetAfter), c)
    case .lstm: return try remembering(a, h, c)
    }
  }

  private func gated<A: RecurrentArithmetic>(
    _ a: A, _ h: A.Value, resetAfter: Bool
  ) throws(A.Failure) -> A.Value {
    let ours = try a.fromInput()
    let theirs = try a.shared(a.fromState(h), as: "state")
    func gate(_ gate: RecurrentGate, _ name: String) throws(A.Failure) -> A.Value {
      let sum = try a.sum(
        a.part(gate, of: ours, as: "\(name).x"), a.part(gate, of: theirs, as: "\(name).h"),
        as: "\(name).sum")
      return try a.activation(0, of: sum, as: name)
    }
    let (z, r) = (try gate(.update, "z"), try gate(.reset, "r"))
    let reset =
      resetAfter
      ? try a.product(r, a.part(.candidate, of: theirs, as: "candidate.h"), as: "reset")
      : try a.fromState(a.product(r, h, as: "r h"), .candidate, as: "reset")
    let sum = try a.sum(a.part(.candidate, of: ours, as: "candidate.x"), reset, as: "candidate.sum")
    let candidate = try a.activation(1, of: sum, as: "candidate")
    // (1 − z) ⊙ candidate + z ⊙ h.
    let change = try a.product(z, a.difference(h, candidate, as: "difference"), as: "change")
    return try a.shared(a.sum(candidate, change, as: "h"), as: "h")
  }

  private func remembering<A: RecurrentArithmetic>(
    _ a: A, _ h: A.Value, _ c: A.Value
  ) throws(A.Failure) -> (h: A.Value, c: A.Value) {
    let sums = try a.shared(a.sum(a.fromInput(), a.fromState(h), as: "sums"), as: "sums")
    func gate(_ gate: RecurrentGate, _ name: String, seeing c: A.Value) throws(A.Failure) -> A.Value {
      var sum = try a.part(gate, of: sums, as: "\(name).sum")
      if let seen = try a.fromMemory(c, gate, as: "\(name).peephole") {
        sum = try a.sum(sum, seen, as: "\(name).all")
      }
      return try a.activation(0, of: sum, as: name)
    }
    let (i, f) = (try gate(.input, "i", seeing: c), try gate(.forget, "f", seeing: c))
    let candidate = try a.activation(
      1, of: a.part(.candidate, of: sums, as: "candidate.sum"), as: "candidate")
    let (kept, added) = (try a.product(f, c, as: "kept"), try a.product(i, candidate, as: "added"))
    let c = try a.shared(a.sum(kept, added, as: "c"), as: "c")
    let o = try gate(.output, "o", seeing: c)
    return (try a.product(o, a.activation(2, of: c, as: "shown"), as: "h"), c)
  }
}

/// The values of a recurrent layer over a whole sequence.
package struct UnrolledRecurrence<Value> {
  /// The state after each step, by place in the sequence and then by direction.
  package fileprivate(set) var states: [[Value]]
  /// The state after the last step of each direction, which is that at place 0 if it is reversed.
  package fileprivate(set) var last: [Value] = []
  /// The memory after the last step of each direction.
  package fileprivate(set) var memories: [Value] = []
}

extension RecurrentCell {
  /// More steps than any sequence of a model that is worth unrolling has.
  package static let mostSteps = 4096

  /// All steps over a sequence, each with the parameters of its direction.
  ///
  /// - Parameters:
  ///   - isReversed: For each direction, whether it begins at the last place.
  ///   - start: The initial state and memory of a direction.
  ///   - step: What the step of a direction at a place is computed with.
  package func unrolled<A: RecurrentArithmetic>(
    over length: Int, isReversed: [Bool],
    start: (_ direction: Int) throws(A.Failure) -> (h: A.Value, c: A.Value),
    step: (_ direction: Int, _ place: Int) throws(A.Failure) -> A
  ) throws(A.Failure) -> UnrolledRecurrence<A.Value> {
    var result = UnrolledRecurrence<A.Value>(states: [[A.Value]](repeating: [], count: length))
    for (direction, isReversed) in isReversed.enumerated() {
      var (h, c) = try start(direction)
      for count in 0..<length {
        let place = isReversed ? length - 1 - count : count
        (h, c) = try self.step(step(direction, place), h, c)
        result.states[place].append(h)
      }
      result.last.append(h)
      result.memories.append(c)
    }
    return result
  }
}
