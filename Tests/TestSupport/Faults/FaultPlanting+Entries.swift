import Blocks
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
    let offsets = model.blocks.enumerated().flatMap { index, block in
      block.offsets.indices.filter { block.offsets[$0].vector.contains { $0 != 0 } }.map { (index, $0) }
    }
    guard !entries.isEmpty || !offsets.isEmpty else { return nil }
    var blocks = model.blocks
    let choice = Int.random(in: 0..<entries.count + offsets.count, using: &generator)
    if choice < entries.count {
      let entry = entries[choice]
      blocks[entry.block].terms.remove(at: entry.term)
      return fault(
        blocks, at: place(of: entry), before: "an entry", after: "none",
        subject: type(of: self[entry].map).typeName)
    }
    let (index, offset) = offsets[choice - entries.count]
    let place = model.place(of: blocks[index].offsets.remove(at: offset), in: blocks[index])
    return fault(blocks, at: place, before: "an entry", after: "none")
  }

  mutating func duplicatedEntry() -> Fault? {
    guard let entry = entries(where: \.isNonzero).randomElement(using: &generator) else { return nil }
    var blocks = model.blocks
    blocks[entry.block].terms.append(self[entry])
    return fault(
      blocks, at: place(of: entry), before: "one entry", after: "the same twice",
      subject: type(of: self[entry].map).typeName)
  }

  mutating func transposedWeight() -> Fault? {
    let candidates = entries { term in
      guard term.isDense, let weight = term.map.parameter, weight.shape[0] == weight.shape[1] else {
        return false
      }
      return !haveSameBits(weight.elements, weight.transposed.elements)
    }
    guard let entry = candidates.randomElement(using: &generator) else { return nil }
    var blocks = model.blocks
    blocks[entry.block].terms[entry.term].map = DenseMap(self[entry].map.parameter!.transposed)
    return fault(
      blocks, at: place(of: entry), before: "a matrix", after: "its transpose",
      subject: DenseMap<Double>.typeName)
  }

  mutating func exchangedWeights() -> Fault? {
    let pairs = pairs(of: entries { $0.map.parameterShape != nil }) { a, b in
      let (left, right) = (self[a].map.parameter!, self[b].map.parameter!)
      return left.shape == right.shape && !left.isIdentical(to: right)
        && !(a.block == b.block && self[a].source == self[b].source && self[a].port == self[b].port)
    }
    guard let (a, b) = pairs.randomElement(using: &generator),
      let first = self[a].map.with(parameter: self[b].map.parameter),
      let second = self[b].map.with(parameter: self[a].map.parameter),
      self[a].map.firstDifference(from: first) != nil
    else { return nil }
    var blocks = model.blocks
    blocks[a.block].terms[a.term].map = first
    blocks[b.block].terms[b.term].map = second
    return fault(
      blocks, at: place(of: a), before: "its own weight", after: "that of \(place(of: b))",
      subject: type(of: first).typeName)
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
    return fault(
      blocks, at: place(of: entry), before: "an entry", after: "the entry at \(moved)",
      subject: type(of: self[entry].map).typeName)
  }

  mutating func exchangedLabels() -> Fault? {
    let labels = labels
    let pairs = pairs(of: labels) { a, b in
      // Summands of one place have one gradient, where it is that of a matrix.
      a.name != b.name && a.place != b.place
    }
    let equal = pairs.filter { $0.0.shape == $0.1.shape }
    guard let (a, b) = (equal.isEmpty ? pairs : equal).randomElement(using: &generator) else { return nil }
    var blocks = model.blocks
    for (label, name) in [(a, b.name), (b, a.name)] {
      if label.isTerm {
        blocks[label.block].terms[label.position].parameter = name
      } else {
        blocks[label.block].offsets[label.position].parameter = name
      }
    }
    return fault(blocks, at: "\(a.place).parameter", before: a.name, after: b.name)
  }

  /// An entry's label, with what it belongs to.
  private struct Label {
    let block: Int
    let isTerm: Bool
    let position: Int
    let name: String
    let shape: [Int]
    let place: String
  }

  private var labels: [Label] {
    model.blocks.enumerated().flatMap { index, block in
      let terms = block.terms.enumerated().compactMap { position, term in
        term.parameter.map {
          Label(
            block: index, isTerm: true, position: position, name: $0, shape: term.map.parameterShape ?? [],
            place: model.place(of: term, in: block))
        }
      }
      let offsets = block.offsets.enumerated().compactMap { position, offset in
        offset.parameter.map {
          Label(
            block: index, isTerm: false, position: position, name: $0, shape: offset.tensor.shape,
            place: model.place(of: offset, in: block))
        }
      }
      return terms + offsets
    }
  }
}

extension Tensor<Double> {
  /// The transpose of a matrix.
  fileprivate var transposed: Tensor {
    Tensor(Matrix(rows: shape[0], columns: shape[1], elements: elements).transposed)
  }
}
