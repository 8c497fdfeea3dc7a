import FixedPoints
import LinearAlgebra
import Operators

/// The derivative J of a cyclic group's transition at a point, as a map of its members' values side by side, `[batch, N]`.
struct GroupDerivative<S: Scalar>: Sendable {
  /// Where each member stands in the group.
  let places: [Int: Int]
  /// The members, with the terms that read members, and without offsets.
  let blocks: [Block<S>]
  /// The ports of each member at the point.
  let ports: [[Matrix<S>]]
  let batch: Int

  /// The derivative for a group whose members, with their terms, have these ports.
  init(places: [Int: Int], members: [Block<S>], ports: [[Matrix<S>]], batch: Int) {
    let blocks = members.map { member in
      var block = member
      block.offsets = []
      block.terms.removeAll { term in
        if case .node(let node) = term.source { places[node] == nil } else { true }
      }
      return block
    }
    self.init(places: places, blocks: blocks, ports: ports, batch: batch)
  }

  init(places: [Int: Int], blocks: [Block<S>], ports: [[Matrix<S>]], batch: Int) {
    self.places = places
    self.blocks = blocks
    self.ports = ports
    self.batch = batch
  }

  /// Whether every member's nonlinearity acts elementwise, so that its derivative is diagonal.
  var isElementwise: Bool { blocks.allSatisfy { $0.nonlinearity is any Activation } }

  /// `J d + r`.
  ///
  /// - Precondition: `isElementwise`.
  func pushForward(_ d: Matrix<S>, adding r: Matrix<S>) -> Matrix<S> {
    let values = split(d)
    let images = blocks.enumerated().map { place, block in
      let tangents = block.preactivations(batch: batch) { source in
        guard case .node(let node) = source else { preconditionFailure("a term that reads the input") }
        return values[places[node]!]
      }
      // A diagonal matrix is its own transpose.
      return block.portCotangents(tangents[0], at: ports[place])[0]
    }
    var sum = Matrix(sideBySide: images, rows: batch)
    sum.add(r)
    return sum
  }

  /// `Jᵀ g + e`.
  func pullBack(_ g: Matrix<S>, adding e: Matrix<S>) -> Matrix<S> {
    var sums: [Matrix<S>?] = split(e)
    for (place, cotangent) in split(g).enumerated() {
      let s = blocks[place].portCotangents(cotangent, at: ports[place])
      blocks[place].pullBack(s) { source, add in
        if case .node(let node) = source, let place = places[node] { add(&sums[place]) }
      }
    }
    return Matrix(sideBySide: sums.map { $0! }, rows: batch)
  }

  /// The members' values out of those side by side.
  func split(_ values: Matrix<S>) -> [Matrix<S>] { Equilibria.split(values, sizes: blocks.map(\.size)) }

  /// J of one sample, `[N, N]`, from its products with all unit vectors at once.
  ///
  /// - Complexity: N products.
  func matrix(ofSample row: Int, order: Int) -> Matrix<S> {
    var unit = Matrix<S>(rows: order, columns: order)
    for index in 0..<order { unit[index, index] = 1 }
    // Row i is Jᵀ times the i-th unit vector: row i of J.
    return selecting([Int](repeating: row, count: order))
      .pullBack(unit, adding: Matrix(rows: order, columns: order))
  }

  /// How many multiplications one product costs.
  var multiplications: Int {
    batch * blocks.reduce(0) { $0 + $1.terms.reduce(0) { $0 + $1.map.multiplications } }
  }

  /// The same derivative in another precision, every number rounded to nearest.
  func cast<T: Scalar>(to type: T.Type) -> GroupDerivative<T> {
    GroupDerivative<T>(
      places: places, blocks: blocks.map { $0.cast(to: type) },
      ports: ports.map { $0.map { $0.cast(to: type) } }, batch: batch)
  }
}
