import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

extension Network<Double> {
  /// The smallest network that this one can be simplified to while `fails` stays true, greedily: no single step makes it
  /// simpler.
  ///
  /// The steps go from bold to small, layer by layer. One that helps is tried again at once, and those before it only
  /// when all have been tried.
  ///
  /// - Parameter fails: Whether a network shows the fault; true of this network.
  /// - Complexity: O(layers + simplifications of each) calls of `fails` in each of a few rounds.
  public func shrunk(while fails: (Network) -> Bool) -> Network {
    var smallest = self
    var isSmaller = true
    while isSmaller {
      isSmaller = false
      for step in Self.steps {
        var tried = 0
        while tried < smallest.layers.count {
          if let simpler = step(smallest, tried).first(where: fails) {
            (smallest, isSmaller) = (simpler, true)
          } else {
            tried += 1
          }
        }
      }
      if let narrower = smallest.narrowedInput.first(where: fails) {
        (smallest, isSmaller) = (narrower, true)
      }
    }
    return smallest
  }

  /// For a network and the number of a layer those that are simpler by one step, the boldest first. Every chain of steps
  /// ends.
  private static var steps: [(Network, Int) -> [Network]] {
    [
      { network, index in [network.computing(index)].compactMap { $0 } },
      { network, index in [network.startingBehind(network.layers.count - 1 - index)].compactMap { $0 } },
      { network, index in [network.endingAt(index)].compactMap { $0 } },
      { network, index in network.without(network.layers.count - 1 - index) },
      { network, index in
        network.layers[index].simplifications.compactMap { network.replacing(index, by: $0) }
      },
      { network, index in network.narrowed(index) },
    ]
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
      behind.sorted(), inputShape: layers[index].shape, output: behind.contains(output) ? output : last)
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

  /// The networks without a layer that nothing reads, or whose readers can read what it reads: a value of as many
  /// coordinates, in whatever shape.
  private func without(_ index: Int) -> [Network] {
    guard layers.count > 1 else { return [] }
    return layers[index].sources.compactMap { without(index, reading: $0) }
  }

  private func without(_ index: Int, reading source: Source) -> Network? {
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
    guard case .explicit(let block) = layers[index], block.size > 1, block.isDense,
      isReadDensely(.node(index))
    else { return [] }
    return Set([block.size / 2, block.size - 1]).sorted().compactMap { size in
      var changed = layers.map { $0.keepingColumns(size, of: .node(index)) }
      changed[index] = changed[index].keepingRows(size)
      return try? Network(inputShape: inputShape, layers: changed, output: output)
    }
  }

  /// Whether a value is read by dense layers only, which can read less of it.
  private func isReadDensely(_ source: Source) -> Bool {
    layers.allSatisfy { layer in
      guard layer.sources.contains(source) else { return true }
      guard case .explicit(let block) = layer else { return false }
      return block.terms.allSatisfy { $0.source != source || $0.map is DenseMap<Double> }
    }
  }

  /// The network of the input's first half, or of all but its last coordinate.
  private var narrowedInput: [Network] {
    guard inputSize > 1, isReadDensely(.input) else { return [] }
    return Set([inputSize / 2, inputSize - 1]).sorted().compactMap { size in
      try? Network(
        inputShape: [size], layers: layers.map { $0.keepingColumns(size, of: .input) }, output: output)
    }
  }
}

extension Layer<Double> {
  /// What the layer reads, each once.
  package var sources: [Source] {
    switch self {
    case .explicit(let block):
      var seen: Set<Source> = []
      return block.terms.map(\.source).filter { seen.insert($0).inserted }
    case .implicit(let layer): return [layer.source]
    }
  }

  package func reading(_ source: (Source) -> Source) -> Layer {
    switch self {
    case .explicit(var block):
      for index in block.terms.indices { block.terms[index].source = source(block.terms[index].source) }
      return .explicit(block)
    case .implicit(let layer):
      return .implicit(layer.reading(source(layer.source)))
    }
  }

  /// Simpler layers of the same size. What keeps an implicit layer contractive is left alone.
  fileprivate var simplifications: [Layer] {
    switch self {
    case .explicit(let block):
      return (block.withLess + block.withSimplerOperators + block.withSimplerNumbers).map { .explicit($0) }
    case .implicit(let layer):
      return layer.model.blocks.indices.flatMap { index in
        layer.model.blocks[index].withLess.compactMap { block in
          var blocks = layer.model.blocks
          blocks[index] = block
          let model = try? EquilibriumModel(
            inputShape: layer.model.inputShape, blocks: blocks, output: layer.model.output)
          let simpler = model.flatMap {
            try? ImplicitLayer(name: layer.name, source: layer.source, model: $0)
          }
          return simpler.map { .implicit($0) }
        }
      }
    }
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
