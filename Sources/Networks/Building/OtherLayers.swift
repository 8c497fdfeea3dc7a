import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// A nonlinearity of one port as a layer: pooling, softmax, a normalisation without weights.
public struct NonlinearityLayer: NetworkPart {
  private let nonlinearity: any Nonlinearity
  private let name: String?

  /// A layer of this nonlinearity.
  public init(_ nonlinearity: any Nonlinearity, name: String? = nil) {
    (self.nonlinearity, self.name) = (nonlinearity, name)
  }

  public func append(to draft: inout NetworkDraft) throws(InvalidModel) {
    try draft.append(
      draft.name(name), IdentityMap<Double>(draft.shape), bias: nil, activation: nonlinearity)
  }
}

/// `σ(x + f(x))`: parts with a connection around them.
public struct ResidualLayer: NetworkPart {
  private let parts: [any NetworkPart]
  private let activation: any Nonlinearity
  private let name: String?

  /// A layer that adds what the parts read to what they return, which has the same shape.
  public init(
    activation: any Nonlinearity = Identity(), name: String? = nil,
    @NetworkBuilder _ parts: () throws -> [any NetworkPart]
  ) rethrows {
    self.parts = try parts()
    (self.activation, self.name) = (activation, name)
  }

  public func append(to draft: inout NetworkDraft) throws(InvalidModel) {
    let (read, shape) = (draft.last, draft.shape)
    for part in parts { try part.append(to: &draft) }
    let name = draft.name(name)
    guard draft.shape == shape else {
      throw InvalidModel(
        "layer \"\(name)\": expected parts that return the shape that they read, \(shape), found \(draft.shape)"
      )
    }
    guard activation.outputShape(portShapes: [shape]) == shape else {
      throw InvalidModel(
        "layer \"\(name)\": expected an activation that keeps the shape \(shape), found \(activation.description)"
      )
    }
    draft.append(
      .explicit(
        Block(
          name: name, shape: shape, nonlinearity: activation,
          terms: [draft.last, read].map { Term(source: $0, map: IdentityMap(shape)) })))
  }
}

/// The equilibrium of a model as a layer.
public struct EquilibriumLayer: NetworkPart {
  private let model: EquilibriumModel<Double>
  private let name: String?

  /// A layer of this model, whose input is what the layer reads.
  public init(_ model: EquilibriumModel<Double>, name: String? = nil) {
    (self.model, self.name) = (model, name)
  }

  public func append(to draft: inout NetworkDraft) throws(InvalidModel) {
    let name = draft.name(name)
    guard model.inputSize == draft.shape.reduce(1, *) else {
      throw InvalidModel(
        "layer \"\(name)\": expected an input of shape \(model.inputShape), found \(draft.shape)")
    }
    draft.append(.implicit(try ImplicitLayer(name: name, source: draft.last, model: model)))
  }
}
