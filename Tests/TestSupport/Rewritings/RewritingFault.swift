import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators

/// A rewriting with one number of the result one unit in the last place off, or one other constant or index: no longer
/// the same function.
///
/// A number is changed only if the output's derivative by it is far from 0 at some input, and a constant only if outputs
/// change visibly with it: then the change of one unit in the last place changes the function too.
public struct RewritingFault: Sendable, CustomStringConvertible {
  /// The rewritten network with the mistake.
  public let network: Network<Double>
  /// One line: where, what stood there and what stands there now.
  public let description: String
}

extension NetworkRewriting {
  /// A fault in a layer that the rewriting has made or changed, elsewhere if no number of them has a say, or nil where
  /// none of the network has.
  public func fault(using generator: inout SeededGenerator) -> RewritingFault? {
    let planting = RewritingFaultPlanting(rewriting: self, generator: &generator)
    let isNumber = generator.uniform() < 0.7
    if isNumber, let fault = planting.number(using: &generator) { return fault }
    return planting.constant(using: &generator) ?? planting.number(using: &generator)
  }
}

/// Looks for a number or a constant that has a say, and changes it.
private struct RewritingFaultPlanting {
  let network: Network<Double>
  let places: Set<String>
  let input: Matrix<Double>
  let output: Matrix<Double>

  init(rewriting: NetworkRewriting, generator: inout SeededGenerator) {
    network = rewriting.rewritten
    places = Set(rewriting.places)
    let size = network.inputSize
    input = Matrix(
      rows: 5, columns: size,
      elements: [0.1, 1, 1, 3, 10].flatMap { scale in
        (0..<size).map { _ in scale * generator.normal() }
      })
    output = network.forward(input, solvingBy: .structured(Picard())).output
  }

  /// A number of a parameter: the layer, the block of an implicit layer, the entry and the element.
  private struct Place {
    let layer: Int
    let block: Int
    let isOffset: Bool
    let entry: Int
    var label: String { "#\(layer).\(block).\(isOffset).\(entry)" }
  }

  private func blocks(of layer: Layer<Double>) -> [Block<Double>] {
    switch layer {
    case .explicit(let block): [block]
    case .implicit(let layer): layer.model.blocks
    }
  }

  /// Every entry that holds numbers.
  private var entries: [Place] {
    network.layers.enumerated().flatMap { index, layer in
      blocks(of: layer).enumerated().flatMap { number, block in
        block.terms.indices.filter { block.terms[$0].map.parameterShape != nil }.map {
          Place(layer: index, block: number, isOffset: false, entry: $0)
        } + block.offsets.indices.map { Place(layer: index, block: number, isOffset: true, entry: $0) }
      }
    }
  }

  /// The network with changed blocks.
  private func network(changing change: (Int, Int, inout Block<Double>) -> Void) -> Network<Double>? {
    var layers = network.layers
    for index in layers.indices {
      switch layers[index] {
      case .explicit(var block):
        change(index, 0, &block)
        layers[index] = .explicit(block)
      case .implicit(let layer):
        var blocks = layer.model.blocks
        for number in blocks.indices { change(index, number, &blocks[number]) }
        guard
          let model = try? EquilibriumModel(
            inputShape: layer.model.inputShape, blocks: blocks, output: layer.model.output),
          let other = try? ImplicitLayer(name: layer.name, source: layer.source, model: model)
        else { return nil }
        layers[index] = .implicit(other)
      }
    }
    return try? Network(inputShape: network.inputShape, layers: layers, output: network.output)
  }

  /// The entries' gradients of a random combination of outputs, each entry under a name of its own.
  private func gradients(using generator: inout SeededGenerator) -> [String: Tensor<Double>] {
    let labelled = network { layer, number, block in
      for entry in block.terms.indices where block.terms[entry].map.parameterShape != nil {
        block.terms[entry].parameter =
          Place(layer: layer, block: number, isOffset: false, entry: entry).label
      }
      for entry in block.offsets.indices {
        block.offsets[entry].parameter =
          Place(layer: layer, block: number, isOffset: true, entry: entry).label
      }
    }
    guard let labelled else { return [:] }
    let pass = labelled.forward(input, solvingBy: .structured(Picard()))
    let cotangent = Matrix<Double>(
      rows: input.rows, columns: network.outputSize,
      elements: (0..<input.rows * network.outputSize).map { _ in 0.5 + generator.uniform() })
    let gradients = labelled.backpropagate(cotangent, through: pass, solvingBy: .structured(Picard()))
      .gradients.parameters
    var result: [String: Tensor<Double>] = [:]
    for name in gradients.names {
      // An implicit layer's parameters have its name before their own.
      let label = name.firstIndex(of: "#").map { String(name[$0...]) } ?? name
      result[label] = gradients[name]
    }
    return result
  }

  func number(using generator: inout SeededGenerator) -> RewritingFault? {
    let gradients = gradients(using: &generator)
    let scale = gradients.values.flatMap(\.elements).filter(\.isFinite).map { abs($0) }.max() ?? 0
    guard scale > 1e-6 else { return nil }
    var candidates: [(Place, Int)] = []
    for place in entries {
      guard let gradient = gradients[place.label] else { continue }
      for (element, slope) in gradient.elements.enumerated() where abs(slope) > 1e-5 * max(scale, 1) {
        candidates.append((place, element))
      }
    }
    let near = candidates.filter { places.contains(network.layers[$0.0.layer].name) }
    // Where nothing of the rewriting has a say, as in a layer that nothing reads, the fault stands elsewhere.
    guard let (place, element) = (near.isEmpty ? candidates : near).randomElement(using: &generator) else {
      return nil
    }
    return fault(at: place, element, using: &generator)
  }

  private func fault(
    at place: Place, _ element: Int, using generator: inout SeededGenerator
  ) -> RewritingFault? {
    let block = blocks(of: network.layers[place.layer])[place.block]
    var tensor =
      place.isOffset ? block.offsets[place.entry].tensor : block.terms[place.entry].map.parameter!
    let before = tensor.elements[element]
    tensor.elements[element] = neighbour(of: before, using: &generator)
    let other = place.isOffset ? nil : block.terms[place.entry].map.with(parameter: tensor)
    let changed = network { layer, number, block in
      guard layer == place.layer, number == place.block else { return }
      if place.isOffset {
        block.offsets[place.entry] = block.offsets[place.entry].replacing(tensor)
        // Whatever else has this parameter keeps its numbers.
        block.offsets[place.entry].parameter = nil
      } else if let other {
        block.terms[place.entry].map = other
        block.terms[place.entry].parameter = nil
      }
    }
    guard let changed else { return nil }
    let kind = place.isOffset ? "offset" : "term"
    return RewritingFault(
      network: changed,
      description:
        "\(block.name), \(kind) \(place.entry), element \(element): \(tensor.elements[element]) instead of \(before)"
    )
  }

  /// Another constant of a linear map or of a nonlinearity: an index, an axis, or a number by one unit in the last place.
  func constant(using generator: inout SeededGenerator) -> RewritingFault? {
    var faults: [(trial: Network<Double>, fault: RewritingFault)] = []
    for (index, layer) in network.layers.enumerated() where places.contains(layer.name) {
      for (number, block) in blocks(of: layer).enumerated() {
        for change in changes(of: block, using: &generator).shuffled(using: &generator).prefix(6) {
          let replace = { (other: Block<Double>) in
            network { layer, position, block in
              if layer == index, position == number { block = other }
            }
          }
          guard let trial = replace(change.trial), let changed = replace(change.block) else { continue }
          faults.append(
            (trial, RewritingFault(network: changed, description: "\(block.name): \(change.name)")))
        }
      }
    }
    return faults.shuffled(using: &generator).first { isVisible($0.trial) }?.fault
  }

  /// Whether a network's outputs are other ones.
  private func isVisible(_ other: Network<Double>) -> Bool {
    let values = other.forward(input, solvingBy: .structured(Picard()))
    return (0..<input.rows).contains { row in
      let scale = output.row(row).reduce(0) { max($0, abs($1)) }
      let difference = zip(output.row(row), values.output.row(row)).reduce(0) { max($0, abs($1.0 - $1.1)) }
      return values.converged[row] && scale.isFinite && difference > 1e-6 * max(scale, 1e-3)
        && difference.isFinite
    }
  }

  /// Blocks with one other attribute; `trial` is a block with a larger change of the same attribute, which is to be visible.
  private func changes(
    of block: Block<Double>, using generator: inout SeededGenerator
  ) -> [(name: String, trial: Block<Double>, block: Block<Double>)] {
    var changes: [(name: String, trial: Block<Double>, block: Block<Double>)] = []
    for entry in block.terms.indices {
      let map = block.terms[entry].map
      for (name, other) in map.attributeChanges(using: &generator) {
        var (trial, changed) = (block, block)
        changed.terms[entry].map = other
        guard
          let map = try? type(of: map).init(
            inputShape: map.inputShape, parameter: other.parameter,
            attributes: enlarged(map.attributes, other.attributes))
        else { continue }
        trial.terms[entry].map = map
        changes.append(("\(type(of: map).typeName).\(name)", trial, changed))
      }
    }
    let nonlinearity = block.nonlinearity
    let type = type(of: nonlinearity)
    var others = nonlinearity.attributeChanges(portShapes: block.portShapes, using: &generator)
      .map { ($0.name, $0.nonlinearity) }
    let attributes = nonlinearity.attributes
    for case (let name, .number(let value)) in attributes where value.isFinite {
      let changed = attributes.setting(name, to: .number(neighbour(of: value, using: &generator)))
      if let other = try? type.init(attributes: changed) { others.append((name, other)) }
    }
    for (name, other) in others {
      guard let trial = try? type.init(attributes: enlarged(attributes, other.attributes)) else { continue }
      changes.append(("\(type.typeName).\(name)", block.with(trial), block.with(other)))
    }
    return changes
  }

  /// The attributes with the numbers among them that were changed by a unit in the last place changed by more.
  private func enlarged(_ before: Attributes, _ after: Attributes) -> Attributes {
    before.reduce(after) { attributes, old in
      switch (old.value, after[old.name]!) {
      case (.number(let a), .number(let b)) where a != b:
        attributes.setting(old.name, to: .number(a + (b > a ? 1 : -1) * 1e-4 * max(1, abs(a))))
      case (.numbers(let a), .numbers(let b)) where a != b:
        attributes.setting(
          old.name,
          to: .numbers(
            b.indices.map { index in
              let number = a.isEmpty ? 1 : a[index]
              return number == b[index]
                ? number : number + (b[index] > number ? 1 : -1) * 1e-4 * max(1, abs(number))
            }))
      default: attributes
      }
    }
  }
}
