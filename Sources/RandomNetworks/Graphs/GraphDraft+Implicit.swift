import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

/// Implicit layers with one equilibrium for every input.
extension GraphDraft {
  /// An implicit layer of up to three blocks that may all read each other, by maps of all sorts: no port's row of `W_z`
  /// adds up to more than 0.9, divided by what the nonlinearity may enlarge.
  mutating func drawImplicit() {
    let read = source()
    let shapes = (0..<draws.integer(1...3)).map { _ in
      draws.chance(0.5) ? read.shape : draws.shape(rank: draws.integer(1...3))
    }
    guard shapes.allSatisfy({ $0.reduce(1, *) <= 24 }), read.size <= 48 else { return }
    let blocks = shapes.indices.map { block(at: $0, of: shapes, reading: read) }
    let model = try? EquilibriumModel(
      inputShape: read.shape, blocks: blocks, output: draws.integer(0...blocks.count - 1))
    guard let model, let layer = try? ImplicitLayer(name: name("core"), source: read.source, model: model)
    else { return }
    append(layer)
  }

  private mutating func block(at index: Int, of shapes: [[Int]], reading read: Value) -> Block<Double> {
    let shape = shapes[index]
    let (nonlinearity, portShapes) = contractible(shape)
    let bound = 0.9 / nonlinearity.expansion(of: shape)
    let injection = draws.map(from: read.shape, to: shape)
    var terms = [Term(source: .input, map: injection)]
    let sources = shapes.indices.filter { _ in draws.chance(0.7) }
    for source in sources {
      let map = draws.map(from: shapes[source], to: shape)
      let part = map.scaled(rowSumsTo: bound / Double(sources.count))
      let isNamed = part.parameterShape != nil && draws.chance(0.5)
      terms.append(
        Term(source: .node(source), map: part, parameter: isNamed ? "W\(index)\(source)" : nil))
    }
    var offsets = draws.chance(0.7) ? [draws.offset(port: 0, of: shape, parameter: nil)] : []
    for port in portShapes.indices.dropFirst() {
      // Weights of at most 1, so that they enlarge nothing.
      let numbers = (0..<shape.reduce(1, *)).map { _ in 2 * draws.generator.uniform() - 1 }
      offsets.append(
        Offset(port: port, tensor: Tensor(shape: shape, elements: numbers), parameter: "p\(index)\(port)"))
    }
    return Block(
      name: "z\(index)", shape: shape, nonlinearity: nonlinearity, portShapes: portShapes, terms: terms,
      offsets: offsets)
  }

  /// A nonlinearity that enlarges differences by a known factor at most.
  private mutating func contractible(_ shape: [Int]) -> (any Nonlinearity, [[Int]]) {
    if draws.chance(0.4) {
      let type = draws.element(
        of: [
          Softmax.self, LayerNormalization.self, GroupNormalization.self, RootMeanSquareNormalization.self,
        ]
          as [any Nonlinearity.Type])
      if let (drawn, portShapes) = draws.nonlinearity(type, of: shape) {
        // A variance that is at least 1 bounds what a normalisation does.
        guard drawn is any Normalization else { return (drawn, portShapes) }
        return (try! type.init(attributes: drawn.attributes.setting("eps", to: .number(1))), portShapes)
      }
    }
    while true {
      let drawn = draws.activation()
      if drawn.steepestSlope < 2 { return (drawn, [shape]) }
    }
  }
}

extension Nonlinearity {
  /// How many times larger than its port's the largest change of its value may be.
  fileprivate func expansion(of shape: [Int]) -> Double {
    if self is any Activation { return steepestSlope }
    if self is Softmax { return 1 }
    // `g − mean(g) − z mean(g ⊙ z)`, by rows, with |z| ≤ √n, over a deviation of at least 1.
    return 2 + Double(shape.reduce(1, *)).squareRoot()
  }
}

extension LinearMap<Double> {
  /// The map, or one like it whose rows' magnitudes add up to at most `bound`.
  fileprivate func scaled(rowSumsTo bound: Double) -> any LinearMap<Double> {
    var largest = 0.0
    for row in 0..<outputSize {
      var sum = 0.0
      forEachEntry(inRow: row) { _, value in sum += abs(value) }
      largest = max(largest, sum)
    }
    guard largest > bound else { return self }
    if var tensor = parameter {
      for index in tensor.elements.indices { tensor.elements[index] *= bound / largest }
      if let map = try? Self(inputShape: inputShape, parameter: tensor, attributes: attributes) { return map }
    }
    if inputSize == outputSize { return Multiply(inputShape, factor: bound / largest) }
    var matrix = matrix
    for index in matrix.elements.indices { matrix.elements[index] *= bound / largest }
    return DenseMap(matrix)
  }
}
