import Blocks
import LinearAlgebra
import Networks
import Operators

/// Projections, concatenations, slices, permutations and shapes.
extension Rewriter {
  /// Several projections along the last axis of one value become one, of which each is a slice.
  mutating func fuseProjections() -> Bool {
    let all = blocks { block in
      block.terms.count == 1 && block.portShapes.count == 1 && block.nonlinearity is Identity
        && block.terms[0].map.isAlongLastAxis && block.offsets.allSatisfy { $0.exactVector != nil }
    }
    for (_, first) in all {
      let group = all.filter {
        $0.block.terms[0].source == first.terms[0].source
          && $0.block.terms[0].map.inputShape == first.terms[0].map.inputShape
      }
      guard group.count > 1 else { continue }
      fuse(group)
      return true
    }
    return false
  }

  private mutating func fuse(_ group: [(index: Int, block: Block<Double>)]) {
    let maps = group.map(\.block.terms[0].map)
    let widths = maps.map { $0.parameterShape![0] }
    let width = widths.reduce(0, +)
    let weight = Tensor(
      shape: [width, maps[0].parameterShape![1]], elements: maps.flatMap { $0.parameter!.elements })
    let fused = maps[0].with(parameter: weight)!
    let shape = Array(maps[0].inputShape.dropLast()) + [width]
    let rows = shape.dropLast().reduce(1, *)
    let biases = zip(group, widths).map { member, width -> [[[Double]]] in
      member.block.offsets.map { offset in
        let vector = offset.exactVector!
        return (0..<rows).map { Array(vector[$0 * width..<($0 + 1) * width]) }
      }
    }
    // As many summands as the projection that has most.
    let offsets = (0..<(biases.map(\.count).max() ?? 0)).map { summand in
      var vector: [Double] = []
      for row in 0..<rows {
        for (parts, width) in zip(biases, widths) {
          vector += summand < parts.count ? parts[summand][row] : [Double](repeating: 0, count: width)
        }
      }
      return Offset<Double>(vector: vector)
    }
    let source = append(
      Block(
        name: "projections", shape: shape, nonlinearity: Identity(),
        terms: [Term(source: group[0].block.terms[0].source, map: fused)], offsets: offsets))
    var start = 0
    for ((index, block), width) in zip(group, widths) {
      let map = slice(shape, axis: shape.count - 1, start..<start + width)
      replace(
        index,
        by: block.with(Identity(), portShapes: [block.shape], terms: [Term(source: source, map: map)]))
      start += width
    }
  }

  /// A projection becomes several of fewer outputs, put side by side.
  mutating func splitProjection() -> Bool {
    for (reader, term) in terms(where: { $0.map.isAlongLastAxis && $0.map.parameterShape![0] > 1 }) {
      let shape = term.map.parameterShape!
      let cut = draws.integer(1...shape[0] - 1)
      let weight = Matrix(rows: shape[0], columns: shape[1], elements: term.map.parameter!.elements)
      var layer = block(reader.layer)!
      layer.terms.remove(at: reader.term)
      for rows in [0..<cut, cut..<shape[0]] {
        let map = term.map.with(parameter: Tensor(weight.selectingRows(Array(rows))))!
        let part = append("projection", map.outputShape, [(term.source, map)])
        layer.terms.append(
          Term(
            port: term.port, source: part,
            map: place(
              map.outputShape, axis: map.outputShape.count - 1, start: rows.lowerBound, of: shape[0])))
      }
      replace(reader.layer, by: layer)
      return true
    }
    return false
  }

  /// What reads a concatenation reads each of its parts in its place: the same map once for each.
  mutating func pullConcatenationApart() -> Bool {
    for (index, block) in blocks(where: { block in
      block.nonlinearity is Identity && block.portShapes.count == 1 && block.offsets.isEmpty
        && block.terms.count > 1 && block.terms.allSatisfy { $0.map is Place<Double> }
    }) {
      guard let reader = terms(where: { $0.source == .node(index) }).first else { continue }
      var layer = self.block(reader.reader.layer)!
      let term = layer.terms.remove(at: reader.reader.term)
      if let weight = term.map.exactMatrix, draws.chance(0.6) {
        // Columns of the parts.
        for part in block.terms {
          guard let map = product(weight, part.map.matrix) else { return false }
          layer.terms.append(Term(port: term.port, source: part.source, map: DenseMap(map)))
        }
      } else {
        for part in block.terms {
          let placed = append("part", block.shape, [(part.source, part.map)])
          layer.terms.append(
            Term(port: term.port, source: placed, map: term.map, parameter: term.parameter))
        }
      }
      replace(reader.reader.layer, by: layer)
      if explicitReaders(of: index)?.isEmpty == true { remove(index) }
      return true
    }
    return false
  }

  /// Cuts a value into slices along an axis, which are put together again.
  mutating func concatenateSlices() -> Bool {
    let source = readSource()
    let shape = shape(of: source)
    let axes = shape.indices.filter { shape[$0] > 1 }
    guard let axis = axes.randomElement(using: &draws.generator) else { return false }
    let cut = draws.integer(1...shape[axis] - 1)
    insert(behind: source) { rewriter, source in
      let parts = [0..<cut, cut..<shape[axis]].map { range in
        let map = slice(shape, axis: axis, range)
        return (
          rewriter.append("slice", map.outputShape, [(source, map)]),
          place(map.outputShape, axis: axis, start: range.lowerBound, of: shape[axis])
        )
      }
      return rewriter.append("joined", shape, parts.shuffled(using: &rewriter.draws.generator))
    }
    return true
  }

  mutating func insertTransposes() -> Bool {
    let source = readSource()
    var shape = shape(of: source)
    if shape.filter({ $0 > 1 }).count < 2 {
      shape = draws.factorization(of: shape.reduce(1, *), rank: 2)
    }
    guard shape.filter({ $0 > 1 }).count > 1 else { return false }
    var dims = Array(shape.indices)
    while dims == Array(shape.indices) { dims.shuffle(using: &draws.generator) }
    var inverse = dims
    for (position, dim) in dims.enumerated() { inverse[dim] = position }
    let original = self.shape(of: source)
    insert(behind: source) { rewriter, source in
      let there = permuting(shape, dims)
      let middle = rewriter.append("transposed", there.outputShape, [(source, there)])
      let back = permuting(there.outputShape, inverse)
      return rewriter.append("restored", original, [(middle, back)])
    }
    return true
  }

  /// `φ(p) = P⁻¹ φ(P p)` for a permutation P of coordinates.
  mutating func movePermutation() -> Bool {
    guard
      let (index, block) = blocks(where: { $0.nonlinearity is any Activation && $0.size > 1 }).first
    else { return false }
    let read = preactivation(of: block, port: 0)
    let order = (0..<block.size).shuffled(using: &draws.generator)
    var inverse = order
    for (position, place) in order.enumerated() { inverse[place] = position }
    let moved = append("moved", [block.size], block.nonlinearity, [(read, gathering(order, of: block.size))])
    replace(
      index,
      by: block.with(
        Identity(), portShapes: [block.shape],
        terms: [Term(source: moved, map: gathering(inverse, of: block.size))]))
    return true
  }

  /// `φ` of a value in one shape as `φ` of it in another.
  mutating func moveReshape() -> Bool {
    guard let (index, block) = blocks(where: { $0.isElementwise && $0.size > 1 }).first else { return false }
    var shape = draws.factorization(of: block.size, rank: draws.integer(1...3))
    if shape == block.shape { shape = [1] + shape }
    let other = append(
      Block(
        name: "\(block.name)_flat", shape: shape, nonlinearity: block.nonlinearity,
        portShapes: block.portShapes.map { _ in shape }, terms: block.terms, offsets: block.offsets))
    let back = try! Reshape<Double>(inputShape: shape, shape: block.shape)
    replace(
      index,
      by: block.with(
        Identity(), portShapes: [block.shape], terms: [Term(source: other, map: back)]))
    return true
  }
}

/// The axes in another order.
private func permuting(_ shape: [Int], _ dims: [Int]) -> any LinearMap<Double> {
  try! Permute<Double>(inputShape: shape, dims: dims)
}

extension LinearMap<Double> {
  /// Whether it is a matrix `[outputs, inputs]` along the last axis of a tensor.
  fileprivate var isAlongLastAxis: Bool {
    guard let map = self as? Linear<Double>, !map.transposed else { return false }
    return map.dim == -1 || map.dim == inputShape.count - 1
  }
}
