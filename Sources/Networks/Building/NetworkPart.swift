import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// A layer, or several, before it is known what they read: what `Network(input:seed:_:)` is written with.
///
/// A part learns the shape of what it reads when the network is made, and adds its layers then. A nonlinearity of one
/// port is a part by itself.
public protocol NetworkPart: Sendable {
  /// Adds the part's layers, which read `draft.last`, to a network.
  ///
  /// - Throws: `InvalidModel` that names the layer, where what it reads does not fit.
  func append(to draft: inout NetworkDraft) throws(InvalidModel)
}

/// A network whose layers are added one by one.
public struct NetworkDraft {
  /// The layers so far.
  public private(set) var layers: [Layer<Double>] = []
  /// What the next layer reads: the last layer, or the input.
  public private(set) var last: Source = .input
  /// The shape of one sample of that.
  public private(set) var shape: [Int]
  private var generator: SeededGenerator

  init(input: [Int], seed: UInt64) {
    shape = input
    generator = SeededGenerator(seed: seed)
  }

  /// The name of the next layer: the given one, or its position, `layer3`.
  public func name(_ given: String?) -> String { given ?? "layer\(layers.count)" }

  /// Adds a layer, which the next one reads.
  public mutating func append(_ layer: Layer<Double>) {
    last = .node(layers.count)
    shape = layer.shape
    layers.append(layer)
  }

  /// Numbers uniform within ±1/√fanIn: how `torch.nn.Linear` and `torch.nn.Conv2d` begin (Kaiming's uniform
  /// initialisation with a slope of √5), weights and biases alike.
  ///
  /// - Parameter fanIn: How many numbers each output is a sum over.
  public mutating func uniform(_ shape: [Int], fanIn: Int) -> Tensor<Double> {
    let bound = 1 / Double(max(1, fanIn)).squareRoot()
    let elements = (0..<shape.reduce(1, *)).map { _ in bound * (2 * generator.uniform() - 1) }
    return Tensor(shape: shape, elements: elements)
  }

  /// What `make` returns; an error of its attributes names the layer.
  func located<Value>(_ name: String, _ make: () throws(InvalidConstants) -> Value) throws(InvalidModel)
    -> Value
  {
    do throws(InvalidConstants) { return try make() } catch {
      throw InvalidModel("layer \"\(name)\": \(error.description)")
    }
  }

  /// Adds a linear map with its bias and an activation.
  mutating func append(
    _ name: String, _ map: any LinearMap<Double>, bias: Tensor<Double>?, activation: any Nonlinearity
  ) throws(InvalidModel) {
    let shape = map.outputShape
    guard let output = activation.outputShape(portShapes: [shape]) else {
      throw InvalidModel(
        "layer \"\(name)\": expected what \(activation.description) takes, found shape \(shape)")
    }
    var offsets: [Offset<Double>] = []
    if let bias {
      guard bias.shape == map.biasShape else {
        throw InvalidModel("layer \"\(name)\": bias: expected shape \(map.biasShape), found \(bias.shape)")
      }
      let spread = try located(name) { () throws(InvalidConstants) in
        try Expand<Double>(inputShape: bias.shape, shape: shape, dim: IntegerList(map.biasDims))
      }
      offsets = [
        bias.shape == shape
          ? Offset(tensor: bias, parameter: "\(name).bias")
          : Offset(tensor: bias, map: spread, parameter: "\(name).bias")
      ]
    }
    let parameter = map.parameter == nil ? nil : "\(name).weight"
    append(
      .explicit(
        Block(
          name: name, shape: output, nonlinearity: activation, portShapes: [shape],
          terms: [Term(source: last, map: map, parameter: parameter)], offsets: offsets)))
  }
}
