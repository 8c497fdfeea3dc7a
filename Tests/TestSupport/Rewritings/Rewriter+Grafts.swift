import Blocks
import LinearAlgebra
import Networks
import Operators
import RandomNetworks

/// Layers of the sorts that rewritings are about, read from some value of the network.
extension Rewriter {
  /// Small multiples of 1/8 in place of the numbers of explicit layers, so that products and sums of them are exact.
  mutating func roundNumbers() {
    let round = { (tensor: Tensor<Double>) in
      Tensor(
        shape: tensor.shape,
        elements: tensor.elements.map { max(-4, min(4, ($0 * 8).rounded() / 8)) })
    }
    for index in layers.indices {
      guard case .explicit(var block) = layers[index] else { continue }
      for term in block.terms.indices {
        let map = block.terms[term].map
        if let tensor = map.parameter, let other = map.with(parameter: round(tensor)) {
          block.terms[term].map = other
        }
      }
      block.offsets = block.offsets.map { $0.replacing(round($0.tensor)) }
      layers[index] = .explicit(block)
    }
  }

  /// A dense layer with a bias.
  mutating func graftDense(_ activation: any Nonlinearity) -> Source {
    let source = anySource()
    let size = shape(of: source).reduce(1, *)
    let width = max(2, draws.width())
    let name = "hidden\(layers.count)"
    return append(
      Block(
        name: "hidden", size: width, nonlinearity: activation,
        terms: [
          Term(
            source: source, map: DenseMap(draws.tensor([width, size], inputs: size)),
            parameter: "\(name).weight")
        ],
        offsets: [
          Offset(vector: draws.tensor([width], inputs: 1).elements, parameter: "\(name).bias")
        ]))
  }

  /// A value of some of these ranks, in its own shape or in another with as many coordinates.
  private mutating func view(ranks: ClosedRange<Int>) -> (Source, [Int]) {
    let source = anySource()
    let shape = shape(of: source)
    if ranks.contains(shape.count) { return (source, shape) }
    return (source, draws.factorization(of: shape.reduce(1, *), rank: draws.integer(ranks)))
  }

  /// A layer of a linear map with its bias.
  mutating func graftMap(_ type: any LinearMap<Double>.Type) {
    for _ in 0..<12 {
      let (source, shape) = view(ranks: 2...4)
      guard let map = draws.map(type, reading: shape) else { continue }
      let name = "map\(layers.count)"
      let layer = Block<Double>(
        name: "map", shape: map.outputShape, nonlinearity: draws.activation(),
        terms: [
          Term(source: source, map: map, parameter: map.parameterShape.map { _ in "\(name).weight" })
        ],
        offsets: [draws.bias(of: map, parameter: "\(name).bias")])
      return join(append(layer))
    }
  }

  /// A layer of a nonlinearity, with what fills its parameter ports.
  mutating func graftNonlinearity(_ type: any Nonlinearity.Type) {
    for _ in 0..<12 {
      let (source, shape) = view(ranks: 2...3)
      guard shape.reduce(1, *) > 1, let (drawn, ports) = draws.nonlinearity(type, of: shape) else { continue }
      let name = "parts\(layers.count)"
      let offsets = ports.indices.dropFirst().map { port in
        let parameter = type.parameterPorts[port - 1]
        let layout = parameter.layouts(portShape: shape, attributes: drawn.attributes)[0]
        return draws.spread(
          draws.distinct(layout.shape), over: shape, dims: layout.dims, port, "\(name).\(parameter.name)")
      }
      let layer = Block<Double>(
        name: "parts", shape: drawn.outputShape(portShapes: ports)!, nonlinearity: drawn, portShapes: ports,
        terms: [Term(source: source, map: IdentityMap(shape))],
        offsets: offsets
          + (draws.chance(0.5) ? [draws.offset(port: 0, of: shape, parameter: "\(name).shift")] : []))
      return join(append(layer))
    }
  }

  /// A convolution and a batch normalisation behind it, whose scales are powers of two.
  mutating func graftBatchNorm() {
    for _ in 0..<12 {
      let (source, shape) = view(ranks: 2...4)
      guard let map = draws.map(Convolution<Double>.self, reading: shape) else { continue }
      let name = "conv\(layers.count)"
      let offsets = draws.chance(0.5) ? [draws.bias(of: map, parameter: "\(name).bias")] : []
      let convolution = append(
        Block(
          name: "conv", shape: map.outputShape, nonlinearity: Identity(),
          terms: [Term(source: source, map: map, parameter: "\(name).weight")], offsets: offsets))
      let channels = map.outputShape[0]
      let numbers = { (draws: inout Draws, choices: [Double]) in
        (0..<channels).map { _ in draws.element(of: choices) }
      }
      let batch = BatchNormalization(
        shape: map.outputShape, mean: numbers(&draws, [0, 0.5, -1.25]),
        variance: numbers(&draws, [0.75, 3.75, 15.75, 0]), epsilon: 0.25)
      let layer = batch.block(
        name: "bn", reading: convolution,
        weight: Tensor(numbers(&draws, [1, -0.5, 2, 4])),
        bias: draws.tensor([channels], inputs: 1), weightName: "\(name).bn.weight",
        biasName: "\(name).bn.bias", nonlinearity: draws.activation())
      return join(append(layer))
    }
  }

  /// Two or three projections of one value along its last axis.
  mutating func graftProjections() {
    let (source, shape) = view(ranks: 2...3)
    for number in 0..<draws.integer(2...3) {
      let (inputs, width) = (shape.last!, draws.integer(1...4))
      let map = try! Linear<Double>(
        inputShape: shape, weight: draws.tensor([width, inputs], inputs: inputs))
      let name = "projection\(layers.count)_\(number)"
      let projection = append(
        Block(
          name: "projection", shape: map.outputShape, nonlinearity: Identity(),
          terms: [Term(source: source, map: map, parameter: "\(name).weight")],
          offsets: draws.chance(0.5) ? [draws.bias(of: map, parameter: "\(name).bias")] : []))
      join(append("gate", map.outputShape, Tanh(), [(projection, IdentityMap(map.outputShape))]))
    }
  }

  /// A concatenation of values.
  mutating func graftConcatenation() {
    let parts = (0..<draws.integer(2...3)).map { _ in anySource() }
    let sizes = parts.map { shape(of: $0).reduce(1, *) }
    let total = sizes.reduce(0, +)
    var start = 0
    var terms: [(Source, any LinearMap<Double>)] = []
    for (part, size) in zip(parts, sizes) {
      terms.append((part, place([size], axis: 0, start: start, of: total)))
      start += size
    }
    join(append("cat", [total], terms))
  }
}
