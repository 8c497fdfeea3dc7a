import Blocks
import Equilibria
import LinearAlgebra
import Operators

/// Looks for a place for a fault, and plants it there.
struct FaultPlanting {
  let model: EquilibriumModel<Double>
  let kind: Fault.Kind
  var generator: SeededGenerator

  /// Where an entry stands: the block, and the position among its terms.
  struct Entry {
    let block: Int
    let term: Int
  }

  mutating func fault() -> Fault? {
    switch kind {
    case .stateWeightUlp: neighbouringWeight { $0 != .input }
    case .inputWeightUlp: neighbouringWeight { $0 == .input }
    case .biasUlp: neighbouringBias()
    case .weightSignFlipped: flippedWeight()
    case .weightsExchanged: exchangedWeights()
    case .blocksExchanged: exchangedBlocks()
    case .activationReplaced: replacedNonlinearity()
    case .activationConstantUlp: neighbouringConstant()
    case .extraEntryBelowDiagonal: extraEntry { ranks, to, from in ranks[from] < ranks[to] }
    case .extraEntryAboveDiagonal: extraEntry { ranks, to, from in ranks[from] > ranks[to] }
    case .extraEntryOnDiagonal: extraEntry { _, to, from in to == from }
    case .extraInputWeight: extraInputWeight()
    case .extraBias: extraBias()
    case .entryRemoved: removedEntry()
    case .entryDuplicated: duplicatedEntry()
    case .weightTransposed: transposedWeight()
    case .readOutMoved: movedReadOut()
    case .entryRedirected: redirectedEntry()
    case .labelsExchanged: exchangedLabels()
    case .mapAttributeChanged: changedMapAttribute()
    case .nonlinearityAttributeChanged: changedNonlinearityAttribute()
    case .mapReplaced: replacedMap()
    case .portsExchanged: exchangedPorts()
    case .termMoved: movedTerm()
    case .offsetMapChanged: changedOffsetMap()
    }
  }

  subscript(entry: Entry) -> Term<Double> { model.blocks[entry.block].terms[entry.term] }

  /// The entries of `W_z` and `W_x` that `isWanted`; if `alone`, only those that share their place with no other.
  func entries(where isWanted: (Term<Double>) -> Bool, alone: Bool = false) -> [Entry] {
    model.blocks.enumerated().flatMap { index, block in
      block.terms.indices.filter { position in
        isWanted(block.terms[position]) && (!alone || isAlone(Entry(block: index, term: position)))
      }.map { Entry(block: index, term: $0) }
    }
  }

  typealias Pair<Element> = (Element, Element)

  func pairs<Element>(of all: [Element], where isWanted: (Element, Element) -> Bool) -> [Pair<Element>] {
    all.indices.flatMap { a in
      all.indices.dropFirst(a + 1).filter { isWanted(all[a], all[$0]) }.map { (all[a], all[$0]) }
    }
  }

  /// Whether two sources are blocks that say the same of the same sources, or of such blocks, and therefore have the same
  /// value.
  func areTwins(_ a: Source, _ b: Source, depth: Int = 4) -> Bool {
    guard case .node(let a) = a, case .node(let b) = b, a != b else { return a == b }
    let (left, right) = (model.blocks[a], model.blocks[b])
    return depth > 0 && left.nonlinearity.isIdentical(to: right.nonlinearity)
      && haveSameRows(a, b, depth: depth)
  }

  /// Whether two blocks have the same ports, made of the same sources in the same way.
  func haveSameRows(_ a: Int, _ b: Int, depth: Int = 4) -> Bool {
    let (left, right) = (model.blocks[a], model.blocks[b])
    return left.portShapes == right.portShapes && left.terms.count == right.terms.count
      && zip(left.terms, right.terms).allSatisfy { first, second in
        first.port == second.port && first.map.says(what: second.map)
          && areTwins(first.source, second.source, depth: depth - 1)
      }
      && left.offsets.map(\.port) == right.offsets.map(\.port)
      && left.offsets.map(\.vector) == right.offsets.map(\.vector)
  }

  func place(of entry: Entry) -> String {
    model.place(of: self[entry], in: model.blocks[entry.block])
  }

  mutating func nonzero() -> Double {
    while true {
      let value = generator.normal()
      if value != 0 { return value }
    }
  }

  func fault(
    _ blocks: [Block<Double>], output: Int? = nil, at place: String, row: Int? = nil, column: Int? = nil,
    before: String, after: String, subject: String? = nil
  ) -> Fault? {
    guard
      let changed = try? EquilibriumModel(
        inputShape: model.inputShape, blocks: blocks, output: output ?? model.output, form: model.form)
    else { return nil }
    return Fault(
      kind: kind, subject: subject, model: changed, place: place, row: row, column: column, before: before,
      after: after)
  }

  /// The fault that an entry has another map; it is told by the first number that differs where nothing else stands at
  /// the entry's place. nil where none does.
  func fault(replacing entry: Entry, by map: any LinearMap<Double>, subject: String) -> Fault? {
    guard let difference = self[entry].map.firstDifference(from: map) else { return nil }
    var blocks = model.blocks
    blocks[entry.block].terms[entry.term].map = map
    if map.parameterShape == nil {
      blocks[entry.block].terms[entry.term].parameter = nil
    }
    guard isAlone(entry) else {
      return fault(blocks, at: place(of: entry), before: "a map", after: "another", subject: subject)
    }
    return fault(
      blocks, at: place(of: entry), row: difference.row, column: difference.column,
      before: "\(difference.before)", after: "\(difference.after)", subject: subject)
  }

  /// Whether no other entry stands at the same place.
  func isAlone(_ entry: Entry) -> Bool {
    let term = self[entry]
    return model.blocks[entry.block].terms.filter { $0.source == term.source && $0.port == term.port }.count
      == 1
  }
}

extension LinearMap<Double> {
  /// Whether another map has the same sizes and entries.
  package func says(what other: any LinearMap<Double>) -> Bool {
    inputSize == other.inputSize && outputSize == other.outputSize && firstDifference(from: other) == nil
  }
}

extension Term<Double> {
  var isNonzero: Bool { map.isNonzero }
}
