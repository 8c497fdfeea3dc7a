import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// An explicit network: a graph of layers, each evaluated once, after its sources (Theory, "Explicit
/// networks").
///
/// Layers may be listed in any order; several layers may read the same source.
public struct Network<S: Scalar>: Sendable {
  /// The shape of one sample of the input.
  public let inputShape: [Int]
  /// The layers, in the order of the file.
  public let layers: [Layer<S>]
  /// The position of the layer whose value is the output.
  public let output: Int
  /// The positions of all layers, each after its sources.
  public let order: [Int]
  /// The names and shapes of the tensors of which the input and the output consist.
  public let signature: ModelSignature

  /// A network of these layers.
  ///
  /// - Throws: `InvalidModel` if sizes do not fit, names clash, a source does not exist, or layers read
  ///   each other in a cycle.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public init(
    inputShape: [Int], layers: [Layer<S>], output: Int, signature: ModelSignature = .unnamed
  ) throws(InvalidModel) {
    guard layers.indices.contains(output) else {
      throw InvalidModel("output: expected one of \(layers.count) layers, found position \(output)")
    }
    try validateNames(layers.map(\.name), of: "layer")
    let sizes = layers.map(\.size)
    for layer in layers { try layer.validate(inputSize: inputShape.reduce(1, *), sizes: sizes) }
    try validateParameters(of: layers)
    if let problem = signature.problem(inputSize: inputShape.reduce(1, *), outputSize: sizes[output]) {
      throw InvalidModel(problem)
    }
    self.signature = signature
    self.inputShape = inputShape
    self.layers = layers
    self.output = output
    self.order = try evaluationOrder(of: layers)
  }

  /// The number of input coordinates.
  public var inputSize: Int { inputShape.reduce(1, *) }

  /// The number of output coordinates.
  public var outputSize: Int { layers[output].size }

  /// The number of layers on the longest path that ends in the output, at least 1.
  public var depth: Int {
    var depths = [Int](repeating: 0, count: layers.count)
    for index in order {
      depths[index] = 1 + (layers[index].nodeSources.map { depths[$0] }.max() ?? 0)
    }
    return depths[output]
  }

  /// All parameters by their full names, `fc1.weight`, in the order of the layers.
  public var parameters: ParameterTensors<S> {
    var all = ParameterTensors<S>()
    for layer in layers {
      let own = layer.parameters
      for name in own.names where all[name] == nil { all.add(own[name]!, to: name) }
    }
    return all
  }

  /// The same network in another precision, every number rounded to nearest.
  public func cast<T: Scalar>(to type: T.Type) -> Network<T> {
    if let same = self as? Network<T> { return same }
    return Network<T>(
      unchecked: inputShape, layers: layers.map { $0.cast(to: type) }, output: output, order: order,
      signature: signature)
  }

  fileprivate init(
    unchecked inputShape: [Int], layers: [Layer<S>], output: Int, order: [Int], signature: ModelSignature
  ) {
    self.inputShape = inputShape
    self.layers = layers
    self.output = output
    self.order = order
    self.signature = signature
  }
}

/// Checks that entries with the same parameter hold the same numbers: a tied weight.
private func validateParameters<S>(of layers: [Layer<S>]) throws(InvalidModel) {
  var known: [String: Tensor<S>] = [:]
  for layer in layers {
    for (name, tensor) in layer.carriedParameters {
      guard known.updateValue(tensor, forKey: name)?.isIdentical(to: tensor) ?? true else {
        throw InvalidModel("parameter \"\(name)\": expected the same numbers everywhere, found others")
      }
    }
  }
}

extension Layer {
  /// The name and tensor of every entry of an explicit layer that has a parameter.
  fileprivate var carriedParameters: [(name: String, tensor: Tensor<S>)] {
    guard case .explicit(let block) = self else {
      let own = parameters
      return own.names.map { ($0, own[$0]!) }
    }
    let terms = block.terms.compactMap { term in
      term.map.parameter.flatMap { tensor in term.parameter.map { (name: $0, tensor: tensor) } }
    }
    return terms
      + block.offsets.compactMap { offset in offset.parameter.map { (name: $0, tensor: offset.tensor) } }
  }
}

private func evaluationOrder<S>(of layers: [Layer<S>]) throws(InvalidModel) -> [Int] {
  let sources = layers.map(\.nodeSources)
  var order: [Int] = []
  for component in stronglyConnectedComponents(sources: sources) {
    guard component.count == 1, !sources[component[0]].contains(component[0]) else {
      let names = component.prefix(4).map { "\"\(layers[$0].name)\"" }.joined(separator: ", ")
      throw InvalidModel(
        "inputs: expected layers without a cycle, found one through \(names)"
          + (component.count > 4 ? ", …" : ""))
    }
    order.append(component[0])
  }
  return order
}
