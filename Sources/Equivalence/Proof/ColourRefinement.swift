import Blocks
import LinearAlgebra
import Operators

/// Finds which block says the same as which equation, without regard to names and order.
///
/// Colour refinement (Weisfeiler & Leman 1968): every equation gets a colour from its own numbers, then
/// repeatedly from the colours of what it reads and of what reads it, until no class splits. Colours are
/// hashes of canonical expressions; they propose a renaming, which `Proof` then verifies bit by bit, so that
/// a collision can cost a proof but never forge one. Where equations remain alike, two are declared to
/// correspond, those with the same parameters or else the same name if there are any, and refinement goes on.
///
/// - Parameter hint: A renaming to prefer among equations that are alike.
/// - Parameter onlyComplete: Whether a renaming of some of the equations is of no use.
/// - Complexity: O(rounds · terms) after one pass over all numbers; a chain of L identical layers takes L rounds.
func counterpartsByContent(
  network: EquationSystem, model: EquationSystem, hint: [Int?], onlyComplete: Bool = false
) -> [Int?] {
  var ours = Colouring(network)
  var theirs = Colouring(model)
  if onlyComplete, ours.colours.sorted() != theirs.colours.sorted() { return ours.colours.map { _ in nil } }
  refine(&ours, &theirs)
  var fresh: UInt64 = 1
  let labels = (network.equations.map(\.labels), model.equations.map(\.labels))
  while let (equation, block) = nextTie(ours, theirs, labels: labels, hint: hint) {
    ours.mark(equation, fresh)
    theirs.mark(block, fresh)
    fresh += 1
    refine(&ours, &theirs)
  }
  let blocks = theirs.members
  var taken: Set<Int> = []
  return ours.colours.map { colour in
    guard let block = blocks[colour]?.first(where: { !taken.contains($0) }) else { return nil }
    taken.insert(block)
    return block
  }
}

private func refine(_ ours: inout Colouring, _ theirs: inout Colouring) {
  var classes = 0
  while true {
    let now = ours.members.count + theirs.members.count
    guard now > classes else { return }
    classes = now
    ours.step()
    theirs.step()
  }
}

/// An equation and a block of one colour that others share, or nil where every colour is decided.
private func nextTie(
  _ ours: Colouring, _ theirs: Colouring, labels: ([Set<String>], [Set<String>]), hint: [Int?]
) -> (Int, Int)? {
  let blocks = theirs.members
  let equations = ours.members
  for (equation, colour) in ours.colours.enumerated() {
    guard let alike = blocks[colour], equations[colour]!.count > 1, alike.count > 1 else { continue }
    let labelled = alike.first { !labels.1[$0].isEmpty && labels.1[$0].isSubset(of: labels.0[equation]) }
    if let labelled { return (equation, labelled) }
    if let hinted = hint[equation], alike.contains(hinted) { return (equation, hinted) }
    return (equation, alike[0])
  }
  return nil
}

extension Block<Double> {
  /// The parameters that the equation's entries carry.
  fileprivate var labels: Set<String> {
    Set(terms.compactMap(\.parameter) + offsets.compactMap(\.parameter))
  }
}

/// A system's equations with a colour each.
private struct Colouring {
  private struct Edge {
    let other: Int
    let hash: UInt64
  }

  private(set) var colours: [UInt64]
  /// For each equation what it reads, and what reads it.
  private var sources: [[Edge]]
  private var readers: [[Edge]]

  init(_ system: EquationSystem) {
    let count = system.equations.count
    colours = [UInt64](repeating: 0, count: count)
    sources = [[Edge]](repeating: [], count: count)
    readers = [[Edge]](repeating: [], count: count)
    for (index, equation) in system.equations.enumerated() {
      var own = hash(of: equation)
      // Summands from one source are added before they are hashed: only their sum matters.
      var maps: [[UInt64]: UInt64] = [:]
      for term in equation.terms {
        let source: UInt64 = if case .node(let node) = term.source { UInt64(node) + 1 } else { 0 }
        maps[[UInt64(term.port), source], default: 0] &+= hash(of: term.map)
      }
      for (slot, map) in maps where map != 0 {
        let edge = mix64(map &+ mix64(slot[0]))
        if slot[1] == 0 {
          own &+= mix64(edge)
        } else {
          let other = Int(slot[1] - 1)
          sources[index].append(Edge(other: other, hash: edge))
          readers[other].append(Edge(other: index, hash: edge))
        }
      }
      if index == system.output { own = mix64(own ^ 0xA5) }
      colours[index] = own
    }
  }

  /// The equations of each colour, ascending.
  var members: [UInt64: [Int]] {
    Dictionary(grouping: colours.indices) { colours[$0] }
  }

  mutating func mark(_ index: Int, _ label: UInt64) {
    colours[index] = mix64(colours[index] ^ mix64(label))
  }

  /// One round: every colour takes in its neighbours', all at once.
  mutating func step() {
    colours = colours.indices.map { index in
      var read: UInt64 = 0
      for edge in sources[index] { read &+= mix64(edge.hash ^ colours[edge.other]) }
      var reading: UInt64 = 0
      for edge in readers[index] { reading &+= mix64(edge.hash &+ mix64(colours[edge.other])) }
      return mix64(mix64(colours[index] &+ read) &+ reading)
    }
  }
}

/// A hash of an equation's own numbers: of everything but which equations it reads.
func signature(of equation: Block<Double>) -> UInt64 {
  var signature = hash(of: equation)
  for term in equation.terms {
    let isInput: UInt64 = term.source == .input ? 1 : 0
    signature &+= mix64(hash(of: term.map) &+ mix64(UInt64(term.port) << 1 | isInput))
  }
  return signature
}

/// A hash of everything about an equation but its terms.
private func hash(of equation: Block<Double>) -> UInt64 {
  var hash: UInt64 = mix64(UInt64(equation.size))
  for byte in equation.nonlinearity.description.utf8 { hash = mix64(hash ^ UInt64(byte)) }
  for size in equation.portSizes { hash = mix64(hash ^ UInt64(size)) }
  for offset in equation.offsets {
    for (row, value) in offset.vector.enumerated() where value.bitPattern != 0 {
      hash &+= mix64(mix64(value.bitPattern) &+ UInt64(row) &+ UInt64(offset.port) << 40)
    }
  }
  return hash
}

/// A hash of a map: of its entries, however they are stored, where they cost little, else of the operator and its parameter.
private func hash(of map: any LinearMap<Double>) -> UInt64 {
  let elements = map.parameter?.elements ?? []
  guard map.multiplications > max(1 << 14, 2 * elements.count) else { return hash(ofEntriesOf: map) }
  var hash: UInt64 = 0
  for byte in "\(type(of: map).typeName) \(map.inputShape) \(map.attributes.map(\.value))".utf8 {
    hash = mix64(hash ^ UInt64(byte))
  }
  for (index, element) in elements.enumerated() {
    hash &+= mix64(mix64(element.bitPattern) &+ UInt64(index))
  }
  return hash
}

/// A sum over the entries that are not +0.
private func hash(ofEntriesOf map: any LinearMap<Double>) -> UInt64 {
  var hash: UInt64 = 0
  for row in 0..<map.outputSize {
    let start = mix64(UInt64(row))
    map.forEachEntry(inRow: row) { column, value in
      if value.bitPattern != 0 { hash &+= mix64(mix64(value.bitPattern) &+ start &+ UInt64(column)) }
    }
  }
  return hash
}
