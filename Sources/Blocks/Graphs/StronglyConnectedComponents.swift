/// The strongly connected components of a directed graph, each after all components that it reads from.
///
/// Tarjan's algorithm (1972), with its own stack, so that depth does not recurse. Inside a component the nodes
/// are in ascending order; the order of components is determined by the graph alone.
///
/// - Parameter sources: For each node the nodes that it reads.
/// - Complexity: O(nodes + edges).
public func stronglyConnectedComponents(sources: [[Int]]) -> [[Int]] {
  var search = ComponentSearch(sources: sources)
  for node in sources.indices where search.order[node] == nil { search.visit(from: node) }
  return search.components
}

private struct ComponentSearch {
  let sources: [[Int]]
  /// When each node was first met.
  var order: [Int?]
  /// The earliest node known to be in the same component.
  var earliest: [Int]
  var components: [[Int]] = []
  private var met = 0
  private var open: [Int] = []
  private var isOpen: [Bool]

  init(sources: [[Int]]) {
    self.sources = sources
    order = Array(repeating: nil, count: sources.count)
    earliest = Array(repeating: 0, count: sources.count)
    isOpen = Array(repeating: false, count: sources.count)
  }

  mutating func visit(from root: Int) {
    var path: [(node: Int, nextSource: Int)] = []
    enter(root, path: &path)
    while let (node, next) = path.last {
      if next < sources[node].count {
        path[path.count - 1].nextSource += 1
        let source = sources[node][next]
        if order[source] == nil {
          enter(source, path: &path)
        } else if isOpen[source] {
          earliest[node] = min(earliest[node], order[source]!)
        }
      } else {
        path.removeLast()
        if let parent = path.last?.node { earliest[parent] = min(earliest[parent], earliest[node]) }
        if earliest[node] == order[node] { close(node) }
      }
    }
  }

  private mutating func enter(_ node: Int, path: inout [(node: Int, nextSource: Int)]) {
    order[node] = met
    earliest[node] = met
    met += 1
    open.append(node)
    isOpen[node] = true
    path.append((node, 0))
  }

  private mutating func close(_ node: Int) {
    let start = open.lastIndex(of: node)!
    for member in open[start...] { isOpen[member] = false }
    components.append(open[start...].sorted())
    open.removeSubrange(start...)
  }
}
