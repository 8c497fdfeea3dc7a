import Blocks
import LinearAlgebra
import Operators

/// Simpler blocks of the same size: the steps by which a layer shrinks.
extension Block<Double> {
  /// Whether the block is a dense layer: matrices, plain biases and an activation.
  package var isDense: Bool {
    portShapes == [shape] && nonlinearity is any Activation && terms.allSatisfy { $0.map is DenseMap<Double> }
      && offsets.allSatisfy { $0.map == nil }
  }

  /// The block without its offsets, without one of them, without a term, without its last port.
  var withLess: [Block] {
    var simpler: [Block] = []
    if !offsets.isEmpty { simpler.append(changed { $0.offsets = [] }) }
    if offsets.count > 1 {
      simpler += offsets.indices.map { index in changed { $0.offsets.remove(at: index) } }
    }
    if terms.count > 1 { simpler += terms.indices.map { index in changed { $0.terms.remove(at: index) } } }
    let last = portShapes.count - 1
    if last > 0, nonlinearity.outputShape(portShapes: portShapes.dropLast())?.reduce(1, *) == size {
      simpler.append(keepingPorts(last, nonlinearity))
    }
    return simpler
  }

  /// The block without a nonlinearity, with plain maps, with a constant of an operator at its default.
  var withSimplerOperators: [Block] {
    var simpler: [Block] = []
    let isPlain = nonlinearity is Identity && portShapes.count == 1
    if !isPlain, portSizes[0] == size { simpler.append(keepingPorts(1, Identity())) }
    simpler += nonlinearity.withDefaults.filter {
      $0.outputShape(portShapes: portShapes)?.reduce(1, *) == size
    }.map { other in changed { $0.nonlinearity = other } }
    for index in terms.indices {
      let map = terms[index].map
      if map.inputSize == map.outputSize, !(map is IdentityMap<Double>), !(map is DenseMap<Double>) {
        simpler.append(
          changed { block in
            block.terms[index].map = IdentityMap(map.inputShape)
            block.terms[index].parameter = nil
          })
      }
      simpler += map.withDefaults.map { other in changed { $0.terms[index].map = other } }
    }
    return simpler
  }

  /// The block with zeros, or else integers, in a tensor.
  var withSimplerNumbers: [Block] {
    let roundings: [(Double) -> Double] = [{ _ in 0 }, { $0.rounded() }]
    return roundings.flatMap { round -> [Block] in
      let terms = terms.indices.compactMap { index -> Block? in
        let map = self.terms[index].map
        guard let other = map.parameter?.rounded(by: round), let map = map.with(parameter: other)
        else { return nil }
        return changed { $0.terms[index].map = map }
      }
      let offsets = offsets.indices.compactMap { index -> Block? in
        self.offsets[index].tensor.rounded(by: round).map { other in
          changed { $0.offsets[index] = $0.offsets[index].replacing(other) }
        }
      }
      return terms + offsets
    }
  }

  private func changed(_ change: (inout Block) -> Void) -> Block {
    var block = self
    change(&block)
    return block
  }

  /// The block of its first ports, with another nonlinearity.
  private func keepingPorts(_ count: Int, _ nonlinearity: any Nonlinearity) -> Block {
    Block(
      name: name, shape: shape, nonlinearity: nonlinearity,
      portShapes: count == 1 && nonlinearity is Identity ? [shape] : Array(portShapes.prefix(count)),
      terms: terms.filter { $0.port < count }, offsets: offsets.filter { $0.port < count })
  }
}

extension Tensor<Double> {
  /// The tensor of other numbers, or nil where they are the same.
  fileprivate func rounded(by round: (Double) -> Double) -> Tensor? {
    let other = elements.map(round)
    // A zero that loses its sign is no simpler number.
    return other == elements ? nil : Tensor(shape: shape, elements: other)
  }
}

extension Nonlinearity {
  /// The nonlinearity with one of its attributes at the default.
  fileprivate var withDefaults: [any Nonlinearity] {
    attributes.defaults(of: Self.schema).compactMap { try? Self(attributes: $0) }
  }
}

extension LinearMap<Double> {
  /// The map with one of its attributes at the default, where that leaves its sizes.
  fileprivate var withDefaults: [any LinearMap<Double>] {
    attributes.defaults(of: Self.schema).compactMap { attributes in
      let other = try? Self(inputShape: inputShape, parameter: parameter, attributes: attributes)
      return other?.outputSize == outputSize ? other : nil
    }
  }
}

extension Attributes {
  /// The attributes, each time with another one at the default that was not there.
  fileprivate func defaults(of schema: OperatorSchema) -> [Attributes] {
    schema.attributes.compactMap { attribute in
      guard let value = attribute.defaultValue, value != self[attribute.name] else { return nil }
      return setting(attribute.name, to: value)
    }
  }
}
