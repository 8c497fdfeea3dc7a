import Blocks
import LinearAlgebra
import Networks
import Operators

/// A network in the making: layers by name, each with its shape.
struct Recipe {
  /// A value that layers read.
  struct Value {
    let source: Source
    let shape: [Int]
    var size: Int { shape.reduce(1, *) }
  }

  var draws: DyadicDraws
  let size: TestModelSize
  let inputShape: [Int]
  private var layers: [Layer<Double>] = []

  init(draws: DyadicDraws, size: TestModelSize, inputShape: [Int]) {
    (self.draws, self.size, self.inputShape) = (draws, size, inputShape)
  }

  /// The network's input.
  var input: Value { Value(source: .input, shape: inputShape) }

  /// The network of all layers, whose output is the last.
  func network() -> Network<Double> {
    // Recipes make fitting sizes and unique names.
    try! Network(inputShape: inputShape, layers: layers, output: layers.count - 1)
  }

  /// Adds a layer.
  mutating func append(_ layer: Layer<Double>) -> Value {
    layers.append(layer)
    return Value(source: .node(layers.count - 1), shape: layer.shape)
  }

  /// Adds a layer that applies a nonlinearity to a linear map, with a bias of the map's usual shape.
  mutating func layer(
    _ name: String, _ map: any LinearMap<Double>, of value: Value,
    _ nonlinearity: any Nonlinearity = Identity(),
    hasBias: Bool = false
  ) -> Value {
    var offsets: [Offset<Double>] = []
    if hasBias { offsets = [bias(name, of: map)] }
    let shape = nonlinearity.outputShape(portShapes: [map.outputShape])!
    return append(
      .explicit(
        Block(
          name: name, shape: shape, nonlinearity: nonlinearity, portShapes: [map.outputShape],
          terms: [
            Term(
              source: value.source, map: map, parameter: map.parameterShape == nil ? nil : "\(name).weight")
          ], offsets: offsets)))
  }

  /// The bias of a layer, spread over the coordinates that share it.
  mutating func bias(_ name: String, of map: any LinearMap<Double>) -> Offset<Double> {
    let tensor = draws.tensor(map.biasShape)
    guard map.biasShape != map.outputShape else { return Offset(tensor: tensor, parameter: "\(name).bias") }
    let spread = try! Expand<Double>(
      inputShape: tensor.shape, shape: map.outputShape, dim: IntegerList(map.biasDims))
    return Offset(tensor: tensor, map: spread, parameter: "\(name).bias")
  }

  /// A dense layer of everything that a value holds.
  mutating func dense(
    _ name: String, _ outputs: Int, of value: Value, _ activation: any Nonlinearity = Identity()
  ) -> Value {
    let map = try! DenseMap<Double>(
      inputShape: value.shape, parameter: draws.weight([outputs, value.size], inputs: value.size),
      attributes: [:])
    return layer(name, map, of: value, activation, hasBias: true)
  }

  /// A convolution by windows of three by three, padded so that the shape stays.
  mutating func convolution(
    _ name: String, channels: Int, of value: Value, _ activation: any Nonlinearity = Identity()
  ) -> Value {
    let map = try! Convolution<Double>(
      inputShape: value.shape,
      weight: draws.weight([channels, value.shape[0], 3, 3], inputs: 9 * value.shape[0]), padding: 1)
    return layer(name, map, of: value, activation, hasBias: true)
  }

  /// A dense layer along the last axis, for every token.
  mutating func linear(
    _ name: String, _ outputs: Int, of value: Value, _ activation: any Nonlinearity = Identity(),
    hasBias: Bool = true
  ) -> Value {
    let inputs = value.shape.last!
    let map = try! Linear<Double>(
      inputShape: value.shape, weight: draws.weight([outputs, inputs], inputs: inputs))
    return layer(name, map, of: value, activation, hasBias: hasBias)
  }

  /// A layer that applies a nonlinearity of several ports to values as they are.
  mutating func combined(_ name: String, _ values: [Value], by nonlinearity: any Nonlinearity) -> Value {
    let shapes = values.map(\.shape)
    return append(
      .explicit(
        Block(
          name: name, shape: nonlinearity.outputShape(portShapes: shapes)!, nonlinearity: nonlinearity,
          portShapes: shapes,
          terms: values.enumerated().map { Term(port: $0, source: $1.source, map: IdentityMap($1.shape)) })))
  }

  /// A layer that adds values of one shape.
  mutating func sum(_ name: String, _ values: [Value]) -> Value {
    append(
      .explicit(
        Block(
          name: name, shape: values[0].shape, nonlinearity: Identity(),
          terms: values.map { Term(source: $0.source, map: IdentityMap($0.shape)) })))
  }

  /// A normalisation along the last axis, with weight and bias.
  mutating func normalization(_ name: String, of value: Value) -> Value {
    let features = value.shape.last!
    let spread = try! Expand<Double>(
      inputShape: [features], shape: value.shape, dim: IntegerList([value.shape.count - 1]))
    var weight = draws.tensor([features])
    for index in weight.elements.indices { weight.elements[index] += 1 }
    return append(
      .explicit(
        Block(
          name: name, shape: value.shape,
          nonlinearity: try! LayerNormalization(normalizedShape: IntegerList([features])),
          portShapes: [[Int]](repeating: value.shape, count: 3),
          terms: [Term(source: value.source, map: IdentityMap(value.shape))],
          offsets: [
            Offset(port: 1, tensor: weight, map: spread, parameter: "\(name).weight"),
            Offset(port: 2, tensor: draws.tensor([features]), map: spread, parameter: "\(name).bias"),
          ])))
  }
}
