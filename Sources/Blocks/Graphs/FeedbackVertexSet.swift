/// The cheapest nodes without which a directed graph has no cycle, ascending: its feedback vertex set of least weight.
///
/// The graph is reduced first (Levy & Low 1988, "A contraction algorithm for finding small cycle cutsets"): a node that
/// reads itself is in every set; one on no cycle is in none; one that a single node reads, or that reads a single node,
/// may leave its place to that one, unless that one weighs more. What is left is searched by branch and bound, each node
/// being taken or passed over, which is exact. Where that exceeds its budget, or the rest is large, the best set found
/// so far is returned, without nodes that it can do without.
///
/// - Parameters:
///   - sources: For each node the nodes that it reads.
///   - weights: What each node costs, at least 0.
///   - budget: How many nodes of the search tree to visit at most.
/// - Complexity: O(budget · edges) where the rest has at most 64 nodes, else O(nodes · edges).
public func feedbackVertexSet(sources: [[Int]], weights: [Int], budget: Int = 4_000) -> [Int] {
  var graph = CycleGraph(sources: sources, weights: weights)
  graph.reduce()
  var search = CutSearch(budget: budget, best: graph.greedyCut(sources: sources))
  if graph.nodes.count <= CutSearch.mostNodes { search.visit(graph) }
  return search.best.nodes.sorted()
}

/// What is left of a graph while nodes are taken out of it, and the nodes that a set of those has taken.
private struct CycleGraph {
  /// The nodes taken, and what they weigh.
  private(set) var cut = Cut()
  /// The nodes left, ascending.
  private(set) var nodes: [Int]
  private let weights: [Int]
  private var sources: [Set<Int>]
  private var readers: [Set<Int>]

  init(sources: [[Int]], weights: [Int]) {
    self.weights = weights
    self.sources = sources.map { Set($0) }
    readers = Array(repeating: [], count: sources.count)
    for (node, read) in sources.enumerated() {
      for source in read { readers[source].insert(node) }
    }
    nodes = Array(sources.indices)
  }

  /// Applies the reductions until none applies.
  mutating func reduce() {
    var hasChanged = true
    while hasChanged {
      hasChanged = false
      for node in nodes where reduce(node) { hasChanged = true }
      nodes.removeAll { sources[$0].isEmpty && readers[$0].isEmpty }
    }
  }

  private mutating func reduce(_ node: Int) -> Bool {
    guard !sources[node].isEmpty || !readers[node].isEmpty else { return false }
    if sources[node].contains(node) {
      take(node)
    } else if sources[node].isEmpty || readers[node].isEmpty {
      remove(node)
    } else if isReplaced(node, by: sources[node]) || isReplaced(node, by: readers[node]) {
      pass(node)
    } else {
      return false
    }
    return true
  }

  private func isReplaced(_ node: Int, by others: Set<Int>) -> Bool {
    others.count == 1 && weights[others.first!] <= weights[node]
  }

  /// Puts a node into the set.
  mutating func take(_ node: Int) {
    cut.nodes.append(node)
    cut.weight += weights[node]
    remove(node)
  }

  /// Leaves a node out of the set: what it reads is read by its readers. It must not read itself.
  mutating func pass(_ node: Int) {
    let (read, reading) = (sources[node], readers[node])
    remove(node)
    for source in read {
      for reader in reading {
        sources[reader].insert(source)
        readers[source].insert(reader)
      }
    }
  }

  private mutating func remove(_ node: Int) {
    for source in sources[node] { readers[source].remove(node) }
    for reader in readers[node] { sources[reader].remove(node) }
    (sources[node], readers[node]) = ([], [])
  }

  /// The node that most cycles are likely to lead through for its weight; nil where none is left.
  var busiest: Int? {
    var best: (node: Int, share: Double)?
    for node in nodes {
      let share = Double(sources[node].count * readers[node].count) / Double(max(1, weights[node]))
      if share > best?.share ?? -1 { best = (node, share) }
    }
    return best?.node
  }

  /// A lower bound of what is still to be taken: pairs of nodes that read each other, no node in two of them.
  var leastRest: Int {
    var isUsed = Set<Int>()
    var total = 0
    for node in nodes where !isUsed.contains(node) {
      let partners = sources[node].intersection(readers[node]).subtracting(isUsed)
      guard let partner = partners.max(by: { (weights[$0], $1) < (weights[$1], $0) }) else { continue }
      isUsed.formUnion([node, partner])
      total += min(weights[node], weights[partner])
    }
    return nodes.isEmpty ? 0 : max(total, nodes.map { weights[$0] }.min()!)
  }

  /// The set that takes the busiest node each time, without those that the others make superfluous.
  ///
  /// - Parameter sources: The edges of the whole graph.
  func greedyCut(sources: [[Int]]) -> Cut {
    var rest = self
    while let node = rest.busiest {
      rest.take(node)
      rest.reduce()
    }
    var taken = Set(rest.cut.nodes)
    for node in rest.cut.nodes.sorted(by: { (weights[$0], $0) > (weights[$1], $1) }) {
      guard !sources[node].contains(node) else { continue }
      taken.remove(node)
      if !isAcyclic(sources, without: taken) { taken.insert(node) }
    }
    return Cut(nodes: Array(taken), weight: taken.reduce(0) { $0 + weights[$1] })
  }
}

/// A set of nodes.
private struct Cut {
  var nodes: [Int] = []
  var weight = 0
}

/// A search for the lightest set.
private struct CutSearch {
  /// The largest rest that is searched.
  static let mostNodes = 64

  var budget: Int
  var best: Cut

  /// Looks at all sets of what is left of a reduced graph.
  mutating func visit(_ graph: CycleGraph) {
    budget -= 1
    guard graph.cut.weight + graph.leastRest < best.weight else { return }
    guard let node = graph.busiest else {
      best = graph.cut
      return
    }
    for isTaken in [true, false] where budget > 0 {
      var rest = graph
      if isTaken { rest.take(node) } else { rest.pass(node) }
      rest.reduce()
      visit(rest)
    }
  }
}

/// Whether no cycle is left where some nodes are taken out.
private func isAcyclic(_ sources: [[Int]], without taken: Set<Int>) -> Bool {
  let rest = sources.enumerated().map { node, read in
    taken.contains(node) ? [] : read.filter { !taken.contains($0) }
  }
  return stronglyConnectedComponents(sources: rest).allSatisfy { members in
    members.count == 1 && !rest[members[0]].contains(members[0])
  }
}
