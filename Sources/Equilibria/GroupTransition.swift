import FixedPoints
import LinearAlgebra
import Operators

/// The transition of a cyclic group alone: f on its members' values side by side, `[batch, N]`, with everything outside
/// of the group held as it is.
struct GroupTransition<S: Scalar>: Sendable {
  /// Where each member stands in the group.
  let places: [Int: Int]
  /// The members without their terms, which stand in `beginnings`.
  let blocks: [Block<S>]
  /// What the members' ports sum up of the outside, and the terms that follow.
  let beginnings: [PortSums<S>]
  /// What the remaining terms read of the outside.
  let outside: [Source: Matrix<S>]
  let batch: Int

  /// The transition of the blocks `members` of a model whose other blocks have the values in `state`.
  init(of members: [Int], in model: EquilibriumModel<S>, state: [Matrix<S>], input x: Matrix<S>) {
    let places = Dictionary(uniqueKeysWithValues: zip(members, 0...))
    func isOutside(_ source: Source) -> Bool {
      if case .node(let node) = source { places[node] == nil } else { true }
    }
    func read(_ source: Source) -> Matrix<S> { model.read(source, state: state, input: x) }
    let beginnings = members.map { model.blocks[$0].constantSums(reading: read, where: isOutside) }
    let sources = beginnings.flatMap { $0.rest.map(\.source) }.filter(isOutside)
    self.init(
      places: places,
      blocks: members.map { member in
        var block = model.blocks[member]
        block.terms = []
        return block
      },
      beginnings: beginnings,
      outside: Dictionary(sources.map { ($0, read($0)) }) { first, _ in first },
      batch: x.rows)
  }

  init(
    places: [Int: Int], blocks: [Block<S>], beginnings: [PortSums<S>], outside: [Source: Matrix<S>],
    batch: Int
  ) {
    self.places = places
    self.blocks = blocks
    self.beginnings = beginnings
    self.outside = outside
    self.batch = batch
  }

  /// f at the members' values side by side.
  func value(at state: Matrix<S>) -> Matrix<S> { value(atPorts: ports(at: state)) }

  /// f at zeros, which costs no product.
  var valueAtZero: Matrix<S> { value(atPorts: ports { _ in nil }) }

  /// f at the members' values side by side, and its derivative there.
  func linearization(at state: Matrix<S>) -> (value: Matrix<S>, derivative: GroupDerivative<S>) {
    let ports = ports(at: state)
    let members = zip(blocks, beginnings).map { block, beginning in
      var member = block
      member.terms = beginning.rest
      return member
    }
    return (
      value(atPorts: ports), GroupDerivative(places: places, members: members, ports: ports, batch: batch)
    )
  }

  func ports(at state: Matrix<S>) -> [[Matrix<S>]] {
    let values = split(state)
    return ports { values[$0] }
  }

  /// The members' ports, given what each member holds, by its place in the group, or nil for zeros.
  private func ports(reading member: (Int) -> Matrix<S>?) -> [[Matrix<S>]] {
    zip(blocks, beginnings).map { block, beginning in
      block.preactivations(batch: batch, after: beginning) { source in
        guard case .node(let node) = source, let place = places[node] else { return outside[source] }
        return member(place)
      }
    }
  }

  private func value(atPorts ports: [[Matrix<S>]]) -> Matrix<S> {
    Matrix(sideBySide: zip(blocks, ports).map { $0.value(at: $1) }, rows: batch)
  }

  /// The members' values out of those side by side.
  func split(_ state: Matrix<S>) -> [Matrix<S>] { Equilibria.split(state, sizes: blocks.map(\.size)) }

  /// How many multiplications one evaluation costs.
  var multiplications: Int {
    batch * beginnings.reduce(0) { $0 + $1.rest.reduce(0) { $0 + $1.map.multiplications } }
  }

  /// The same transition in another precision, every number rounded to nearest.
  func cast<T: Scalar>(to type: T.Type) -> GroupTransition<T> {
    GroupTransition<T>(
      places: places, blocks: blocks.map { $0.cast(to: type) },
      beginnings: beginnings.map { $0.cast(to: type) }, outside: outside.mapValues { $0.cast(to: type) },
      batch: batch)
  }
}
