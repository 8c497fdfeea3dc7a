import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

/// A graph of layers over tensors while it is being drawn.
///
/// Every value is computed at a few inputs as soon as it is drawn. A layer is taken only if its values are finite and of
/// moderate size there, and if neither they nor their derivatives jump when what it reads changes a little: at a tie or
/// at a kink two evaluations that differ by rounding would differ by more.
package struct GraphDraft {
  /// The input or a layer's value.
  package struct Value {
    package let source: Source
    package let shape: [Int]
    /// What it is at the inputs, a row for each.
    package let numbers: Matrix<Double>
    /// Whether all its coordinates are within −1 and 1 at every input.
    let isBounded: Bool

    package var size: Int { shape.reduce(1, *) }
  }

  package var draws: Draws
  /// The input, then the layers' values.
  package private(set) var values: [Value] = []
  package private(set) var layers: [Layer<Double>] = []
  private var depth = 1

  package init(draws: Draws) {
    self.draws = draws
  }

  /// How many more layers there may be.
  package var room: Int { depth - layers.count }

  /// The name of the next layer.
  package func name(_ type: String) -> String { "\(type)\(layers.count)" }

  /// A network of at most `depth` layers that `draw` draws; nil where it draws none.
  package mutating func network(of depth: Int, drawing draw: (inout GraphDraft) -> Void) -> Network<Double>? {
    start()
    self.depth = depth
    for _ in 0..<8 where layers.isEmpty { draw(&self) }
    return layers.isEmpty
      ? nil : try? Network(inputShape: values[0].shape, layers: layers, output: layers.count - 1)
  }

  private mutating func start() {
    let shape = draws.shape(rank: draws.element(of: [1, 1, 2, 2, 2, 3, 3, 3, 4]))
    let inputs = probes(shape.reduce(1, *))
    values = [Value(source: .input, shape: shape, numbers: inputs, isBounded: false)]
  }

  package mutating func network() -> Network<Double> {
    start()
    depth = draws.integer(1...draws.settings.maximumDepth)
    for _ in 0..<8 * depth where room > 0 { draw() }
    if layers.isEmpty { appendDense() }
    let last = layers.count - 1
    let output = draws.chance(0.85) ? last : draws.integer(0...last)
    // Fitting sizes and unique names are what the lines above make.
    return try! Network(inputShape: values[0].shape, layers: layers, output: output)
  }

  /// Zeros, numbers of several magnitudes and signs, and a sparse row.
  private mutating func probes(_ size: Int) -> Matrix<Double> {
    let rows = [0, 1, -1, 30, 1e-3, 1].enumerated().map { row, magnitude in
      (0..<size).map { _ in row == 5 && draws.chance(0.5) ? 0 : magnitude * draws.generator.normal() }
    }
    return Matrix(rows: rows.count, columns: size, elements: rows.flatMap { $0 })
  }

  /// A value to read: mostly the last one.
  package mutating func source() -> Value {
    draws.chance(0.6) ? values[values.count - 1] : draws.element(of: values)
  }

  /// A value within −1 and 1; one more layer is drawn where there is none.
  mutating func boundedSource() -> Value? {
    let bounded = values.filter(\.isBounded)
    if !bounded.isEmpty, draws.chance(0.7) { return draws.element(of: bounded) }
    guard room > 1 else { return bounded.last }
    let read = source()
    let squash = draws.element(of: [Tanh(), Sigmoid(), Sine(), Softsign()] as [any Nonlinearity])
    let layer = Block<Double>(
      name: name(type(of: squash).typeName), shape: read.shape, nonlinearity: squash,
      terms: [Term(source: read.source, map: IdentityMap(read.shape))])
    return append(layer) ? values.last : bounded.last
  }

  private mutating func appendDense() {
    let read = values[0]
    let name = name("fc")
    let weight = draws.tensor([draws.width(), read.size], inputs: read.size)
    let block = Block<Double>(
      name: name, size: weight.shape[0], nonlinearity: Identity(),
      terms: [Term(source: read.source, map: DenseMap(weight), parameter: "\(name).weight")])
    take(.explicit(block), numbers: block.value(at: ports(of: block)), isBounded: false)
  }

  /// The ports of a block at the inputs.
  private func ports(of block: Block<Double>) -> [Matrix<Double>] {
    block.preactivations(batch: values[0].numbers.rows, reading: numbers)
  }

  /// What a source is at the inputs.
  package func numbers(_ source: Source) -> Matrix<Double> {
    switch source {
    case .input: values[0].numbers
    case .node(let index): values[index + 1].numbers
    }
  }

  /// Takes a layer if it behaves, if need be with a constant summand that breaks its ties.
  @discardableResult
  package mutating func append(_ block: Block<Double>) -> Bool {
    guard room > 0 else { return false }
    let ports = ports(of: block)
    if let numbers = steadyValue(of: block, at: ports) {
      take(.explicit(block), numbers: numbers, isBounded: block.nonlinearity.isBounded)
      return true
    }
    var other = block
    for port in Set(block.terms.map(\.port)).sorted() {
      other.offsets.append(
        Offset(
          port: port, tensor: draws.distinct(block.portShapes[port]), parameter: "\(block.name).shift\(port)")
      )
    }
    guard let numbers = steadyValue(of: other, at: self.ports(of: other)) else { return false }
    take(.explicit(other), numbers: numbers, isBounded: block.nonlinearity.isBounded)
    return true
  }

  /// Takes an implicit layer if its values are of moderate size.
  package mutating func append(_ layer: ImplicitLayer<Double>) {
    guard room > 0 else { return }
    let input = numbers(layer.source)
    var state = layer.model.blocks.map { Matrix<Double>(rows: input.rows, columns: $0.size) }
    for _ in 0..<300 { state = layer.model.transition(state, input: input) }
    let numbers = state[layer.model.output]
    guard areModerate([numbers]) else { return }
    take(
      .implicit(layer), numbers: numbers,
      isBounded: layer.model.blocks[layer.model.output].nonlinearity.isBounded)
  }

  private mutating func take(_ layer: Layer<Double>, numbers: Matrix<Double>, isBounded: Bool) {
    values.append(
      Value(source: .node(layers.count), shape: layer.shape, numbers: numbers, isBounded: isBounded))
    layers.append(layer)
  }

  private func areModerate(_ matrices: [Matrix<Double>]) -> Bool {
    matrices.allSatisfy { $0.elements.allSatisfy { abs($0) <= 2000 } }
  }

  /// The block's values at the inputs, if they are of moderate size and do not jump, nor do their derivatives.
  private mutating func steadyValue(of block: Block<Double>, at ports: [Matrix<Double>]) -> Matrix<Double>? {
    guard areModerate(ports) else { return nil }
    let value = block.value(at: ports)
    let weights = Matrix(
      rows: value.rows, columns: value.columns,
      elements: value.elements.map { _ in 1 + draws.generator.uniform() })
    let slopes = block.portCotangents(weights, at: ports)
    guard areModerate([value] + slopes) else { return nil }
    let moved = ports.map { port in
      var port = port
      for row in 0..<port.rows {
        let scale = 1e-7 * max(0.1, port.row(row).reduce(0) { max($0, abs($1)) })
        for column in 0..<port.columns { port[row, column] += scale * draws.generator.normal() }
      }
      return port
    }
    let isSteady =
      areClose([value], [block.value(at: moved)])
      && areClose(slopes, block.portCotangents(weights, at: moved))
    return isSteady ? value : nil
  }

  /// Whether the rows of each are close, by the largest number of all in a row.
  private func areClose(_ left: [Matrix<Double>], _ right: [Matrix<Double>]) -> Bool {
    (0..<left[0].rows).allSatisfy { row in
      let scale = left.reduce(0) { $1.row(row).reduce($0) { max($0, abs($1)) } }
      return zip(left, right).allSatisfy { a, b in
        zip(a.row(row), b.row(row)).allSatisfy { abs($0 - $1) <= 1e-3 * max(scale, 1e-3) }
      }
    }
  }
}
