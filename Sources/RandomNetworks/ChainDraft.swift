import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

/// A chain of dense layers while it is being drawn: every activation, skipped and unread layers, implicit layers,
/// weights of many magnitudes.
struct ChainDraft {
  var generator: SeededGenerator
  let settings: NetworkGenerator

  mutating func network() -> Network<Double> {
    let inputSize = width()
    let depth = Int.random(in: 1...settings.maximumDepth, using: &generator)
    var layers: [Layer<Double>] = []
    for position in 0..<depth {
      let source = source(after: position)
      let available = if case .node(let index) = source { layers[index].size } else { inputSize }
      layers.append(layer(at: position, reading: source, size: available))
    }
    // Mostly the last layer; sometimes an earlier one, which leaves layers that nothing reads.
    let output = chance(0.85) ? depth - 1 : Int.random(in: 0..<depth, using: &generator)
    // Fitting sizes and unique names are what the lines above make.
    return try! Network(inputShape: [inputSize], layers: layers, output: output)
  }

  private mutating func chance(_ probability: Double) -> Bool { generator.uniform() < probability }

  private mutating func width() -> Int {
    chance(0.15) ? 1 : Int.random(in: 1...settings.maximumWidth, using: &generator)
  }

  /// What the layer at `position` reads: mostly the one before it.
  private mutating func source(after position: Int) -> Source {
    if position == 0 { return .input }
    if chance(0.8) { return .node(position - 1) }
    let index = Int.random(in: -1..<position, using: &generator)
    return index < 0 ? .input : .node(index)
  }

  private mutating func layer(at position: Int, reading source: Source, size: Int) -> Layer<Double> {
    if chance(settings.implicitShare) {
      return .implicit(
        try! ImplicitLayer(name: "core\(position)", source: source, model: model(inputs: size)))
    }
    let name = "fc\(position)"
    let outputs = width()
    let weight = weights(outputs, size)
    var block = Block<Double>(
      name: name, size: outputs, nonlinearity: activation(),
      terms: [Term(source: source, map: DenseMap(weight), parameter: "\(name).weight")])
    if chance(0.8) {
      let bias = weights(1, outputs).elements
      block.offsets = [Offset(vector: bias, parameter: "\(name).bias")]
    }
    return .explicit(block)
  }

  /// Weights scaled to keep values near their size, times a magnitude; some are exactly zero, some integers.
  private mutating func weights(_ rows: Int, _ columns: Int) -> Matrix<Double> {
    let magnitude = [1, 1, 1, 1, 0.01, 10, 1e-6][Int.random(in: 0..<7, using: &generator)]
    let scale = magnitude / Double(columns).squareRoot()
    let zeros = chance(0.2) ? 0.5 : 0
    let integers = chance(0.1)
    let elements = (0..<rows * columns).map { _ in
      let value = generator.normal()
      if generator.uniform() < zeros { return 0.0 }
      return integers ? (2 * value).rounded() : value * scale
    }
    return Matrix(rows: rows, columns: columns, elements: elements)
  }

  private mutating func activation() -> any Nonlinearity {
    let types = NonlinearityRegistry.activations
    let type = types[Int.random(in: 0..<types.count, using: &generator)]
    while true {
      var given: [String: Constant] = [:]
      for attribute in type.schema.attributes {
        if case .word(let words) = attribute.kind {
          given[attribute.name] = .word(words.randomElement(using: &generator)!)
        } else if attribute.defaultValue == nil || !chance(0.5) {
          given[attribute.name] = .number((generator.normal() * 16).rounded() / 16)
        }
      }
      if let activation = try? type.init(given) { return activation }
    }
  }

  /// A model of up to three blocks that may all read each other, with one equilibrium for every input: the
  /// largest row sum of `|W_z|`, times the steepest slope, is below 1.
  private mutating func model(inputs: Int) -> EquilibriumModel<Double> {
    let sizes = (0..<Int.random(in: 1...3, using: &generator)).map { _ in min(width(), 8) }
    let blocks = sizes.indices.map { index -> Block<Double> in
      var nonlinearity = activation()
      while !(nonlinearity.steepestSlope < 2) { nonlinearity = activation() }
      let sources = sizes.indices.filter { _ in chance(0.7) }
      var terms = sources.map { source -> Term<Double> in
        var part = weights(sizes[index], sizes[source])
        part.scale(rowSumsTo: 0.9 / (nonlinearity.steepestSlope * Double(sources.count)))
        return Term(
          source: .node(source), map: DenseMap(part), parameter: chance(0.5) ? "W\(index)\(source)" : nil)
      }
      terms.insert(Term(source: .input, map: DenseMap(weights(sizes[index], inputs))), at: 0)
      return Block(
        name: "z\(index)", size: sizes[index], nonlinearity: nonlinearity, terms: terms,
        offsets: chance(0.7) ? [Offset(vector: weights(1, sizes[index]).elements)] : [])
    }
    return try! EquilibriumModel(
      inputShape: [inputs], blocks: blocks, output: Int.random(in: 0..<blocks.count, using: &generator))
  }
}

extension Nonlinearity {
  /// The largest magnitude of a slope; infinite where none is known, and at least 1.
  var steepestSlope: Double {
    guard let slopes else { return .infinity }
    return max(1, abs(slopes.lowerBound), abs(slopes.upperBound))
  }
}

extension Matrix<Double> {
  /// Scales the matrix down until no row's magnitudes add up to more than `bound`.
  fileprivate mutating func scale(rowSumsTo bound: Double) {
    let largest = (0..<rows).map { row($0).reduce(0) { $0 + abs($1) } }.max() ?? 0
    guard largest > bound else { return }
    for index in elements.indices { elements[index] *= bound / largest }
  }
}
