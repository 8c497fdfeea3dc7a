import Blocks
import Operators

/// How the state of a group follows from some of its coordinates.
struct GroupCut {
  /// The coordinates of each member that are unknown: those on cycles that belong to a block whose nonlinearity is not the
  /// identity.
  let unknowns: [[Int]]
  /// The coordinates that read each other through nothing but identities, those that do so together: linear equations,
  /// which have a solution given the unknowns and what stands outside the group.
  let linear: [[GroupCoordinate]]

  /// The cut of a group.
  ///
  /// - Parameter parameters: The names of parameters whose elements may be anything.
  init(of members: [Int], _ equations: [Block<Double>], parameters: Set<String>) {
    let positions = Array(members.indices)
    let isIdentity = members.map { equations[$0].nonlinearity is Identity }
    var unknowns = [[Int]](repeating: [], count: members.count)
    let cycles = coordinatesOnCycles(of: members, equations, parameters: parameters, among: positions)
    for coordinate in cycles.joined() where !isIdentity[coordinate.member] {
      unknowns[coordinate.member].append(coordinate.index)
    }
    self.unknowns = unknowns.map { $0.sorted() }
    linear = coordinatesOnCycles(
      of: members, equations, parameters: parameters, among: positions.filter { isIdentity[$0] })
  }
}

/// A coordinate of a group.
struct GroupCoordinate: Hashable {
  /// The position of its block among the group's members.
  let member: Int
  /// The coordinate within the block.
  let index: Int
}

/// Whether coordinates of a group depend on themselves, whatever the blocks do.
func hasCycle(_ members: [Int], _ equations: [Block<Double>]) -> Bool {
  !coordinatesOnCycles(of: members, equations, parameters: [], among: Array(members.indices)).isEmpty
}

/// The coordinates of some members that depend on themselves through these members alone, those together that depend on each
/// other.
private func coordinatesOnCycles(
  of members: [Int], _ equations: [Block<Double>], parameters: Set<String>, among positions: [Int]
) -> [[GroupCoordinate]] {
  var starts: [Int: Int] = [:]
  var coordinates: [GroupCoordinate] = []
  for position in positions {
    starts[members[position]] = coordinates.count
    // Behind a block's coordinates stands what all its ports meet in, if every coordinate may depend on all of them.
    coordinates += (0...equations[members[position]].size).map {
      GroupCoordinate(member: position, index: $0)
    }
  }
  var sources = [[Int]](repeating: [], count: coordinates.count)
  for member in positions.map({ members[$0] }) {
    let (block, start) = (equations[member], starts[member]!)
    let isElementwise =
      block.nonlinearity is any InterpretedElementwise || block.nonlinearity is any InterpretedPair
      || block.nonlinearity is Identity
    if !isElementwise { for index in 0..<block.size { sources[start + index].append(start + block.size) } }
    for term in block.terms {
      guard case .node(let node) = term.source, let first = starts[node] else { continue }
      for row in 0..<term.map.outputSize {
        let target = start + (isElementwise ? row : block.size)
        term.forEachColumn(inRow: row, parameters: parameters) { sources[target].append(first + $0) }
      }
    }
  }
  return stronglyConnectedComponents(sources: sources).compactMap { component in
    guard component.count > 1 || sources[component[0]].contains(component[0]) else { return nil }
    return component.map { coordinates[$0] }.filter { $0.index < equations[members[$0.member]].size }
  }
}
