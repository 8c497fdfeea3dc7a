import LinearAlgebra

/// Pairs the rest of an incomplete renaming, so that a difference can be located.
///
/// One changed number changes the colour of every equation around it, and `counterpartsByContent` then
/// pairs none of them. But most equations still have their own numbers. Those that are unique on both sides
/// are paired first, then sources and readers of paired equations, then the rest by size. A wrong pair can
/// only make the explanation less clear, since `Proof` compares every bit under the result.
///
/// - Complexity: O(numbers + terms²) in the worst case of one equation that all others read; O(numbers +
///   terms) for chains.
func completed(_ counterparts: [Int?], network: EquationSystem, model: EquationSystem) -> [Int?] {
  var pairing = NeighbourPairing(counterparts, Neighbourhoods(network), Neighbourhoods(model))
  pairing.pairUniqueSignatures()
  if !pairing.hasPairs { pairing.pairIfAlike(network.output, model.output) }
  pairing.walk()
  pairing.pairLeftovers()
  return pairing.counterparts
}

/// The hash of each equation without its sources, and its neighbours.
private struct Neighbourhoods {
  let sizes: [Int]
  /// A hash of each equation's own numbers.
  let signatures: [UInt64]
  /// The sources of each equation, in the order of its terms.
  var sources: [[Int]]
  /// The readers of each equation.
  var readers: [[Int]]

  init(_ system: EquationSystem) {
    sizes = system.equations.map(\.size)
    signatures = system.equations.map(signature)
    sources = system.equations.map(\.nodeSources)
    readers = [[Int]](repeating: [], count: sizes.count)
    for (reader, sources) in sources.enumerated() {
      for source in sources { readers[source].append(reader) }
    }
  }
}

private struct NeighbourPairing {
  let ours: Neighbourhoods
  let theirs: Neighbourhoods
  private(set) var counterparts: [Int?]
  private var isTaken: [Bool]
  private var unvisited: [Int]

  init(_ counterparts: [Int?], _ ours: Neighbourhoods, _ theirs: Neighbourhoods) {
    self.ours = ours
    self.theirs = theirs
    self.counterparts = counterparts
    isTaken = [Bool](repeating: false, count: theirs.sizes.count)
    for case let block? in counterparts { isTaken[block] = true }
    unvisited = counterparts.indices.filter { counterparts[$0] != nil }
  }

  var hasPairs: Bool { counterparts.contains { $0 != nil } }

  mutating func pairIfAlike(_ equation: Int, _ block: Int) {
    guard counterparts[equation] == nil, !isTaken[block], ours.sizes[equation] == theirs.sizes[block] else {
      return
    }
    counterparts[equation] = block
    isTaken[block] = true
    unvisited.append(equation)
  }

  /// Pairs equations whose own numbers are unique on both sides.
  mutating func pairUniqueSignatures() {
    let left = Dictionary(grouping: ours.signatures.indices) { ours.signatures[$0] }
    let right = Dictionary(grouping: theirs.signatures.indices) { theirs.signatures[$0] }
    for equation in ours.signatures.indices {
      let signature = ours.signatures[equation]
      if left[signature]?.count == 1, let alike = right[signature], alike.count == 1 {
        pairIfAlike(equation, alike[0])
      }
    }
  }

  /// Pairs the neighbours of all pairs, and theirs.
  mutating func walk() {
    while let equation = unvisited.popLast() {
      guard let block = counterparts[equation] else { continue }
      pair(ours.sources[equation], theirs.sources[block])
      pair(ours.readers[equation], theirs.readers[block])
    }
  }

  /// Pairs the rest by signature, else by size, in order.
  mutating func pairLeftovers() {
    for equation in counterparts.indices where counterparts[equation] == nil {
      pair([equation], theirs.sizes.indices.filter { !isTaken[$0] })
      walk()
    }
  }

  /// Pairs the members of two lists: by signature where possible, else by size, in order.
  private mutating func pair(_ equations: [Int], _ blocks: [Int]) {
    let free = blocks.filter { !isTaken[$0] }
    guard !free.isEmpty else { return }
    let open = equations.filter { counterparts[$0] == nil }
    for equation in open {
      if let block = free.first(where: { !isTaken[$0] && theirs.signatures[$0] == ours.signatures[equation] })
      {
        pairIfAlike(equation, block)
      }
    }
    for equation in open where counterparts[equation] == nil {
      if let block = free.first(where: { !isTaken[$0] && theirs.sizes[$0] == ours.sizes[equation] }) {
        pairIfAlike(equation, block)
      }
    }
  }
}
