import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

extension EquilibriumModel {
  /// The equilibrium model of a transition that is given as a network: z = f(z, x), of a model that was trained
  /// elsewhere.
  ///
  /// The blocks are the network's layers; what reads z reads the block that computes f.
  ///
  /// - Parameters:
  ///   - transition: Computes f(z, x), or f(z, x) followed by an output of z and x, from z and x side by side.
  ///   - size: The number of coordinates of z.
  ///   - inputShape: The shape of one sample of x.
  ///   - readOut: Computes the output from z, or from z and x side by side. Nil where the transition computes it, or
  ///     where z is the output.
  /// - Throws: `InvalidModel` where sizes do not fit.
  public init(
    transition: Network<S>, stateSize size: Int, inputShape: [Int], readOut: Network<S>? = nil
  ) throws(InvalidModel) {
    var assembly = TransitionAssembly<S>(size: size, inputShape: inputShape)
    let f = EquilibriumModel(converting: transition)
    guard f.inputSize == size + assembly.inputSize else {
      throw InvalidModel(
        "transition: expected z of \(size) and x of \(assembly.inputSize) coordinates, found an input of "
          + "\(f.inputSize)")
    }
    guard f.outputSize == size || f.outputSize > size && readOut == nil else {
      throw InvalidModel(
        "transition: expected f(z, x) of \(size) coordinates, as many as z has, found \(f.outputSize)")
    }
    let own = try assembly.addTransition(f)
    let output = try readOut.map { network throws(InvalidModel) in try assembly.addReadOut(network) } ?? own
    let (blocks, position) = assembly.finished(output: output)
    try self.init(inputShape: inputShape, blocks: blocks, output: position)
  }
}

/// The blocks of a transition and its read-out, on the way to a model.
private struct TransitionAssembly<S: Scalar> {
  private let size: Int
  private let inputShape: [Int]
  private var blocks: [Block<S>] = []
  /// The position of the block that computes f.
  private var state = 0
  /// The position of the block that has z and x side by side, where a map reads both.
  private var both: Int?
  /// What stands for a block that only copies a part of the network's input.
  private var copies: [Int: Source] = [:]

  var inputSize: Int { inputShape.reduce(1, *) }

  init(size: Int, inputShape: [Int]) { (self.size, self.inputShape) = (size, inputShape) }

  /// Adds f.
  ///
  /// - Returns: The position of the output: of f, or of what follows it.
  mutating func addTransition(_ f: EquilibriumModel<S>) throws(InvalidModel) -> Int {
    blocks = f.blocks
    var output = f.output
    state = f.output
    if f.outputSize > size {
      if let parts = concatenated(f.blocks[f.output]) {
        (state, output) = parts
      } else {
        state = try addPart("state", of: f.output, 0..<size, of: f.outputSize)
        output = try addPart("output", of: f.output, size..<f.outputSize, of: f.outputSize)
      }
    }
    let count = blocks.count
    for index in f.blocks.indices { try readStateAndInput(in: index, keeping: [state, output]) }
    assert(blocks.count - count <= 1)
    return output
  }

  /// Adds a network of z, or of z and x.
  ///
  /// - Returns: The position of its output.
  mutating func addReadOut(_ network: Network<S>) throws(InvalidModel) -> Int {
    let own = EquilibriumModel(converting: network)
    guard own.inputSize == size || own.inputSize == size + inputSize else {
      throw InvalidModel(
        "read-out: expected an input of \(size) coordinates, z, or of \(size + inputSize), z and x, found "
          + "\(own.inputSize)")
    }
    let first = blocks.count
    var names = Set(blocks.map(\.name))
    let parameters = Set(
      blocks.flatMap { $0.terms.compactMap(\.parameter) + $0.offsets.compactMap(\.parameter) })
    for var block in own.blocks {
      while !names.insert(block.name).inserted { block.name = "readout." + block.name }
      for index in block.terms.indices {
        block.terms[index].parameter = block.terms[index].parameter.map { renamed($0, unlessIn: parameters) }
        if case .node(let node) = block.terms[index].source {
          block.terms[index].source = .node(first + node)
        }
        if own.inputSize == size, block.terms[index].source == .input {
          block.terms[index].source = .node(state)
        }
      }
      for index in block.offsets.indices {
        block.offsets[index].parameter = block.offsets[index].parameter.map {
          renamed($0, unlessIn: parameters)
        }
      }
      blocks.append(block)
    }
    let output = first + own.output
    guard own.inputSize > size else { return output }
    for index in first..<first + own.blocks.count {
      try readStateAndInput(in: index, keeping: [state, output])
    }
    return output
  }

  private func renamed(_ parameter: String, unlessIn others: Set<String>) -> String {
    others.contains(parameter) ? renamed("readout." + parameter, unlessIn: others) : parameter
  }

  /// The model's blocks without copies, and the position of the output among them.
  func finished(output: Int) -> (blocks: [Block<S>], output: Int) {
    // A concatenation of f and the output that nothing reads is gone too.
    var isKept = [Bool](repeating: false, count: blocks.count)
    var open = [state, output]
    while let index = open.popLast() {
      guard !isKept[index] else { continue }
      isKept[index] = true
      open += blocks[index].terms.compactMap { term in
        if case .node(let node) = resolved(term.source) { node } else { nil }
      }
    }
    var position = [Int](repeating: 0, count: blocks.count)
    var next = 0
    for index in blocks.indices where isKept[index] {
      position[index] = next
      next += 1
    }
    let kept = blocks.indices.filter { isKept[$0] }.map { index in
      var block = blocks[index]
      for term in block.terms.indices {
        switch resolved(block.terms[term].source) {
        case .input: block.terms[term].source = .input
        case .node(let node): block.terms[term].source = .node(position[node])
        }
      }
      return block
    }
    return (kept, position[output])
  }

  private func resolved(_ source: Source) -> Source {
    if case .node(let node) = source, let copied = copies[node] { copied } else { source }
  }

  // MARK: Parts of the network's input and output

  /// The blocks that a concatenation of f and an output reads; nil for another block.
  private func concatenated(_ block: Block<S>) -> (state: Int, output: Int)? {
    guard block.nonlinearity is Identity, block.terms.count == 2, block.offsets.isEmpty,
      case .node(let first) = block.terms[0].source, case .node(let second) = block.terms[1].source,
      let left = block.terms[0].map as? Place<S>, let right = block.terms[1].map as? Place<S>,
      left.inputShape == [size], left.start == 0, right.start == size,
      right.inputShape == [block.size - size]
    else { return nil }
    return (first, second)
  }

  /// Adds a block with some coordinates of another.
  private mutating func addPart(
    _ name: String, of index: Int, _ range: Range<Int>, of total: Int
  ) throws(InvalidModel) -> Int {
    let map: any LinearMap<S>
    do {
      map = try Slice<S>(inputShape: [total], dim: 0, start: range.lowerBound, end: range.upperBound)
    } catch { throw InvalidModel("\(name): \(error)") }
    add(name, size: range.count, [Term(source: .node(index), map: map)])
    return blocks.count - 1
  }

  private mutating func add(_ name: String, size: Int, _ terms: [Term<S>]) {
    var name = name
    while blocks.contains(where: { $0.name == name }) { name += "'" }
    blocks.append(Block(name: name, size: size, nonlinearity: Identity(), terms: terms))
  }

  /// Lets the terms of a block that read the network's input read z, x, or both side by side.
  private mutating func readStateAndInput(in index: Int, keeping kept: Set<Int>) throws(InvalidModel) {
    for place in blocks[index].terms.indices where blocks[index].terms[place].source == .input {
      if let source = part(of: blocks[index].terms[place].map) {
        let count = blocks[index].terms[place].map.outputSize
        blocks[index].terms[place].source = source
        blocks[index].terms[place].map = IdentityMap<S>([count])
        if !kept.contains(index), isCopy(blocks[index]) { copies[index] = source }
      } else {
        blocks[index].terms[place].source = .node(try bothPosition())
      }
    }
  }

  /// z or x, where a map takes one of them out of both.
  private func part(of map: any LinearMap<S>) -> Source? {
    guard let slice = map as? Slice<S>, slice.inputShape == [size + inputSize], slice.step == 1 else {
      return nil
    }
    if slice.start == 0, slice.end == size { return .node(state) }
    return slice.start == size && slice.end == size + inputSize ? .input : nil
  }

  private func isCopy(_ block: Block<S>) -> Bool {
    block.nonlinearity is Identity && block.terms.count == 1 && block.offsets.isEmpty
      && block.portShapes.count == 1
      && block.terms[0].map is IdentityMap<S>
  }

  private mutating func bothPosition() throws(InvalidModel) -> Int {
    if let both { return both }
    let total = size + inputSize
    do {
      add(
        "z and x", size: total,
        [
          Term(source: .node(state), map: try Place<S>(inputShape: [size], dim: 0, start: 0, total: total)),
          Term(source: .input, map: try Place<S>(inputShape: [inputSize], dim: 0, start: size, total: total)),
        ])
    } catch { throw InvalidModel("z and x: \(error)") }
    both = blocks.count - 1
    return both!
  }
}
