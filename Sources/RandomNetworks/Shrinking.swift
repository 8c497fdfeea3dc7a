import Equilibria
import LinearAlgebra
import Networks
import Operators

extension Network<Double> {
  /// The smallest network that this one can be simplified to while `fails` stays true, greedily.
  ///
  /// - Parameter fails: Whether a network shows the fault; true of this network.
  public func shrunk(while fails: (Network) -> Bool) -> Network {
    var smallest = self
    while let simpler = smallest.simplifications.first(where: fails) { smallest = simpler }
    return smallest
  }

  /// Networks that are simpler by one step, the boldest first. Every chain of steps ends.
  var simplifications: [Network] {
    layers.indices.compactMap { computing($0) }
      + layers.indices.reversed().compactMap { startingBehind($0) }
      + layers.indices.compactMap { endingAt($0) }
      + layers.indices.reversed().compactMap { without($0) }
      + layers.indices.flatMap { index in
        layers[index].simplifications.compactMap { replacing(index, by: $0) }
      }
      + layers.indices.flatMap { narrowed($0) }
      + narrowedInput
  }

  /// A layer as the output, with nothing but what it depends on; nil where that is everything.
  private func computing(_ index: Int) -> Network? {
    var needed: Set<Int> = [index]
    for layer in order.reversed() where needed.contains(layer) { needed.formUnion(layers[layer].nodeSources) }
    guard needed.count < layers.count else { return nil }
    return keeping(needed.sorted(), inputShape: inputShape, output: index)
  }

  /// The network whose output is an earlier layer.
  private func endingAt(_ index: Int) -> Network? {
    guard index < output else { return nil }
    return try? Network(inputShape: inputShape, layers: layers, output: index)
  }

  /// What is computed from a layer alone, with the layer's value as the input.
  private func startingBehind(_ index: Int) -> Network? {
    var behind: Set<Int> = [index]
    for layer in order {
      let sources = layers[layer].nodeSources
      if !sources.isEmpty, sources.allSatisfy(behind.contains) { behind.insert(layer) }
    }
    behind.remove(index)
    guard let last = behind.max() else { return nil }
    return keeping(
      behind.sorted(), inputShape: [layers[index].size], output: behind.contains(output) ? output : last)
  }

  /// The network of some of the layers; what reads another reads the input instead.
  private func keeping(_ kept: [Int], inputShape: [Int], output: Int) -> Network? {
    let positions = Dictionary(uniqueKeysWithValues: zip(kept, 0...))
    guard let newOutput = positions[output] else { return nil }
    let rest = kept.map { layer in
      layers[layer].reading { source in
        if case .node(let node) = source, let position = positions[node] { .node(position) } else { .input }
      }
    }
    return try? Network(inputShape: inputShape, layers: rest, output: newOutput)
  }

  /// The network without a layer that nothing reads, or whose readers can read what it reads.
  private func without(_ index: Int) -> Network? {
    guard layers.count > 1, let source = layers[index].source else { return nil }
    let replacement: (Source) -> Source = { $0 == .node(index) ? source : $0 }
    let shift: (Source) -> Source = { source in
      if case .node(let node) = source, node > index { .node(node - 1) } else { source }
    }
    var rest = layers.map { $0.reading { shift(replacement($0)) } }
    rest.remove(at: index)
    var newOutput = output
    if output == index {
      guard case .node(let before) = source else { return nil }
      newOutput = before
    }
    return try? Network(
      inputShape: inputShape, layers: rest, output: newOutput > index ? newOutput - 1 : newOutput)
  }

  private func replacing(_ index: Int, by layer: Layer<Double>) -> Network? {
    var changed = layers
    changed[index] = layer
    return try? Network(inputShape: inputShape, layers: changed, output: output)
  }

  /// The network with an explicit layer cut down to its first half or to all but its last coordinate.
  private func narrowed(_ index: Int) -> [Network] {
    guard case .explicit(let block) = layers[index], block.size > 1 else { return [] }
    return Set([block.size / 2, block.size - 1]).sorted().compactMap { size in
      var changed = layers.map { $0.keepingColumns(size, of: .node(index)) }
      changed[index] = changed[index].keepingRows(size)
      return try? Network(inputShape: inputShape, layers: changed, output: output)
    }
  }

  /// The network of the input's first half, or of all but its last coordinate.
  private var narrowedInput: [Network] {
    guard inputSize > 1 else { return [] }
    return Set([inputSize / 2, inputSize - 1]).sorted().compactMap { size in
      try? Network(
        inputShape: [size], layers: layers.map { $0.keepingColumns(size, of: .input) }, output: output)
    }
  }
}

extension Layer<Double> {
  /// The only thing that the layer reads, or nil.
  fileprivate var source: Source? {
    switch self {
    case .explicit(let block): block.terms.count == 1 ? block.terms[0].source : nil
    case .implicit(let layer): layer.source
    }
  }

  fileprivate func reading(_ source: (Source) -> Source) -> Layer {
    switch self {
    case .explicit(var block):
      for index in block.terms.indices { block.terms[index].source = source(block.terms[index].source) }
      return .explicit(block)
    case .implicit(let layer):
      return .implicit(layer.reading(source(layer.source)))
    }
  }

  /// Simpler layers of the same size: no bias, no activation, rounder weights.
  fileprivate var simplifications: [Layer] {
    guard case .explicit(let block) = self else { return [] }
    var simpler: [Block<Double>] = []
    if !block.offsets.isEmpty {
      var plain = block
      plain.offsets = []
      simpler.append(plain)
    }
    if !(block.nonlinearity is Identity) {
      var linear = block
      linear.nonlinearity = Identity()
      simpler.append(linear)
    }
    let rounded = block.mapWeights { $0.rounded() }
    if !haveSameBits(rounded.flatWeights, block.flatWeights) { simpler.append(rounded) }
    return simpler.map { .explicit($0) }
  }

  fileprivate func keepingRows(_ count: Int) -> Layer {
    guard case .explicit(let block) = self else { return self }
    return .explicit(
      Block(
        name: block.name, size: count, nonlinearity: block.nonlinearity,
        terms: block.terms.map { term in
          var term = term
          term.map = DenseMap(term.map.matrix.selectingRows(Array(0..<count)))
          return term
        },
        offsets: block.offsets.map { Offset(vector: Array($0.vector.prefix(count)), parameter: $0.parameter) }
      ))
  }

  fileprivate func keepingColumns(_ count: Int, of source: Source) -> Layer {
    guard case .explicit(var block) = self else { return self }
    for index in block.terms.indices where block.terms[index].source == source {
      block.terms[index].map = DenseMap(block.terms[index].map.matrix.columns(0..<count))
    }
    return .explicit(block)
  }
}

extension Block<Double> {
  fileprivate func mapWeights(_ transform: (Double) -> Double) -> Block {
    var block = self
    for index in block.terms.indices {
      var matrix = block.terms[index].map.matrix
      matrix.elements = matrix.elements.map(transform)
      block.terms[index].map = DenseMap(matrix)
    }
    for index in block.offsets.indices {
      let offset = block.offsets[index]
      block.offsets[index] = Offset(
        port: offset.port, vector: offset.vector.map(transform), parameter: offset.parameter)
    }
    return block
  }

  fileprivate var flatWeights: [Double] {
    terms.flatMap { $0.map.matrix.elements } + offsets.flatMap(\.vector)
  }
}
