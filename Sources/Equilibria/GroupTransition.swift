import Blocks
import FixedPoints
import LinearAlgebra
import Operators

/// The transition of a cyclic group alone: f on the values of its iterated members side by side, `[batch, N]`, with
/// everything outside of the group fixed, and the following members evaluated in between.
struct GroupTransition<S: Scalar>: Sendable {
  let group: DependencyGroup
  /// The position of each member in the group.
  let places: [Int: Int]
  /// The members without their terms, which are in `beginnings`.
  let blocks: [Block<S>]
  /// The members' port sums from outside of the group, and their remaining terms.
  let beginnings: [PortSums<S>]
  /// The outside values that the remaining terms read.
  let outside: [Source: Matrix<S>]
  let batch: Int

  /// The transition of a cyclic group of a model whose other blocks have the values in `state`.
  init(
    of group: DependencyGroup, in model: EquilibriumModel<S>, state: [Matrix<S>], input x: Matrix<S>
  ) {
    let places = Dictionary(uniqueKeysWithValues: zip(group.members, 0...))
    func isOutside(_ source: Source) -> Bool {
      if case .node(let node) = source { places[node] == nil } else { true }
    }
    func read(_ source: Source) -> Matrix<S> { model.read(source, state: state, input: x) }
    let beginnings = group.members.map { model.blocks[$0].constantSums(reading: read, where: isOutside) }
    let sources = beginnings.flatMap { $0.rest.map(\.source) }.filter(isOutside)
    self.init(
      group: group, places: places,
      blocks: group.members.map { member in
        var block = model.blocks[member]
        block.terms = []
        return block
      },
      beginnings: beginnings,
      outside: Dictionary(sources.map { ($0, read($0)) }) { first, _ in first },
      batch: x.rows)
  }

  init(
    group: DependencyGroup, places: [Int: Int], blocks: [Block<S>], beginnings: [PortSums<S>],
    outside: [Source: Matrix<S>], batch: Int
  ) {
    self.group = group
    self.places = places
    self.blocks = blocks
    self.beginnings = beginnings
    self.outside = outside
    self.batch = batch
  }

  /// f at the iterated members' values side by side.
  func value(at state: Matrix<S>) -> Matrix<S> {
    let values = sweep(from: state).values
    return value { blocks[$0].value(at: ports(of: $0, reading: values)) }
  }

  /// f with all members at zero, which takes no product.
  var valueAtZero: Matrix<S> {
    let zeros = [Matrix<S>?](repeating: nil, count: blocks.count)
    return value { blocks[$0].value(at: ports(of: $0, reading: zeros)) }
  }

  /// The value of every member, in order, given the iterated members' values side by side.
  func memberValues(at state: Matrix<S>) -> [Matrix<S>] { sweep(from: state).values.map { $0! } }

  /// f at the iterated members' values side by side, with the ports of all members there, and the values of the
  /// following ones.
  func evaluation(
    at state: Matrix<S>
  ) -> (value: Matrix<S>, sweep: (ports: [[Matrix<S>]], values: [Matrix<S>?])) {
    var (ports, values) = sweep(from: state)
    for member in group.iterated {
      ports[places[member]!] = self.ports(of: places[member]!, reading: values)
    }
    return (value { blocks[$0].value(at: ports[$0]) }, (ports, values))
  }

  /// f at the iterated members' values side by side, and its derivative there.
  func linearization(at state: Matrix<S>) -> (value: Matrix<S>, derivative: GroupDerivative<S>) {
    let (value, sweep) = evaluation(at: state)
    return (value, derivative(at: sweep.ports))
  }

  /// The derivative at these ports of the members.
  func derivative(at ports: [[Matrix<S>]]) -> GroupDerivative<S> {
    let members = zip(blocks, beginnings).map { block, beginning in
      var member = block
      member.terms = beginning.rest
      return member
    }
    return GroupDerivative(of: group, members: members, ports: ports, batch: batch)
  }

  /// The values of all members, and the ports of those that follow from the iterated ones.
  func sweep(from state: Matrix<S>) -> (ports: [[Matrix<S>]], values: [Matrix<S>?]) {
    var values = [Matrix<S>?](repeating: nil, count: blocks.count)
    let sizes = group.iterated.map { blocks[places[$0]!].size }
    for (member, value) in zip(group.iterated, split(state, sizes: sizes)) { values[places[member]!] = value }
    var ports = [[Matrix<S>]](repeating: [], count: blocks.count)
    for member in group.following {
      let place = places[member]!
      ports[place] = self.ports(of: place, reading: values)
      values[place] = blocks[place].value(at: ports[place])
    }
    return (ports, values)
  }

  /// The ports of a member, given each member's value by its position in the group, or nil for zeros.
  func ports(of place: Int, reading values: [Matrix<S>?]) -> [Matrix<S>] {
    blocks[place].preactivations(batch: batch, after: beginnings[place]) { source in
      guard case .node(let node) = source, let place = places[node] else { return outside[source] }
      return values[place]
    }
  }

  /// The iterated members' values side by side.
  func value(of member: (_ place: Int) -> Matrix<S>) -> Matrix<S> {
    Matrix(sideBySide: group.iterated.map { member(places[$0]!) }, rows: batch)
  }

  /// The number of multiplications of one evaluation.
  var multiplications: Int {
    batch * beginnings.reduce(0) { $0 + $1.rest.reduce(0) { $0 + $1.map.multiplications } }
  }

  /// The same transition in another precision, every number rounded to nearest.
  func cast<T: Scalar>(to type: T.Type) -> GroupTransition<T> {
    GroupTransition<T>(
      group: group, places: places, blocks: blocks.map { $0.cast(to: type) },
      beginnings: beginnings.map { $0.cast(to: type) }, outside: outside.mapValues { $0.cast(to: type) },
      batch: batch)
  }
}
