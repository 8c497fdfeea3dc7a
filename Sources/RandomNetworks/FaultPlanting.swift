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
    case .activationReplaced: replacedActivation()
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
    }
  }

  subscript(entry: Entry) -> Term<Double> { model.blocks[entry.block].terms[entry.term] }

  /// The entries of `W_z` and `W_x` that `isWanted`; if `alone`, only those that share their place with no other.
  func entries(where isWanted: (Term<Double>) -> Bool, alone: Bool = false) -> [Entry] {
    model.blocks.enumerated().flatMap { index, block in
      block.terms.indices.filter { position in
        let term = block.terms[position]
        let shared = block.terms.filter { $0.source == term.source && $0.port == term.port }.count > 1
        return isWanted(term) && !(alone && shared)
      }.map { Entry(block: index, term: $0) }
    }
  }

  typealias Pair<Element> = (Element, Element)

  func pairs<Element>(of all: [Element], where isWanted: (Element, Element) -> Bool) -> [Pair<Element>] {
    all.indices.flatMap { a in
      all.indices.dropFirst(a + 1).filter { isWanted(all[a], all[$0]) }.map { (all[a], all[$0]) }
    }
  }

  /// Whether two sources are blocks that say the same of the same sources, and therefore have the same value.
  func areTwins(_ a: Source, _ b: Source) -> Bool {
    guard case .node(let a) = a, case .node(let b) = b else { return false }
    let (left, right) = (model.blocks[a], model.blocks[b])
    return left.portShapes == right.portShapes && left.nonlinearity.isIdentical(to: right.nonlinearity)
      && left.terms.count == right.terms.count
      && zip(left.terms, right.terms).allSatisfy { $0.source == $1.source && $0.map.isIdentical(to: $1.map) }
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
    before: String, after: String
  ) -> Fault? {
    guard
      let changed = try? EquilibriumModel(
        inputShape: model.inputShape, blocks: blocks, output: output ?? model.output, form: model.form)
    else { return nil }
    return Fault(
      kind: kind, model: changed, place: place, row: row, column: column, before: before, after: after)
  }
}

extension Offset<Double> {
  /// The offset with another number; one whose numbers are the summand itself.
  func replacing(_ value: Double, at row: Int) -> Offset {
    var changed = vector
    changed[row] = value
    return Offset(port: port, vector: changed, parameter: parameter)
  }
}

extension Term<Double> {
  /// The map written out.
  var matrix: Matrix<Double> { map.matrix }

  /// Whether the matrix itself is what is trained; single numbers are changed in such maps only.
  var isDense: Bool { map is DenseMap<Double> }

  var isNonzero: Bool { map.matrix.elements.contains { $0 != 0 } }
}
