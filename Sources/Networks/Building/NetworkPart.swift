import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// One layer or several with a source that is not known yet: the building block of `Network(input:seed:_:)`.
///
/// A part gets the shape of its source when the network is made, and then adds its layers. A nonlinearity
/// with one port is a part itself.
public protocol NetworkPart: Sendable {
  /// Adds the part's layers, which read `draft.last`, to a network.
  ///
  /// - Throws: `InvalidModel` with the layer, if its source does not fit.
  func append(to draft: inout NetworkDraft) throws(InvalidModel)
}

/// A network under construction.
public struct NetworkDraft {
  /// The layers so far.
  public private(set) var layers: [Layer<Double>] = []
  /// The source of the next layer: the last layer, or the input.
  public private(set) var last: Source = .input
  /// The shape of one sample of the next layer's source.
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

  /// Numbers uniform within ±1/√fanIn: the initial weights and biases of `torch.nn.Linear` and
  /// `torch.nn.Conv2d` (Kaiming's uniform initialisation with a slope of √5).
  ///
  /// - Parameter fanIn: The number of summands of each output.
  public mutating func uniform(_ shape: [Int], fanIn: Int) -> Tensor<Double> {
    let bound = 1 / Double(max(1, fanIn)).squareRoot()
    let elements = (0..<shape.reduce(1, *)).map { _ in bound * (2 * generator.uniform() - 1) }
    return Tensor(shape: shape, elements: elements)
  }

  /// The result of `make`; an error of its attributes names the layer.
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
