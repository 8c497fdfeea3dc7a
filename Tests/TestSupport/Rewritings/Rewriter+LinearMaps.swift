import Blocks
import LinearAlgebra
import Networks
import Operators

/// Products of matrices, and the forms in which one is stored and applied.
extension Rewriter {
  mutating func composeLinear() -> Bool {
    for (index, block) in blocks(where: { $0.nonlinearity is Identity && $0.portShapes.count == 1 }) {
      guard let matrices = exactMatrices(of: block), let vectors = exactVectors(of: block) else { continue }
      let readers = terms { $0.source == .node(index) }
      for (reader, term) in readers where !(term.map is IdentityMap<Double>) || draws.chance(0.2) {
        guard let outer = term.map.exactMatrix else { continue }
        let inner = matrices.compactMap { product(outer, $0) }
        let constants = vectors.compactMap { product(outer, $0) }
        guard inner.count == matrices.count, constants.count == vectors.count else { continue }
        var layer = self.block(reader.layer)!
        layer.terms.remove(at: reader.term)
        for (matrix, read) in zip(inner, block.terms) {
          layer.terms.append(Term(port: term.port, source: read.source, map: DenseMap(matrix)))
        }
        layer.offsets += constants.map { Offset(port: term.port, vector: $0) }
        replace(reader.layer, by: layer)
        if explicitReaders(of: index)?.isEmpty == true { remove(index) }
        return true
      }
    }
    return false
  }

  private func exactMatrices(of block: Block<Double>) -> [Matrix<Double>]? {
    let matrices = block.terms.compactMap(\.map.exactMatrix)
    return matrices.count == block.terms.count ? matrices : nil
  }

  private func exactVectors(of block: Block<Double>) -> [[Double]]? {
    let vectors = block.offsets.compactMap(\.exactVector)
    return vectors.count == block.offsets.count ? vectors : nil
  }

  mutating func splitLinear() -> Bool {
    for (reader, term) in terms(where: \.isDense) {
      let weight = term.map.matrix
      let form = draws.integer(0...4)
      let split: Term<Double>?
      switch form {
      case 0: split = permutedInside(weight, term)
      case 1: split = scaledInside(weight, term)
      case 2: split = scaledOutside(weight, term)
      case 3: split = stacked(weight, term)
      default: split = widened(weight, term)
      }
      guard let split else { continue }
      self[reader] = split
      return true
    }
    return false
  }

  /// `W x = (W Pᵀ)(P x)`.
  private mutating func permutedInside(_ weight: Matrix<Double>, _ term: Term<Double>) -> Term<Double>? {
    guard weight.columns > 1 else { return nil }
    let order = (0..<weight.columns).shuffled(using: &draws.generator)
    let columns = weight.transposed.rowArrays
    let map: any LinearMap<Double> =
      draws.chance(0.5)
      ? gathering(order, of: weight.columns)
      : DenseMap(identityMatrix(weight.columns).selectingRows(order))
    let hidden = append("inner", [weight.columns], [(term.source, map)])
    return Term(
      port: term.port, source: hidden, map: DenseMap(Matrix(order.map { columns[$0] }).transposed))
  }

  /// Powers of two, one for each coordinate.
  private mutating func powersOfTwo(_ count: Int) -> [Double] {
    (0..<count).map { _ in Double(sign: .plus, exponent: draws.integer(-2...2), significand: 1) }
  }

  private func diagonal(_ numbers: [Double]) -> any LinearMap<Double> {
    try! Scale<Double>(inputShape: [numbers.count], weight: Tensor(numbers))
  }

  /// `W x = (W D⁻¹)(D x)`.
  private mutating func scaledInside(_ weight: Matrix<Double>, _ term: Term<Double>) -> Term<Double>? {
    let powers = powersOfTwo(weight.columns)
    guard let inner = product(weight, diagonal(powers.map { 1 / $0 }).matrix) else { return nil }
    let hidden = append("inner", [weight.columns], [(term.source, diagonal(powers))])
    return Term(port: term.port, source: hidden, map: DenseMap(inner))
  }

  /// `W x = D⁻¹ (D W x)`.
  private mutating func scaledOutside(_ weight: Matrix<Double>, _ term: Term<Double>) -> Term<Double>? {
    let powers = powersOfTwo(weight.rows)
    guard let inner = product(diagonal(powers).matrix, weight) else { return nil }
    let hidden = append("inner", [weight.rows], [(term.source, DenseMap(inner))])
    return Term(port: term.port, source: hidden, map: diagonal(powers.map { 1 / $0 }))
  }

  /// `W x` as the first rows of `[W; R] x`.
  private mutating func stacked(_ weight: Matrix<Double>, _ term: Term<Double>) -> Term<Double>? {
    let more = draws.integer(1...2)
    let rest = draws.tensor([more, weight.columns], inputs: weight.columns).elements
    let tall = Matrix(
      rows: weight.rows + more, columns: weight.columns,
      elements: weight.elements + (draws.chance(0.5) ? rest : rest.map { _ in 0 }))
    let hidden = append("inner", [tall.rows], [(term.source, DenseMap(tall))])
    return Term(port: term.port, source: hidden, map: slice([tall.rows], axis: 0, 0..<weight.rows))
  }

  /// `W x = [W, 0] [x; R x]`.
  private mutating func widened(_ weight: Matrix<Double>, _ term: Term<Double>) -> Term<Double>? {
    let size = weight.columns
    let rest = draws.tensor([1, size], inputs: size).elements
    let tall = Matrix(
      rows: size + 1, columns: size, elements: identityMatrix(size).elements + rest)
    let hidden = append("inner", [size + 1], [(term.source, DenseMap(tall))])
    let wide = Matrix(weight.rowArrays.map { $0 + [0] })
    return Term(port: term.port, source: hidden, map: DenseMap(wide))
  }

  mutating func transposeMatrix() -> Bool {
    for (reader, term) in terms(where: { $0.isDense || $0.map is Linear<Double> }) {
      let weight = Matrix(
        rows: term.map.parameterShape![0], columns: term.map.parameterShape![1],
        elements: term.map.parameter!.elements)
      let map: (any LinearMap<Double>)?
      if let linear = term.map as? Linear<Double> {
        map = try? Linear<Double>(
          inputShape: linear.inputShape, weight: Tensor(weight.transposed), dim: linear.dim,
          transposed: !linear.transposed)
      } else {
        let size = term.map.inputSize
        let (shape, dim) = draws.element(of: [
          ([size], -1), ([size, 1], 0), ([1, size], -1), ([size, 1], -2),
        ])
        let isTransposed = draws.chance(0.7)
        map = try? Linear<Double>(
          inputShape: shape, weight: Tensor(isTransposed ? weight.transposed : weight), dim: dim,
          transposed: isTransposed)
      }
      guard let map else { continue }
      // The same parameter, stored otherwise, unless another layer has it as it was.
      let survives =
        term.parameter.map { isAlone($0) || map.parameterShape == term.map.parameterShape } == true
      let isSame = map.parameter.map { $0 == term.map.parameter } ?? false
      self[reader] = Term(
        port: term.port, source: term.source, map: map,
        parameter: survives && (isSame || isAlone(term.parameter!)) ? term.parameter : nil)
      return true
    }
    return false
  }

  mutating func separateBias() -> Bool {
    for (index, block) in blocks(where: { !$0.offsets.isEmpty }) {
      let ports = Set(block.offsets.map(\.port)).intersection(block.terms.map(\.port)).sorted()
      guard let port = ports.randomElement(using: &draws.generator) else { continue }
      var changed = block
      let shape = block.portShapes[port]
      let product = append(
        Block(
          name: "\(block.name)_product", shape: shape, nonlinearity: Identity(),
          terms: block.terms.filter { $0.port == port }.map {
            Term(source: $0.source, map: $0.map, parameter: $0.parameter)
          }))
      changed.terms.removeAll { $0.port == port }
      var read = product
      if draws.chance(0.5) {
        let bias = block.offsets.filter { $0.port == port }.map { offset in
          var offset = offset
          offset.port = 0
          return offset
        }
        read = append(
          Block(
            name: "\(block.name)_sum", shape: shape, nonlinearity: Identity(),
            terms: [Term(source: product, map: IdentityMap(shape))], offsets: bias))
        changed.offsets.removeAll { $0.port == port }
      }
      changed.terms.append(Term(port: port, source: read, map: IdentityMap(shape)))
      replace(index, by: changed)
      return true
    }
    return false
  }

  mutating func writeOutMap(where isWanted: (Term<Double>) -> Bool) -> Bool {
    for (reader, term) in terms(where: { isWanted($0) && !$0.isDense }) {
      guard let matrix = term.map.exactMatrix else { continue }
      self[reader] = Term(port: term.port, source: term.source, map: DenseMap(matrix))
      return true
    }
    return false
  }

  /// Says where each output of an index map comes from in another way.
  mutating func respellIndexMap() -> Bool {
    for (reader, term) in terms(where: { !$0.map.hasNumbers && $0.map.inputSize > 0 }) {
      let map = term.map
      var sources = [Int?](repeating: nil, count: map.outputSize)
      for row in sources.indices { map.forEachEntry(inRow: row) { column, _ in sources[row] = column } }
      let places = sources.compactMap { $0 }
      let other: any LinearMap<Double>
      if places.count == sources.count {
        other =
          places == Array(0..<map.inputSize) && draws.chance(0.5)
          ? IdentityMap([map.inputSize]) : gathering(places, of: map.inputSize)
      } else if places == Array(0..<map.inputSize), let start = sources.firstIndex(where: { $0 != nil }),
        sources[start..<start + places.count].allSatisfy({ $0 != nil })
      {
        let padding = [start, sources.count - start - places.count]
        other =
          map is Place<Double>
          ? try! Pad<Double>(inputShape: [places.count], padding: padding)
          : place([places.count], axis: 0, start: start, of: sources.count)
      } else {
        continue
      }
      self[reader] = Term(port: term.port, source: term.source, map: other)
      return true
    }
    return false
  }
}

extension LinearMap<Double> {
  /// Whether some entry is a number other than 1, or a parameter.
  fileprivate var hasNumbers: Bool {
    if parameterShape != nil { return true }
    for row in 0..<outputSize {
      var (count, isOne) = (0, true)
      forEachEntry(inRow: row) { _, value in
        count += 1
        if value != 1 { isOne = false }
      }
      if count > 1 || !isOne { return true }
    }
    return false
  }
}
