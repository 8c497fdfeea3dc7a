import Blocks
import LinearAlgebra
import Operators

/// A model's blocks in sequence, with each cyclic group as a few damped updates of a fixed state: an acyclic graph,
/// evaluated while it is built, and differentiated by one reverse sweep.
struct UnrolledGraph<S: Scalar>: Sendable {
  /// The node that holds the value of each of the model's blocks; nil for those without one so far.
  private(set) var places: [Int?]
  /// What each node holds, `[batch, size]`.
  private var values: [Matrix<S>] = []
  /// The block whose value a node holds, reading nodes; nil for a fixed state.
  private var blocks: [Block<S>?] = []
  /// The ports of that block.
  private var ports: [[Matrix<S>]] = []
  private let input: Matrix<S>

  /// A graph for an input, without nodes.
  init(blocks count: Int, input: Matrix<S>) {
    places = [Int?](repeating: nil, count: count)
    self.input = input
  }

  /// The value of a block; empty where it has none so far.
  func value(of block: Int) -> Matrix<S> {
    places[block].map { values[$0] } ?? Matrix(rows: 0, columns: 0)
  }

  /// Adds an explicit block of a model, after all that it reads.
  mutating func append(_ index: Int, of model: EquilibriumModel<S>) {
    places[index] = append(retargeted(model.blocks[index], of: model))
  }

  /// Adds a cyclic group: `count` updates z ← (1 − τ) z + τ f(z) of its iterated members, from a fixed state
  /// `[batch, N]`, and the members that follow.
  mutating func append(
    _ group: DependencyGroup, of model: EquilibriumModel<S>, from state: Matrix<S>, updates count: Int,
    damping: Double
  ) {
    let sizes = group.iterated.map { model.blocks[$0].size }
    for (member, value) in zip(group.iterated, split(state, sizes: sizes)) {
      values.append(value)
      blocks.append(nil)
      ports.append([])
      places[member] = values.count - 1
    }
    for _ in 0..<count {
      for member in group.following { append(member, of: model) }
      let images = group.iterated.map { append(retargeted(model.blocks[$0], of: model)) }
      for (member, image) in zip(group.iterated, images) {
        places[member] = damping == 1 ? image : append(mixture(of: image, and: places[member]!, damping))
      }
    }
    for member in group.following { append(member, of: model) }
  }

  private mutating func append(_ block: Block<S>) -> Int {
    let own = block.preactivations(batch: input.rows) { source in
      switch source {
      case .input: input
      case .node(let node): values[node]
      }
    }
    values.append(block.value(at: own))
    blocks.append(block)
    ports.append(own)
    return values.count - 1
  }

  /// A model's block that reads nodes. Every entry has a name, that of its place where it has no parameter, so that the
  /// contributions of several updates add up; of several summands of one matrix, the first represents it.
  private func retargeted(_ block: Block<S>, of model: EquilibriumModel<S>) -> Block<S> {
    var result = block
    var names: Set<String> = []
    for index in block.terms.indices {
      let term = block.terms[index]
      let place = model.place(of: term, in: block)
      if term.parameter == nil, names.insert(place).inserted { result.terms[index].parameter = place }
      if case .node(let node) = term.source { result.terms[index].source = .node(places[node]!) }
    }
    for index in block.offsets.indices where block.offsets[index].parameter == nil {
      let place = model.place(of: block.offsets[index], in: block)
      if names.insert(place).inserted { result.offsets[index].parameter = place }
    }
    return result
  }

  /// (1 − τ) old + τ image.
  private func mixture(of image: Int, and old: Int, _ damping: Double) -> Block<S> {
    let size = values[image].columns
    return Block(
      name: "", size: size, nonlinearity: Identity(),
      terms: [(old, 1 - damping), (image, damping)].map { node, share in
        Term(source: .node(node), map: Multiply([size], factor: share))
      })
  }

  /// The gradients of `Σ ⟨cotangent, value⟩` for a cotangent `[batch, size]` of one of the model's blocks; fixed states
  /// pass nothing on.
  func gradients(of block: Int, cotangent: Matrix<S>) -> Gradients<S> {
    var sweep = ReverseSweep(values: values, input: input)
    sweep.add(to: .node(places[block]!)) { $0 = cotangent }
    for node in values.indices.reversed() {
      guard let block = blocks[node] else { continue }
      sweep.pass(
        block.portCotangents(sweep.takeCotangent(of: node, size: block.size), at: ports[node]),
        through: block, at: node)
    }
    return sweep.takeGradients()
  }
}
