import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// A layer of a network: explicit, or the equilibrium of a model.
public enum Layer<S: Scalar>: Sendable {
  /// `φ(p_1, …, p_m)` of affine maps of its sources. Its parameters carry their full names.
  case explicit(Block<S>)
  /// The read-out of an equilibrium model.
  case implicit(ImplicitLayer<S>)

  /// The layer's name, unique in its network.
  public var name: String {
    switch self {
    case .explicit(let block): block.name
    case .implicit(let layer): layer.name
    }
  }

  /// The shape of its value, without the batch.
  public var shape: [Int] {
    switch self {
    case .explicit(let block): block.shape
    case .implicit(let layer): layer.model.outputShape
    }
  }

  /// The number of coordinates of its value.
  public var size: Int { shape.reduce(1, *) }

  /// The positions of the layers that it reads.
  public var nodeSources: [Int] {
    switch self {
    case .explicit(let block): return block.nodeSources
    case .implicit(let layer):
      if case .node(let index) = layer.source { return [index] }
      return []
    }
  }

  /// Its parameters by their full names.
  public var parameters: ParameterTensors<S> {
    switch self {
    case .explicit(let block): block.parameters { $0 }
    case .implicit(let layer): layer.parameters
    }
  }

  /// The same layer in another precision.
  public func cast<T: Scalar>(to type: T.Type) -> Layer<T> {
    switch self {
    case .explicit(let block): .explicit(block.cast(to: type))
    case .implicit(let layer):
      .implicit(
        ImplicitLayer<T>(name: layer.name, source: layer.source, labelled: layer.model.cast(to: type)))
    }
  }

  func validate(inputSize: Int, sizes: [Int]) throws(InvalidModel) {
    switch self {
    case .explicit(let block):
      do { try block.validate(inputSize: inputSize, sizes: sizes) } catch {
        throw InvalidModel(error.description.replacingPrefix("block", with: "layer"))
      }
      try validateParameters(of: [block])
    case .implicit(let layer):
      try layer.validate(inputSize: inputSize, sizes: sizes)
    }
  }
}

extension String {
  fileprivate func replacingPrefix(_ prefix: String, with replacement: String) -> String {
    hasPrefix(prefix) ? replacement + dropFirst(prefix.count) : self
  }
}

extension Block {
  /// The parameters of the block's entries, in the order of terms and offsets, each once.
  ///
  /// - Parameter fullName: Turns an entry's name into the one to list it under.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func parameters(fullName: (String) -> String) -> ParameterTensors<S> {
    var parameters = ParameterTensors<S>()
    for term in terms {
      if let name = term.parameter.map(fullName), let tensor = term.map.parameter, parameters[name] == nil {
        parameters.add(tensor, to: name)
      }
    }
    for offset in offsets {
      if let name = offset.parameter.map(fullName), parameters[name] == nil {
        parameters.add(offset.tensor, to: name)
      }
    }
    return parameters
  }
}
