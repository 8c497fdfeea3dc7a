import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators
import RandomNetworks

/// A network while it is being rewritten.
///
/// Layers stand in any order, so that what is new is put behind what is there, and positions stay.
package struct Rewriter {
  package let inputShape: [Int]
  package var layers: [Layer<Double>]
  package var output: Int
  package var draws: Draws
  /// The names of layers that are new or changed: where a fault of the rewriting stands.
  private(set) var touched: [String] = []

  /// A term of an explicit layer that reads something.
  package struct Reader {
    package let layer: Int
    package let term: Int
  }

  package init(_ network: Network<Double>, generator: SeededGenerator) {
    inputShape = network.inputShape
    layers = network.layers
    output = network.output
    draws = Draws(generator: generator, settings: NetworkGenerator())
  }

  /// The network as it stands; nil where it is none.
  package var network: Network<Double>? {
    try? Network(inputShape: inputShape, layers: layers, output: output)
  }

  /// The layers that the output depends on.
  var live: Set<Int> {
    var (seen, pending): (Set<Int>, [Int]) = ([output], [output])
    while let next = pending.popLast() {
      for source in layers[next].nodeSources where seen.insert(source).inserted { pending.append(source) }
    }
    return seen
  }

  /// The explicit layers that are wanted, in random order, mostly those first that the output depends on.
  package mutating func blocks(
    where isWanted: (Block<Double>) -> Bool
  ) -> [(index: Int, block: Block<Double>)] {
    let all = layers.enumerated().compactMap { index, layer -> (index: Int, block: Block<Double>)? in
      guard case .explicit(let block) = layer, isWanted(block) else { return nil }
      return (index, block)
    }
    let shuffled = all.shuffled(using: &draws.generator)
    guard draws.chance(0.9) else { return shuffled }
    let live = live
    return shuffled.filter { live.contains($0.index) } + shuffled.filter { !live.contains($0.index) }
  }

  /// The terms of explicit layers that are wanted, in random order, mostly those first that the output depends on.
  package mutating func terms(where isWanted: (Term<Double>) -> Bool) -> [(
    reader: Reader, term: Term<Double>
  )] {
    blocks { _ in true }.flatMap { index, block in
      block.terms.indices.filter { isWanted(block.terms[$0]) }.map {
        (reader: Reader(layer: index, term: $0), term: block.terms[$0])
      }
    }
  }

  package func block(_ index: Int) -> Block<Double>? {
    if case .explicit(let block) = layers[index] { block } else { nil }
  }

  package func shape(of source: Source) -> [Int] {
    if case .node(let index) = source { layers[index].shape } else { inputShape }
  }

  /// The terms that read a layer; nil where an implicit layer does, or the layer is the output.
  func explicitReaders(of index: Int) -> [Reader]? {
    guard index != output else { return nil }
    var readers: [Reader] = []
    for (position, layer) in layers.enumerated() where layer.nodeSources.contains(index) {
      guard case .explicit(let block) = layer else { return nil }
      readers += block.terms.indices.filter { block.terms[$0].source == .node(index) }.map {
        Reader(layer: position, term: $0)
      }
    }
    return readers
  }

  package subscript(reader: Reader) -> Term<Double> {
    get { block(reader.layer)!.terms[reader.term] }
    set {
      var block = block(reader.layer)!
      block.terms[reader.term] = newValue
      replace(reader.layer, by: block)
    }
  }

  /// Whether a layer depends on another, or is it.
  package func depends(_ index: Int, on other: Int) -> Bool {
    var (seen, pending): (Set<Int>, [Int]) = ([index], [index])
    while let next = pending.popLast() {
      if next == other { return true }
      for source in layers[next].nodeSources where seen.insert(source).inserted { pending.append(source) }
    }
    return false
  }

  mutating func touch(_ name: String) {
    if !touched.contains(name) { touched.append(name) }
  }

  /// Begins a rewriting: what was changed before it is no part of it.
  mutating func forgetTouched() { touched = [] }

  mutating func replace(_ index: Int, by block: Block<Double>) {
    layers[index] = .explicit(block)
    touch(block.name)
  }

  mutating func replace(_ index: Int, by layer: ImplicitLayer<Double>) {
    layers[index] = .implicit(layer)
    touch(layer.name)
  }

  /// Adds a layer under a name of its own.
  package mutating func append(_ block: Block<Double>) -> Source {
    var block = block
    let names = Set(layers.map(\.name))
    var number = layers.count
    while names.contains("\(block.name)_\(number)") { number += 1 }
    block.name = "\(block.name)_\(number)"
    layers.append(.explicit(block))
    touch(block.name)
    return .node(layers.count - 1)
  }

  /// Adds a layer of one port of its own shape, whose terms carry no parameter.
  package mutating func append(
    _ name: String, _ shape: [Int], _ nonlinearity: any Nonlinearity,
    _ terms: [(Source, any LinearMap<Double>)], offset: [Double]? = nil
  ) -> Source {
    append(
      Block(
        name: name, shape: shape, nonlinearity: nonlinearity,
        terms: terms.map { Term(source: $0.0, map: $0.1) },
        offsets: offset.map { [Offset(vector: $0)] } ?? []))
  }

  /// Adds a layer that is a sum of linear maps.
  package mutating func append(
    _ name: String, _ shape: [Int], _ terms: [(Source, any LinearMap<Double>)]
  ) -> Source {
    append(name, shape, Identity(), terms)
  }

  /// Makes layers read `new` in place of `old`: all of them but those at some positions.
  mutating func redirect(_ old: Source, to new: Source, except kept: Set<Int>) {
    for index in layers.indices where !kept.contains(index) && layers[index].sources.contains(old) {
      layers[index] = layers[index].reading { $0 == old ? new : $0 }
      touch(layers[index].name)
    }
  }

  /// Takes a layer away that nothing reads.
  package mutating func remove(_ index: Int) {
    layers.remove(at: index)
    layers = layers.map { layer in
      layer.reading { if case .node(let node) = $0, node > index { .node(node - 1) } else { $0 } }
    }
    if output > index { output -= 1 }
  }

  /// How many entries of explicit layers carry each parameter.
  private var uses: [String: Int] {
    var uses: [String: Int] = [:]
    for case .explicit(let block) in layers {
      for name in block.terms.compactMap(\.parameter) + block.offsets.compactMap(\.parameter) {
        uses[name, default: 0] += 1
      }
    }
    return uses
  }

  /// Whether a parameter's name stands at one place of the network only.
  package func isAlone(_ parameter: String) -> Bool { uses[parameter, default: 0] <= 1 }

  /// Takes the names of parameters away that fewer entries carry than before: where one entry's numbers were multiplied
  /// into others, what is left under the name is another function of it.
  mutating func forgetLabels(usedLessThan before: Rewriter) {
    let (now, before) = (uses, before.uses)
    let lost = Set(before.keys.filter { now[$0, default: 0] < before[$0]! })
    for index in layers.indices {
      guard case .explicit(var block) = layers[index] else { continue }
      for term in block.terms.indices where block.terms[term].parameter.map(lost.contains) == true {
        block.terms[term].parameter = nil
      }
      for offset in block.offsets.indices where block.offsets[offset].parameter.map(lost.contains) == true {
        block.offsets[offset].parameter = nil
      }
      layers[index] = .explicit(block)
    }
  }
}

extension Block<Double> {
  /// Whether each coordinate of the value depends on the ports' coordinates of the same number, in whatever shape.
  package var isElementwise: Bool {
    (nonlinearity is any Activation || nonlinearity is any ElementwisePair || nonlinearity is Choice)
      && portSizes.allSatisfy { $0 == size }
  }

  /// The same terms and offsets of another nonlinearity of the same ports.
  package func with(_ nonlinearity: any Nonlinearity) -> Block {
    var block = self
    block.nonlinearity = nonlinearity
    return block
  }

  /// The block with other terms, offsets and ports.
  package func with(
    _ nonlinearity: any Nonlinearity, portShapes: [[Int]], terms: [Term<Double>],
    offsets: [Offset<Double>] = []
  ) -> Block {
    Block(
      name: name, shape: shape, nonlinearity: nonlinearity, portShapes: portShapes, terms: terms,
      offsets: offsets)
  }
}
