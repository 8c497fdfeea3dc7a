import Blocks
import FixedPoints
import LinearAlgebra
import Operators

/// The derivative J of a cyclic group's transition at a point, as a map of the values of its iterated members side by
/// side, `[batch, N]`. One sweep composes it along the members that follow.
struct GroupDerivative<S: Scalar>: Sendable {
  /// The position of each member in the group.
  let places: [Int: Int]
  /// The positions of the iterated members, and of those that follow, in order.
  let iterated: [Int]
  let following: [Int]
  /// The members, with the terms that read members, and without offsets.
  let blocks: [Block<S>]
  /// The ports of each member at the point.
  let ports: [[Matrix<S>]]
  let batch: Int

  /// The derivative for a group whose members, with their terms, have these ports.
  @specialized(where S == Double)
  @specialized(where S == Float)
  init(of group: DependencyGroup, members: [Block<S>], ports: [[Matrix<S>]], batch: Int) {
    let places = Dictionary(uniqueKeysWithValues: zip(group.members, 0...))
    let blocks = members.map { member in
      var block = member
      block.offsets = []
      block.terms.removeAll { term in
        if case .node(let node) = term.source { places[node] == nil } else { true }
      }
      return block
    }
    self.init(
      places: places, iterated: group.iterated.map { places[$0]! },
      following: group.following.map { places[$0]! }, blocks: blocks, ports: ports, batch: batch)
  }

  init(
    places: [Int: Int], iterated: [Int], following: [Int], blocks: [Block<S>], ports: [[Matrix<S>]],
    batch: Int
  ) {
    self.places = places
    self.iterated = iterated
    self.following = following
    self.blocks = blocks
    self.ports = ports
    self.batch = batch
  }

  /// Whether every member's nonlinearity acts elementwise, so that its derivative is diagonal.
  var isElementwise: Bool { blocks.allSatisfy { $0.nonlinearity is any Activation } }

  /// `J d + r`.
  ///
  /// - Precondition: `isElementwise`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func pushForward(_ d: Matrix<S>, adding r: Matrix<S>) -> Matrix<S> {
    var tangents = [Matrix<S>?](repeating: nil, count: blocks.count)
    for (place, tangent) in zip(iterated, split(d)) { tangents[place] = tangent }
    for place in following { tangents[place] = image(of: place, tangents) }
    var sum = Matrix(sideBySide: iterated.map { image(of: $0, tangents) }, rows: batch)
    sum.add(r)
    return sum
  }

  /// The tangent of one member's value, given the tangents of the members that it reads.
  private func image(of place: Int, _ tangents: [Matrix<S>?]) -> Matrix<S> {
    let port = blocks[place].preactivations(batch: batch) { source in
      guard case .node(let node) = source else { preconditionFailure("a term that reads the input") }
      return tangents[places[node]!]!
    }
    // A diagonal matrix is its own transpose.
    return blocks[place].portCotangents(port[0], at: ports[place])[0]
  }

  /// `Jᵀ g + e`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func pullBack(_ g: Matrix<S>, adding e: Matrix<S>) -> Matrix<S> {
    var sums = [Matrix<S>?](repeating: nil, count: blocks.count)
    for (place, cotangent) in zip(iterated, split(e)) { sums[place] = cotangent }
    sweepBack(split(g), into: &sums)
    return Matrix(sideBySide: iterated.map { sums[$0]! }, rows: batch)
  }

  /// The cotangents of the iterated members: their own e, and what the other members pass on to them.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func gathered(_ e: [Matrix<S>]) -> Matrix<S> {
    var sums: [Matrix<S>?] = e
    sweepBack([], into: &sums)
    return Matrix(sideBySide: iterated.map { sums[$0]! }, rows: batch)
  }

  /// The solution of `g = Jᵀ g + e` on all members, given the solution on the iterated ones.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func spread(_ g: Matrix<S>, adding e: [Matrix<S>]) -> [Matrix<S>] {
    guard !following.isEmpty else { return split(g) }
    var sums: [Matrix<S>?] = e
    sweepBack(split(g), into: &sums)
    for (place, cotangent) in zip(iterated, split(g)) { sums[place] = cotangent }
    return sums.enumerated().map { $1 ?? Matrix(rows: batch, columns: blocks[$0].size) }
  }

  /// Adds what the iterated members' cotangents pass on to the cotangents of all members; nothing if they are empty. A
  /// following member's cotangent is complete at its turn, since all its readers come before.
  private func sweepBack(_ cotangents: [Matrix<S>], into sums: inout [Matrix<S>?]) {
    for (place, cotangent) in zip(iterated, cotangents) { passBack(cotangent, from: place, into: &sums) }
    for place in following.reversed() {
      if let cotangent = sums[place] { passBack(cotangent, from: place, into: &sums) }
    }
  }

  private func passBack(_ cotangent: Matrix<S>, from place: Int, into sums: inout [Matrix<S>?]) {
    let s = blocks[place].portCotangents(cotangent, at: ports[place])
    blocks[place].pullBack(s) { source, add in
      if case .node(let node) = source, let place = places[node] { add(&sums[place]) }
    }
  }

  /// The values of the iterated members, taken from those side by side.
  func split(_ values: Matrix<S>) -> [Matrix<S>] {
    Equilibria.split(values, sizes: iterated.map { blocks[$0].size })
  }

  /// Whether some members are not iterated on.
  var hasFollowing: Bool { !following.isEmpty }

  /// J of each of the given samples, `[N, N]`, from its products with all unit vectors at once.
  ///
  /// - Complexity: N products for each, and memory for as many states.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func matrices(ofSamples rows: [Int], order: Int) -> [Matrix<S>] {
    var units = Matrix<S>(rows: rows.count * order, columns: order)
    for row in 0..<units.rows { units[row, row % order] = 1 }
    // Row i is Jᵀ times the i-th unit vector: row i of J.
    let product = selecting(rows.flatMap { [Int](repeating: $0, count: order) })
      .pullBack(units, adding: Matrix(rows: units.rows, columns: order))
    let size = order * order
    return rows.indices.map {
      Matrix(rows: order, columns: order, elements: Array(product.elements[$0 * size..<($0 + 1) * size]))
    }
  }

  /// J of one sample, `[N, N]`.
  func matrix(ofSample row: Int, order: Int) -> Matrix<S> { matrices(ofSamples: [row], order: order)[0] }

  /// The number of multiplications of one product.
  var multiplications: Int {
    batch * blocks.reduce(0) { $0 + $1.terms.reduce(0) { $0 + $1.map.multiplications } }
  }

  /// The same derivative in another precision, every number rounded to nearest.
  func cast<T: Scalar>(to type: T.Type) -> GroupDerivative<T> {
    GroupDerivative<T>(
      places: places, iterated: iterated, following: following, blocks: blocks.map { $0.cast(to: type) },
      ports: ports.map { $0.map { $0.cast(to: type) } }, batch: batch)
  }
}
