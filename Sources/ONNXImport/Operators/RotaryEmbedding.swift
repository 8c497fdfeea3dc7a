import FileAccess
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Positions that turn the elements of a sequence.
  static let rotaryEmbeddings: [String: OperatorHandler] = [
    "RotaryEmbedding": .one(["interleaved", "num_heads", "rotary_embedding_dim"]) {
      node throws(ImportFailure) in try node.rotaryEmbedding()
    }
  ]
}

/// Which elements of a head are turned, and which two of them form a pair.
private struct RotatedPairs {
  /// The number of elements that are turned.
  let count: Int
  /// Whether neighbours form a pair; otherwise an element of the first half and one of the second.
  let areNeighbours: Bool

  /// The pair of an element.
  func pair(_ element: Int) -> Int { areNeighbours ? element / 2 : element % (count / 2) }

  /// The other element of an element's pair.
  func partner(_ element: Int) -> Int { areNeighbours ? element ^ 1 : (element + count / 2) % count }

  /// The sign of the sine: `x cos − y sin` is the first element of a pair, `y cos + x sin` the second.
  func sign(_ element: Int) -> Double {
    (areNeighbours ? element % 2 == 0 : element < count / 2) ? -1 : 1
  }
}

extension NodeImport {
  /// Pairs of elements turned by angles that depend on their position (Su et al. 2021).
  ///
  /// Cosines and sines that are constants have no gradient, and the result is linear.
  fileprivate func rotaryEmbedding() throws(ImportFailure) -> Value {
    let given = try input(0)
    let x = try heads(of: given)
    let headAxis = given.shape.count == 4 ? 1 : 2
    let size = x.shape[3]
    let asked = try integer("rotary_embedding_dim") ?? 0
    let pairs = RotatedPairs(
      count: asked == 0 ? size : asked, areNeighbours: try integer("interleaved") ?? 0 != 0)
    guard pairs.count > 0, pairs.count <= size, pairs.count % 2 == 0 else {
      throw .refused(
        "rotary_embedding_dim: expected an even number of up to \(size) elements, found \(pairs.count)")
    }
    let rotated = try selected(x, axis: 3, Array(0..<pairs.count), suffix: "rotated")
    let partners = try selected(rotated, axis: 3, (0..<pairs.count).map(pairs.partner), suffix: "partners")
    let cosines = try factors(1, pairs, of: x, headAxis, "cosines")
    let sines = try factors(2, pairs, of: x, headAxis, "sines")
    let hasRest = pairs.count < size
    let sum = try call(
      "Add",
      [
        call("Mul", [rotated, cosines], named: "\(name)/cosine part"),
        call("Mul", [partners, sines], named: "\(name)/sine part"),
      ], named: hasRest ? "\(name)/turned" : name)
    guard hasRest else { return try reshaped(sum, to: given.extents) }
    let rest = try selected(x, axis: 3, Array(pairs.count..<size), suffix: "rest")
    return try reshaped(
      call("Concat", [sum, rest], ["axis": .integer(3)], named: name), to: given.extents)
  }

  /// The input as `[batch, heads, length, size]`, as it is, or as `[batch, length, heads, size]`.
  private func heads(of value: Value) throws(ImportFailure) -> Value {
    if value.shape.count == 4 { return value }
    guard value.shape.count == 3, let count = try integer("num_heads"), count > 0,
      value.shape[2] % count == 0
    else {
      throw .refused(
        "expected 4 axes, or 3 and a number of heads that divides the last, found shape \(value.shape)")
    }
    return try reshaped(
      value, to: value.extents.prefix(2) + [BatchInteger(count), BatchInteger(value.shape[2] / count)])
  }

  /// The factors of elements or of their partners, as a value that broadcasts over the heads.
  private func factors(
    _ index: Int, _ pairs: RotatedPairs, of x: Value, _ headAxis: Int, _ what: String
  ) throws(ImportFailure) -> Value {
    let positions = hasInput(3) ? try input(3) : nil
    var cache = try floating(input(index))
    guard cache.shape.count == (positions == nil ? 3 : 2), positions?.shape.count ?? 2 == 2 else {
      let axes =
        positions == nil ? "[batch, length, pairs]" : "[positions, pairs] and positions [batch, length]"
      throw .refused(
        "expected \(what) \(axes), found \(([cache] + [positions].compactMap(\.self)).map(\.shape))")
    }
    if case .numbers(let numbers) = cache {
      cache = .numbers(Numbers(numbers.elements, shape: numbers.shape))
    }
    cache = try atPositions(cache, positions, what)
    let (length, count) = (x.shape[headAxis == 1 ? 2 : 1], pairs.count / 2)
    let extents = cache.extents
    guard extents[0] == x.extents[0] || extents[0].known == 1, cache.shape[1...] == [length, count] else {
      throw .refused(
        "expected \(what) for \(length) positions of \(counted(count, "pair")) of elements in each sample, "
          + "found shape \(cache.shape)")
    }
    let signs = (0..<pairs.count).map { index == 1 ? 1 : pairs.sign($0) }
    let places = (0..<pairs.count).map(pairs.pair)
    if case .numbers(let numbers) = cache {
      let (all, rows) = (numbers.elements, cache.shape[0] * length)
      try ImportLimits.charge(checkedCount(of: [rows, pairs.count]))
      let factors = (0..<rows).flatMap { row in
        places.indices.map { signs[$0] * all[row * count + places[$0]] }
      }
      var shape = [cache.shape[0], length, pairs.count]
      shape.insert(1, at: headAxis)
      return .numbers(try factorsAcrossBatch(factors, shape, x, "positions"))
    }
    let repeated = try selected(cache, axis: 2, places, suffix: "\(what)/of elements")
    let signed = try call(
      "Mul", [repeated, .numbers(Numbers(signs, shape: [pairs.count]))], named: "\(name)/\(what)")
    return .variable(try inserted([headAxis], in: variable(signed)))
  }

  /// The rows of a table at each position; the table itself without positions.
  private func atPositions(
    _ table: Value, _ positions: Value?, _ what: String
  ) throws(ImportFailure) -> Value {
    guard let positions else { return table }
    guard case .numbers(let numbers) = table, case .integers(let integers) = positions else {
      return try call("Gather", [table, positions], named: "\(name)/\(what)/at positions")
    }
    let (places, count) = (try integers.elements(), table.shape[1])
    if let other = places.first(where: { !(0..<table.shape[0]).contains($0) }) {
      throw .refused("expected positions from 0 to \(table.shape[0] - 1), found \(other)")
    }
    try ImportLimits.charge(checkedCount(of: integers.shape + [count]))
    let elements = numbers.elements
    return .numbers(
      Numbers(
        places.flatMap { elements[$0 * count..<($0 + 1) * count] }, shape: integers.shape + [count]))
  }
}
