import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

/// The sorts of layers that a graph is drawn of.
extension GraphDraft {
  /// Draws one layer, or several that belong together, or none where what was tried does not behave.
  package mutating func draw() {
    if draws.chance(draws.settings.implicitShare) { return drawImplicit() }
    switch draws.integer(0...19) {
    case 0...6: drawLinear(draws.element(of: LinearMapRegistry.all + [DenseMap<Double>.self]))
    case 7...12: drawNonlinear(draws.element(of: NonlinearityRegistry.all))
    case 13:
      drawNonlinear(draws.element(of: NonlinearityRegistry.all.filter { !($0 is any Activation.Type) }))
    case 14: drawSum()
    case 15: drawConcatenation()
    case 16: drawTied()
    case 17: drawAttention()
    case 18: drawBatchNormalization()
    default: drawGeneral()
    }
  }

  /// A linear map with its bias and an activation, as files have it in one layer.
  mutating func drawLinear(_ type: any LinearMap<Double>.Type) {
    let read = source()
    let view =
      draws.chance(0.15) ? draws.factorization(of: read.size, rank: draws.integer(1...3)) : read.shape
    guard let map = draws.map(type, reading: view) else { return }
    let name = name(type.typeName)
    let parameter = type.hasParameter ? "\(name).weight" : nil
    append(
      Block(
        name: name, shape: map.outputShape, nonlinearity: draws.chance(0.5) ? draws.activation() : Identity(),
        terms: [Term(source: read.source, map: map, parameter: parameter)],
        offsets: draws.chance(0.6) ? [draws.bias(of: map, parameter: "\(name).bias")] : []))
  }

  /// A nonlinearity of values, its parameters in their own ports.
  mutating func drawNonlinear(_ type: any Nonlinearity.Type) {
    let read = source()
    guard let (drawn, portShapes) = draws.nonlinearity(type, of: read.shape) else { return }
    if !drawn.isTotal { return drawTamed(drawn) }
    let name = name(type.typeName)
    var (terms, offsets) = ([Term<Double>](), [Offset<Double>]())
    for (port, shape) in portShapes.enumerated() {
      if port >= type.inputCount {
        offsets.append(parameter(of: drawn, at: port - type.inputCount, shape: shape, name: name))
      } else {
        let other = port == 0 ? read : sibling(of: shape)
        let map = other.shape == shape ? IdentityMap(shape) : draws.map(from: other.shape, to: shape)
        terms.append(
          Term(
            port: port, source: other.source, map: map,
            parameter: map.parameterShape.map { _ in "\(name).weight\(port)" }))
      }
    }
    append(
      Block(
        name: name, shape: drawn.outputShape(portShapes: portShapes)!, nonlinearity: drawn,
        portShapes: portShapes, terms: terms, offsets: offsets))
  }

  /// A value of this shape, if there is one; else any.
  private mutating func sibling(of shape: [Int]) -> Value {
    let alike = values.filter { $0.shape == shape }
    return !alike.isEmpty && draws.chance(0.8) ? draws.element(of: alike) : source()
  }

  /// What fills a parameter port, in one of the layouts that files have.
  private mutating func parameter(
    of nonlinearity: any Nonlinearity, at index: Int, shape: [Int], name: String
  ) -> Offset<Double> {
    let type = type(of: nonlinearity)
    let port = type.parameterPorts[index]
    let layout = draws.element(of: port.layouts(portShape: shape, attributes: nonlinearity.attributes))
    return draws.spread(
      draws.distinct(layout.shape), over: shape, dims: layout.dims, type.inputCount + index,
      "\(name).\(port.name)")
  }

  /// A function such as `log` where its arguments are: each port is a bounded value times a little, plus a constant.
  private mutating func drawTamed(_ nonlinearity: any Nonlinearity) {
    let count = type(of: nonlinearity).inputCount
    let reach = 0.4
    var choices: [[Double]] = [0, 0.5, 2, -2].map { [$0] }
    if count == 2 { choices = choices.flatMap { first in [2, -2, 0.5].map { first + [$0] } } }
    choices = choices.filter { nonlinearity.isTame(around: $0, reach: reach) }
    guard !choices.isEmpty, let first = boundedSource(), room > 0 else { return }
    let centres = draws.element(of: choices)
    let name = name(type(of: nonlinearity).typeName)
    let shape = first.shape
    let alike = values.filter { $0.isBounded && $0.shape == shape }
    var (terms, offsets) = ([Term<Double>](), [Offset<Double>]())
    for (port, centre) in centres.enumerated() {
      let read = port == 0 ? first : draws.element(of: alike)
      terms.append(Term(port: port, source: read.source, map: Multiply(shape, factor: reach * 0.9)))
      let number = Tensor(shape: [1], elements: [centre + 0.03 * draws.generator.uniform()])
      offsets.append(
        draws.spread(number, over: shape, dims: [shape.count - 1], port, "\(name).centre\(port)"))
    }
    append(
      Block(
        name: name, shape: shape, nonlinearity: nonlinearity,
        portShapes: [[Int]](repeating: shape, count: count), terms: terms, offsets: offsets))
  }

  /// A sum of several values: a skip connection.
  private mutating func drawSum() {
    let first = source()
    let name = name("add")
    let others = (0..<draws.integer(1...2)).map { _ in sibling(of: first.shape) }
    let terms = ([first] + others).enumerated().map { index, value in
      let map =
        value.shape == first.shape ? IdentityMap(first.shape) : draws.map(from: value.shape, to: first.shape)
      return Term(
        source: value.source, map: map, parameter: map.parameterShape.map { _ in "\(name).weight\(index)" })
    }
    append(
      Block(
        name: name, shape: first.shape, nonlinearity: draws.chance(0.4) ? draws.activation() : Identity(),
        terms: terms))
  }

  /// Values side by side along an axis.
  private mutating func drawConcatenation() {
    let first = source()
    let axis = draws.integer(0...first.shape.count - 1)
    let alike = values.filter { value in
      value.shape.count == first.shape.count
        && value.shape.indices.allSatisfy { $0 == axis || value.shape[$0] == first.shape[$0] }
    }
    let parts = [first] + (0..<draws.integer(1...2)).map { _ in draws.element(of: alike) }
    var shape = first.shape
    shape[axis] = parts.reduce(0) { $0 + $1.shape[axis] }
    guard shape.reduce(1, *) <= draws.maximumSize else { return }
    var start = 0
    let terms = parts.map { part in
      defer { start += part.shape[axis] }
      let map = try! Place<Double>(inputShape: part.shape, dim: axis, start: start, total: shape[axis])
      return Term(source: part.source, map: map)
    }
    append(
      Block(
        name: name("cat"), shape: shape, nonlinearity: draws.chance(0.3) ? draws.activation() : Identity(),
        terms: terms))
  }

  /// A layer that has the weight of an earlier one.
  private mutating func drawTied() {
    let weights = layers.flatMap { layer -> [Term<Double>] in
      guard case .explicit(let block) = layer else { return [] }
      return block.terms.filter { $0.parameter != nil }
    }
    guard let tied = weights.randomElement(using: &draws.generator) else { return }
    let readable = values.filter { $0.size == tied.map.inputSize }
    guard let read = readable.randomElement(using: &draws.generator) else { return }
    let name = name("tied")
    append(
      Block(
        name: name, shape: tied.map.outputShape, nonlinearity: draws.activation(),
        terms: [Term(source: read.source, map: tied.map, parameter: tied.parameter)],
        offsets: draws.chance(0.7)
          ? [draws.offset(port: 0, of: tied.map.outputShape, parameter: "\(name).bias")] : []))
  }

  /// Batch normalisation with statistics of its own.
  private mutating func drawBatchNormalization() {
    let read = source()
    let channels = [read.shape[0]]
    let name = name("bn")
    let mean = draws.tensor(channels, inputs: 1).elements
    let variance = channels.flatMap { _ in (0..<channels[0]).map { _ in 0.2 + draws.generator.uniform() } }
    let isAffine = draws.chance(0.7)
    let batch = BatchNormalization(
      shape: read.shape, mean: mean, variance: variance, epsilon: draws.element(of: [1e-5, 1e-3]))
    append(
      batch.block(
        name: name, reading: read.source, weight: isAffine ? draws.tensor(channels, inputs: 1) : nil,
        bias: isAffine ? draws.tensor(channels, inputs: 1) : nil,
        weightName: isAffine ? "\(name).weight" : nil, biasName: isAffine ? "\(name).bias" : nil,
        nonlinearity: draws.chance(0.5) ? draws.activation() : Identity()))
  }

  /// Any block: every port reads several values by all sorts of maps, with several summands.
  private mutating func drawGeneral() {
    let shape = draws.chance(0.6) ? source().shape : draws.shape(rank: draws.integer(1...3))
    let type = draws.element(
      of: draws.chance(0.4)
        ? NonlinearityRegistry.activations : NonlinearityRegistry.all.filter { !($0 is any Activation.Type) })
    guard let (drawn, portShapes) = draws.nonlinearity(type, of: shape), drawn.isTotal else { return }
    let name = name("block")
    var (terms, offsets) = ([Term<Double>](), [Offset<Double>]())
    for (port, shape) in portShapes.enumerated() {
      for _ in 0..<draws.integer(1...3) {
        let read = source()
        let map = draws.map(from: read.shape, to: shape)
        // Of entries at one place all but one have names, or nothing would tell them apart.
        let isAlone = !terms.contains { $0.port == port && $0.source == read.source && $0.parameter == nil }
        let isNamed = map.parameterShape != nil && (!isAlone || draws.chance(0.8))
        terms.append(
          Term(
            port: port, source: read.source, map: map,
            parameter: isNamed ? "\(name).weight\(terms.count)" : nil))
      }
      for summand in 0..<draws.integer(0...2) {
        let parameter = summand > 0 || draws.chance(0.8) ? "\(name).bias\(offsets.count)" : nil
        offsets.append(draws.offset(port: port, of: shape, parameter: parameter))
      }
    }
    let output = drawn.outputShape(portShapes: portShapes)!
    let isOtherShape = draws.chance(0.15)
    append(
      Block(
        name: name,
        shape: isOtherShape
          ? draws.factorization(of: output.reduce(1, *), rank: draws.integer(1...3)) : output,
        nonlinearity: drawn, portShapes: portShapes, terms: terms, offsets: offsets))
  }

  /// Attention: queries, keys and values of a bounded value of shape `[positions, features]`.
  private mutating func drawAttention() {
    guard room >= 3, let read = boundedSource(), room >= 3 else { return }
    let shape = read.shape.count == 2 ? read.shape : draws.factorization(of: read.size, rank: 2)
    let isProjected = room >= 6
    let width = isProjected ? draws.extent(atMost: 4) : shape[1]
    var parts = [read.source, read.source, read.source]
    if isProjected {
      for part in parts.indices {
        let name = name(["query", "key", "value"][part])
        let map = try! Linear<Double>(
          inputShape: shape, weight: draws.tensor([width, shape[1]], inputs: shape[1]))
        let block = Block<Double>(
          name: name, shape: map.outputShape, nonlinearity: Identity(),
          terms: [Term(source: read.source, map: map, parameter: "\(name).weight")],
          offsets: draws.chance(0.5) ? [draws.bias(of: map, parameter: "\(name).bias")] : [])
        guard append(block) else { return }
        parts[part] = values.last!.source
      }
    }
    appendAttention(parts, positions: shape[0], width: width)
  }

  private mutating func appendAttention(_ parts: [Source], positions: Int, width: Int) {
    let (square, tall) = ([positions, positions], [positions, width])
    guard positions * positions <= 2 * draws.maximumSize else { return }
    let product = BatchedProduct()
    let isAppended = append(
      Block(
        name: name("scores"), shape: square, nonlinearity: product, portShapes: [tall, [width, positions]],
        terms: [
          Term(source: parts[0], map: Multiply(tall, factor: 1 / Double(width).squareRoot())),
          Term(
            port: 1, source: parts[1],
            map: try! Permute<Double>(inputShape: tall, dims: [1, 0])),
        ]))
    guard isAppended else { return }
    let softmax = Softmax()
    let scores = values.last!.source
    guard
      append(
        Block(
          name: name("attention"), shape: square, nonlinearity: softmax,
          terms: [Term(source: scores, map: IdentityMap(square))]))
    else { return }
    append(
      Block(
        name: name("context"), shape: tall, nonlinearity: product, portShapes: [square, tall],
        terms: [
          Term(source: values.last!.source, map: IdentityMap(square)),
          Term(port: 1, source: parts[2], map: IdentityMap(tall)),
        ]))
  }
}
