import Equilibria
import LinearAlgebra
import Operators

/// Faults in an entry of `W_z`, `W_x` or b.
extension FaultPlanting {
  /// An entry of one number at a place of `W_z` that has none; `ranks` are the blocks' places in dependency order.
  mutating func extraEntry(where isWanted: (_ ranks: [Int], _ to: Int, _ from: Int) -> Bool) -> Fault? {
    var ranks = [Int](repeating: 0, count: model.blocks.count)
    for (rank, group) in model.groups.enumerated() {
      for member in group.members { ranks[member] = rank }
    }
    var places: [(to: Int, from: Int)] = []
    for (to, block) in model.blocks.enumerated() {
      let read = Set(block.nodeSources)
      places += model.blocks.indices.filter { isWanted(ranks, to, $0) && !read.contains($0) }.map { (to, $0) }
    }
    guard let (to, from) = places.randomElement(using: &generator) else { return nil }
    return withExtraEntry(to: to, from: .node(from), columns: model.blocks[from].size)
  }

  mutating func extraInputWeight() -> Fault? {
    let places = model.blocks.indices.filter { index in
      !model.blocks[index].terms.contains { $0.source == .input }
    }
    guard let to = places.randomElement(using: &generator) else { return nil }
    return withExtraEntry(to: to, from: .input, columns: model.inputSize)
  }

  mutating func withExtraEntry(to: Int, from source: Source, columns: Int) -> Fault? {
    var blocks = model.blocks
    var matrix = Matrix<Double>(rows: blocks[to].portSizes[0], columns: columns)
    guard let index = matrix.elements.indices.randomElement(using: &generator) else { return nil }
    matrix.elements[index] = nonzero()
    let term = Term(source: source, map: DenseMap(matrix))
    blocks[to].terms.append(term)
    return fault(
      blocks, at: model.place(of: term, in: blocks[to]), row: index / columns, column: index % columns,
      before: "0.0", after: "\(matrix.elements[index])")
  }

  mutating func removedEntry() -> Fault? {
    let entries = entries(where: \.isNonzero)
    let offsets = model.blocks.indices.filter { index in
      model.blocks[index].offsets.contains { $0.vector.contains { $0 != 0 } }
    }
    guard !entries.isEmpty || !offsets.isEmpty else { return nil }
    var blocks = model.blocks
    let choice = Int.random(in: 0..<entries.count + offsets.count, using: &generator)
    if choice < entries.count {
      let entry = entries[choice]
      blocks[entry.block].terms.remove(at: entry.term)
      return fault(blocks, at: place(of: entry), before: "an entry", after: "none")
    }
    let index = offsets[choice - entries.count]
    blocks[index].offsets.removeAll { $0.vector.contains { $0 != 0 } }
    return fault(blocks, at: "b[\(blocks[index].name)]", before: "an entry", after: "none")
  }

  mutating func duplicatedEntry() -> Fault? {
    guard let entry = entries(where: \.isNonzero).randomElement(using: &generator) else { return nil }
    var blocks = model.blocks
    blocks[entry.block].terms.append(self[entry])
    return fault(blocks, at: place(of: entry), before: "one entry", after: "the same twice")
  }

  mutating func transposedWeight() -> Fault? {
    let candidates = entries { term in
      let matrix = term.matrix
      return term.isDense && matrix.rows == matrix.columns
        && !haveSameBits(matrix.elements, matrix.transposed.elements)
    }
    guard let entry = candidates.randomElement(using: &generator) else { return nil }
    var blocks = model.blocks
    blocks[entry.block].terms[entry.term].map = DenseMap(self[entry].matrix.transposed)
    return fault(blocks, at: place(of: entry), before: "a matrix", after: "its transpose")
  }

  mutating func exchangedWeights() -> Fault? {
    let pairs = pairs(of: entries { _ in true }) { a, b in
      let (left, right) = (self[a].matrix, self[b].matrix)
      return self[a].map.outputSize == self[b].map.outputSize
        && self[a].map.inputSize == self[b].map.inputSize
        && !(a.block == b.block && self[a].source == self[b].source)
        && !haveSameBits(left.elements, right.elements)
    }
    guard let (a, b) = pairs.randomElement(using: &generator) else { return nil }
    var blocks = model.blocks
    blocks[a.block].terms[a.term].map = self[b].map
    blocks[b.block].terms[b.term].map = self[a].map
    return fault(blocks, at: place(of: a), before: "its own matrix", after: "that of \(place(of: b))")
  }

  mutating func redirectedEntry() -> Fault? {
    let sources = [(Source.input, model.inputSize)] + model.blocks.enumerated().map { (.node($0), $1.size) }
    var candidates: [(Entry, Source)] = []
    for entry in entries(where: \.isNonzero) {
      let (source, size) = (self[entry].source, self[entry].map.inputSize)
      candidates += sources.filter { $0.0 != source && $0.1 == size && !areTwins($0.0, source) }.map {
        (entry, $0.0)
      }
    }
    guard let (entry, source) = candidates.randomElement(using: &generator) else { return nil }
    var blocks = model.blocks
    blocks[entry.block].terms[entry.term].source = source
    let moved = model.place(of: blocks[entry.block].terms[entry.term], in: blocks[entry.block])
    return fault(blocks, at: place(of: entry), before: "an entry", after: "the entry at \(moved)")
  }

  mutating func exchangedLabels() -> Fault? {
    /// An entry's label, with what it belongs to; `term` is nil for an entry of b.
    struct Label {
      let block: Int
      let term: Int?
      let name: String
      let shape: [Int]
    }
    let labels = model.blocks.enumerated().flatMap { index, block in
      block.terms.enumerated().compactMap { position, term in
        term.parameter.map {
          Label(block: index, term: position, name: $0, shape: term.map.parameterShape ?? [])
        }
      }
        + block.offsets.prefix(1).compactMap { offset in
          offset.parameter.map { Label(block: index, term: nil, name: $0, shape: offset.tensor.shape) }
        }
    }
    let pairs = pairs(of: labels) { a, b in
      let isOneSlot =
        a.block == b.block
        && a.term.map { model.blocks[a.block].terms[$0].source }
          == b.term.map { model.blocks[b.block].terms[$0].source }
      return a.name != b.name && !isOneSlot
    }
    let equal = pairs.filter { $0.0.shape == $0.1.shape }
    guard let (a, b) = (equal.isEmpty ? pairs : equal).randomElement(using: &generator) else { return nil }
    var blocks = model.blocks
    for (label, name) in [(a, b.name), (b, a.name)] {
      if let term = label.term {
        blocks[label.block].terms[term].parameter = name
      } else {
        blocks[label.block].offsets[0].parameter = name
      }
    }
    let first = a.term.map { place(of: Entry(block: a.block, term: $0)) } ?? "b[\(blocks[a.block].name)]"
    return fault(blocks, at: "\(first).parameter", before: a.name, after: b.name)
  }
}
