import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

extension EquilibriumModel {
  /// The equilibrium model of a network, by the theorem (Theory, "The theorem").
  ///
  /// An explicit layer becomes a block of the same name. An implicit layer `core` becomes the blocks of its
  /// model, `core.z`, whose input injection reads the layer's source. Weights are shared, not copied.
  ///
  /// This is the converter's own substitution of implicit layers. The judge has another (`EquationSystem`
  /// in `Equivalence`), on purpose: a proof must not share code with what it proves, or one fault would
  /// pass both.
  ///
  /// - Complexity: O(layers + terms); no number is read.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public init(converting network: Network<S>) {
    var conversion = Conversion(network: network)
    for index in network.layers.indices { conversion.append(network.layers[index], at: index) }
    // A valid network gives a valid model: the sizes are the network's, and names are made unique.
    let model = try! EquilibriumModel(
      inputShape: network.inputShape, blocks: conversion.blocks,
      output: conversion.readOut[network.output], signature: network.signature)
    // If an equilibrium model is the whole network, its places are the layer's: of several entries at one
    // place either none carries its name, or all do.
    let unnamed = model.unnamedPlaces
    self = unnamed.isEmpty ? model : model.withoutPlaceNames { unnamed.contains($0) }
  }
}

private struct Conversion<S: Scalar> {
  /// The position of the block that holds each layer's value.
  let readOut: [Int]
  private(set) var blocks: [Block<S>] = []
  private var names: Set<String> = []
  private let explicitNames: Set<String>

  init(network: Network<S>) {
    var next = 0
    readOut = network.layers.map { layer in
      switch layer {
      case .explicit:
        defer { next += 1 }
        return next
      case .implicit(let layer):
        defer { next += layer.model.blocks.count }
        return next + layer.model.output
      }
    }
    explicitNames = Set(
      network.layers.compactMap { layer in
        if case .explicit(let block) = layer { block.name } else { nil }
      })
  }

  mutating func append(_ layer: Layer<S>, at index: Int) {
    switch layer {
    case .explicit(var block):
      for term in block.terms.indices { block.terms[term].source = source(block.terms[term].source) }
      names.insert(block.name)
      blocks.append(block)
    case .implicit(let layer):
      let first = blocks.count
      for block in layer.model.blocks { append(block, of: layer, first: first) }
    }
  }

  /// Appends one block of an implicit layer whose blocks begin at position `first`.
  private mutating func append(_ block: Block<S>, of layer: ImplicitLayer<S>, first: Int) {
    var block = block
    block.name = unique(layer.fullName(block.name))
    for index in block.terms.indices {
      let term = block.terms[index]
      block.terms[index].parameter = term.parameter.map(layer.fullName)
      switch term.source {
      case .input: block.terms[index].source = source(layer.source)
      case .node(let inner): block.terms[index].source = .node(first + inner)
      }
    }
    for index in block.offsets.indices {
      block.offsets[index].parameter = block.offsets[index].parameter.map(layer.fullName)
    }
    blocks.append(block)
  }

  private func source(_ source: Source) -> Source {
    switch source {
    case .input: .input
    case .node(let layer): .node(readOut[layer])
    }
  }

  /// The name, followed by as many `'` as it takes to be unique.
  private mutating func unique(_ name: String) -> String {
    var name = name
    while explicitNames.contains(name) || !names.insert(name).inserted { name += "'" }
    return name
  }
}
