import Blocks
import Equilibria
import LinearAlgebra
import Operators
import RandomNetworks

/// A change of how an equilibrium model is written that leaves its equations alone: what a checker must not mistake for a
/// fault.
public struct Rewriting: Sendable {
  /// The sorts of changes.
  public enum Kind: String, CaseIterable, Sendable {
    /// A constant of a linear map has another value that means the same: an axis counted from the end, a padding of
    /// `"same"` in numbers.
    case attributeRespelled
    /// A map reads its source in another shape with the same entries.
    case viewChanged
    /// A map is the matrix of its entries, and carries no parameter.
    case mapWrittenOut
    /// A constant summand is a vector as long as its port, and carries no parameter, nor do others of the port.
    case offsetWrittenOut
    /// The terms and offsets of a block stand in another order.
    case entriesShuffled
  }

  /// What was done.
  public let kind: Kind
  /// The model, written otherwise.
  public let model: EquilibriumModel<Double>
  /// Where, in the model's names.
  public let place: String

  /// A rewriting of this kind at a random place of `model`, or nil where the model has no place for it.
  public static func made(
    in model: EquilibriumModel<Double>, kind: Kind, using generator: inout SeededGenerator
  ) -> Rewriting? {
    var planting = FaultPlanting(model: model, kind: .mapReplaced, generator: generator)
    defer { generator = planting.generator }
    var blocks = model.blocks
    let place: String?
    switch kind {
    case .attributeRespelled: place = planting.respellAttribute(&blocks)
    case .viewChanged: place = planting.changeView(&blocks)
    case .mapWrittenOut: place = planting.writeOutMap(&blocks)
    case .offsetWrittenOut: place = planting.writeOutOffset(&blocks)
    case .entriesShuffled: place = planting.shuffleEntries(&blocks)
    }
    guard let place,
      let rewritten = try? EquilibriumModel(
        inputShape: model.inputShape, blocks: blocks, output: model.output, form: model.form)
    else { return nil }
    return Rewriting(kind: kind, model: rewritten, place: place)
  }
}

extension FaultPlanting {
  fileprivate mutating func respellAttribute(_ blocks: inout [Block<Double>]) -> String? {
    var candidates: [(Entry, any LinearMap<Double>)] = []
    for entry in entries(where: { _ in true }) {
      let map = self[entry].map
      for (_, other) in map.attributeChanges(using: &generator) where says(map, other) {
        candidates.append((entry, other))
      }
    }
    return replace(candidates, in: &blocks)
  }

  /// Whether two maps have the same entries, and the same gradient of their parameter.
  private func says(_ map: any LinearMap<Double>, _ other: any LinearMap<Double>) -> Bool {
    map.says(what: other) && (map.parameterShape == nil || map.followsParameter(as: other))
  }

  fileprivate mutating func changeView(_ blocks: inout [Block<Double>]) -> String? {
    var candidates: [(Entry, any LinearMap<Double>)] = []
    var draws = Draws(generator: generator, settings: NetworkGenerator())
    defer { generator = draws.generator }
    for entry in entries(where: { _ in true }) {
      let map = self[entry].map
      for rank in 1...4 {
        let view = draws.factorization(of: map.inputSize, rank: rank)
        guard view != map.inputShape else { continue }
        let other = try? type(of: map).init(
          inputShape: view, parameter: map.parameter, attributes: map.attributes)
        if let other, says(map, other) { candidates.append((entry, other)) }
      }
    }
    return replace(candidates, in: &blocks)
  }

  private mutating func replace(
    _ candidates: [(Entry, any LinearMap<Double>)], in blocks: inout [Block<Double>]
  ) -> String? {
    guard let (entry, map) = candidates.randomElement(using: &generator) else { return nil }
    blocks[entry.block].terms[entry.term].map = map
    return place(of: entry)
  }

  fileprivate mutating func writeOutMap(_ blocks: inout [Block<Double>]) -> String? {
    let maps = entries(where: { !$0.isDense }, alone: true)
    guard let entry = maps.randomElement(using: &generator) else { return nil }
    blocks[entry.block].terms[entry.term].map = DenseMap(self[entry].map.matrix)
    blocks[entry.block].terms[entry.term].parameter = nil
    return place(of: entry)
  }

  fileprivate mutating func writeOutOffset(_ blocks: inout [Block<Double>]) -> String? {
    let places = blocks.indices.flatMap { block in blocks[block].offsets.indices.map { (block, $0) } }
    guard let (block, position) = places.randomElement(using: &generator) else { return nil }
    let offset = blocks[block].offsets[position]
    blocks[block].offsets[position] = Offset(port: offset.port, vector: offset.vector)
    // A place has all its labels or none.
    for other in blocks[block].offsets.indices where blocks[block].offsets[other].port == offset.port {
      blocks[block].offsets[other].parameter = nil
    }
    return model.place(of: offset, in: blocks[block])
  }

  fileprivate mutating func shuffleEntries(_ blocks: inout [Block<Double>]) -> String? {
    let places = blocks.indices.filter { blocks[$0].terms.count > 1 || blocks[$0].offsets.count > 1 }
    guard let block = places.randomElement(using: &generator) else { return nil }
    blocks[block].terms.shuffle(using: &generator)
    blocks[block].offsets.shuffle(using: &generator)
    return "blocks[\(blocks[block].name)]"
  }
}
