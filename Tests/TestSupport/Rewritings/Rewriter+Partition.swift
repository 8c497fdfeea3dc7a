import Blocks
import LinearAlgebra
import Networks
import Operators

/// The order of layers, and what is one layer.
extension Rewriter {
  mutating func reorderLayers() -> Bool {
    guard layers.count > 1 else { return false }
    let order = layers.indices.shuffled(using: &draws.generator)
    var position = [Int](repeating: 0, count: order.count)
    for (new, old) in order.enumerated() { position[old] = new }
    let names = Set(layers.map(\.name))
    let stem = names.contains { $0.hasPrefix("val_") } ? "value_" : "val_"
    layers = order.enumerated().map { new, old in
      let layer = layers[old].reading { if case .node(let node) = $0 { .node(position[node]) } else { $0 } }
      // An implicit layer's name is part of its parameters' names, which survive.
      guard case .explicit(var block) = layer else { return layer }
      block.name = "\(stem)\(new)"
      return .explicit(block)
    }
    output = position[output]
    for layer in layers { touch(layer.name) }
    return true
  }

  /// Some rows of an elementwise block as a block of their own; nil where a number would be rounded.
  private func part(_ rows: Range<Int>, of block: Block<Double>, name: String) -> Block<Double>? {
    var (terms, offsets) = ([Term<Double>](), [Offset<Double>]())
    for term in block.terms {
      let map: any LinearMap<Double>
      if term.map is IdentityMap<Double> {
        map = slice([block.size], axis: 0, rows)
      } else {
        guard let matrix = term.map.exactMatrix else { return nil }
        map = DenseMap(matrix.selectingRows(Array(rows)))
      }
      terms.append(Term(port: term.port, source: term.source, map: map))
    }
    for offset in block.offsets {
      guard let vector = offset.exactVector else { return nil }
      offsets.append(Offset(port: offset.port, vector: Array(vector[rows])))
    }
    let ports = block.portShapes.map { _ in [rows.count] }
    return Block(
      name: name, shape: [rows.count], nonlinearity: block.nonlinearity, portShapes: ports, terms: terms,
      offsets: offsets)
  }

  mutating func refinePartition() -> Bool {
    for (index, block) in blocks(where: { $0.isElementwise && $0.size > 1 }) {
      let count = draws.integer(2...min(4, block.size))
      let cuts = (1..<block.size).shuffled(using: &draws.generator).prefix(count - 1).sorted()
      let ranges = zip([0] + cuts, cuts + [block.size]).map { $0..<$1 }
      let parts = ranges.compactMap { part($0, of: block, name: "\(block.name)_part") }
      guard parts.count == ranges.count else { continue }
      let sources = parts.map { append($0) }
      let readers = explicitReaders(of: index)
      if let readers, !readers.isEmpty, readers.allSatisfy({ self[$0].isDense }) {
        for reader in readers {
          var layer = self.block(reader.layer)!
          let term = layer.terms[reader.term]
          let weight = term.map.matrix
          let split = zip(sources, ranges).map { source, range in
            Term(port: term.port, source: source, map: DenseMap(weight.columns(range)))
          }
          layer.terms[reader.term] = split[0]
          layer.terms += split.dropFirst()
          replace(reader.layer, by: layer)
        }
        remove(index)
      } else {
        replace(index, by: concatenation(of: sources, ranges, like: block))
      }
      return true
    }
    return false
  }

  /// The block that puts parts together, in place of one that had all coordinates.
  private func concatenation(
    of sources: [Source], _ ranges: [Range<Int>], like block: Block<Double>
  ) -> Block<Double> {
    let terms = zip(sources, ranges).map { source, range in
      Term(source: source, map: place([range.count], axis: 0, start: range.lowerBound, of: block.size))
    }
    return block.with(Identity(), portShapes: [block.shape], terms: terms)
  }

  mutating func coarsenPartition() -> Bool {
    let candidates = blocks { $0.isElementwise && $0.portShapes.count == 1 }
    for (position, (first, a)) in candidates.enumerated() {
      for (second, b) in candidates.dropFirst(position + 1)
      where a.nonlinearity.isIdentical(to: b.nonlinearity)
        && !depends(first, on: second) && !depends(second, on: first)
      {
        guard let merged = merged(a, b) else { continue }
        let source = append(merged)
        let sizes = [0..<a.size, a.size..<a.size + b.size]
        for (index, (block, range)) in zip([first, second], zip([a, b], sizes)) {
          readSlice(range, of: source, size: a.size + b.size, insteadOf: index, block)
        }
        for index in [first, second].sorted(by: >)
        where index != output && !layers.contains(where: { $0.nodeSources.contains(index) }) {
          remove(index)
        }
        return true
      }
    }
    return false
  }

  private func merged(_ a: Block<Double>, _ b: Block<Double>) -> Block<Double>? {
    let size = a.size + b.size
    var (terms, offsets) = ([Term<Double>](), [Offset<Double>]())
    for (block, start) in [(a, 0), (b, a.size)] {
      for term in block.terms {
        guard let matrix = term.map.exactMatrix else { return nil }
        let zeros = { Matrix<Double>(rows: $0, columns: matrix.columns).elements }
        let elements = zeros(start) + matrix.elements + zeros(size - start - block.size)
        terms.append(
          Term(
            source: term.source,
            map: DenseMap(Matrix(rows: size, columns: matrix.columns, elements: elements))))
      }
      for offset in block.offsets {
        guard let vector = offset.exactVector else { return nil }
        let padded =
          [Double](repeating: 0, count: start) + vector
          + [Double](repeating: 0, count: size - start - block.size)
        offsets.append(Offset(vector: padded))
      }
    }
    return Block(
      name: "both", shape: [size], nonlinearity: a.nonlinearity, terms: terms, offsets: offsets)
  }

  /// Makes what reads a layer read some coordinates of a larger one: by wider matrices, or the layer becomes a slice.
  private mutating func readSlice(
    _ range: Range<Int>, of source: Source, size: Int, insteadOf index: Int, _ block: Block<Double>
  ) {
    let slice = Term<Double>(source: source, map: slice([size], axis: 0, range))
    guard let readers = explicitReaders(of: index), !readers.isEmpty,
      readers.allSatisfy({ self[$0].isDense })
    else {
      replace(index, by: block.with(Identity(), portShapes: [block.shape], terms: [slice]))
      return
    }
    for reader in readers {
      let term = self[reader]
      let weight = term.map.matrix
      var wide = Matrix<Double>(rows: weight.rows, columns: size)
      for row in 0..<weight.rows {
        for column in 0..<weight.columns { wide[row, range.lowerBound + column] = weight[row, column] }
      }
      self[reader] = Term(port: term.port, source: source, map: DenseMap(wide))
    }
  }
}

/// The coordinates of a range along an axis.
package func slice(_ shape: [Int], axis: Int, _ range: Range<Int>) -> any LinearMap<Double> {
  try! Slice<Double>(inputShape: shape, dim: axis, start: range.lowerBound, end: range.upperBound)
}

/// A tensor at its place in a larger one along an axis.
package func place(_ shape: [Int], axis: Int, start: Int, of total: Int) -> any LinearMap<Double> {
  try! Place<Double>(inputShape: shape, dim: axis, start: start, total: total)
}

/// The coordinates of these numbers of a vector.
func gathering(_ indices: [Int], of size: Int) -> any LinearMap<Double> {
  try! IndexSelect<Double>(inputShape: [size], dim: 0, index: indices)
}

/// A tensor repeated over a larger one of as many axes, each element times a factor.
func spreading(_ shape: [Int], over large: [Int], factor: Double = 1) -> any LinearMap<Double> {
  let factors = factor == 1 ? [] : [Double](repeating: factor, count: shape.reduce(1, *))
  return try! Expand<Double>(inputShape: shape, shape: large, factors: factors)
}
