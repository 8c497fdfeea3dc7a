/// What an evaluation keeps for a derivative.
public enum Retention: Sendable {
  /// The value and the ports of every node.
  case everything
  /// The ports of every node, from which a derivative computes the values that it needs again; half the memory for one
  /// more evaluation of each nonlinearity.
  case ports
  /// The output alone, which cannot be differentiated.
  case output
}

/// Where a sweep over nodes releases their values: after the last node that reads them.
package struct LastReaders {
  /// For each node the nodes whose last reader it is.
  private var released: [[Int]]

  /// The last readers in a sweep.
  ///
  /// - Parameters:
  ///   - order: The nodes, each after its sources.
  ///   - sources: The nodes that a node reads.
  ///   - kept: Nodes whose values are needed after the sweep.
  package init(order: [Int], sources: (Int) -> [Int], keeping kept: Set<Int>) {
    released = [[Int]](repeating: [], count: order.count)
    var met = kept
    for node in order.reversed() {
      for source in sources(node) + [node] where met.insert(source).inserted {
        released[node].append(source)
      }
    }
  }

  /// The nodes whose values nothing reads after this one was evaluated.
  package func released(after node: Int) -> [Int] { released[node] }
}
