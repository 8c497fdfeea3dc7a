import Operators

/// The coordinates of a group's members that every cycle passes through, for each member.
///
/// They are those that lie on a cycle and belong to a block whose nonlinearity is not the identity, or to one of a cycle of
/// identities: a block that only hands on a sum follows from the others.
func cut(of members: [Int], _ equations: [Block<Double>], parameters: Set<String>) -> [[Int]] {
  let onCycles = coordinatesOnCycles(of: members, equations, parameters: parameters)
  let identities = Set(members.filter { equations[$0].nonlinearity is Identity })
  let positions = Array(identities).sorted()
  let places = Dictionary(uniqueKeysWithValues: positions.enumerated().map { ($1, $0) })
  let sources = positions.map { equations[$0].nodeSources.compactMap { places[$0] } }
  var needed: Set<Int> = []
  for component in stronglyConnectedComponents(sources: sources)
  where component.count > 1 || sources[component[0]].contains(component[0]) {
    needed.formUnion(component.map { positions[$0] })
  }
  return zip(members, onCycles).map { member, coordinates in
    identities.contains(member) && !needed.contains(member) ? [] : coordinates
  }
}

/// The coordinates of each member that depend on themselves.
private func coordinatesOnCycles(
  of members: [Int], _ equations: [Block<Double>], parameters: Set<String>
) -> [[Int]] {
  var starts: [Int: Int] = [:]
  var count = 0
  for member in members {
    starts[member] = count
    // Behind a block's coordinates stands what all its ports meet in, if every coordinate may depend on all of them.
    count += equations[member].size + 1
  }
  var sources = [[Int]](repeating: [], count: count)
  for member in members {
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
  var isOnCycle = [Bool](repeating: false, count: count)
  for component in stronglyConnectedComponents(sources: sources)
  where component.count > 1 || sources[component[0]].contains(component[0]) {
    for node in component { isOnCycle[node] = true }
  }
  return members.map { member in (0..<equations[member].size).filter { isOnCycle[starts[member]! + $0] } }
}
