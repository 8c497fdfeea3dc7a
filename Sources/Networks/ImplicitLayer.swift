import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// A layer whose value is the read-out of an equilibrium model that is given what the layer reads.
///
/// Every entry of its model is a parameter of the network, called by the layer's name and the entry's own
/// parameter or place: `core.W`, `core.Wz[z,z]`. Of several entries without a parameter at one place the first
/// carries the place's name, since the gradient of a place counts once. A model in matrix form is taken entry by
/// entry.
public struct ImplicitLayer<S: Scalar>: Sendable {
  /// The layer's name.
  public let name: String
  /// What the layer reads.
  public let source: Source
  /// The model, in block form, every entry carrying a name: its parameter, or its place where it is the first there.
  public let model: EquilibriumModel<S>

  /// The layer of this name around `model`.
  ///
  /// - Throws: `InvalidModel` where the place of an entry is spelled like the parameter of another.
  public init(name: String, source: Source, model: EquilibriumModel<S>) throws(InvalidModel) {
    var blocks = model.blocks
    for (index, block) in model.blocks.enumerated() {
      // An entry may carry its place's name already.
      var named = Set(block.terms.filter { $0.parameter == model.place(of: $0, in: block) }.map(\.parameter))
      for (position, term) in block.terms.enumerated()
      where term.parameter == nil && term.map.parameterShape != nil {
        let place = model.place(of: term, in: block)
        if named.insert(place).inserted { blocks[index].terms[position].parameter = place }
      }
      named = Set(block.offsets.filter { $0.parameter == model.place(of: $0, in: block) }.map(\.parameter))
      for (position, offset) in block.offsets.enumerated() where offset.parameter == nil {
        let place = model.place(of: offset, in: block)
        if named.insert(place).inserted { blocks[index].offsets[position].parameter = place }
      }
    }
    self.init(
      name: name, source: source,
      labelled: try EquilibriumModel(inputShape: model.inputShape, blocks: blocks, output: model.output))
  }

  /// The layer around a model whose entries carry full names already.
  init(name: String, source: Source, labelled model: EquilibriumModel<S>) {
    self.name = name
    self.source = source
    self.model = model
  }

  /// The same layer, reading something else.
  public func reading(_ source: Source) -> ImplicitLayer {
    ImplicitLayer(name: name, source: source, labelled: model)
  }

  /// The full name of one of the model's parameters.
  public func fullName(_ parameter: String) -> String {
    name.isEmpty ? parameter : "\(name).\(parameter)"
  }

  var parameters: ParameterTensors<S> {
    var all = ParameterTensors<S>()
    for block in model.blocks {
      let own = block.parameters(fullName: fullName)
      for name in own.names where all[name] == nil { all.add(own[name]!, to: name) }
    }
    return all
  }

  func validate(inputSize: Int, sizes: [Int]) throws(InvalidModel) {
    let available: Int
    switch source {
    case .input: available = inputSize
    case .node(let index):
      guard sizes.indices.contains(index) else {
        throw InvalidModel("layer \"\(name)\": reads a layer that does not exist")
      }
      available = sizes[index]
    }
    guard model.inputSize == available else {
      throw InvalidModel(
        "layer \"\(name)\": a model of \(model.inputSize) input numbers reads \(available)")
    }
  }
}
