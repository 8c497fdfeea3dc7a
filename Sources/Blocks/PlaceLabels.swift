/// The labels of the places in `W_z`, `W_x` and b that belong to one block.
///
/// A block with several ports adds the port's number to its name: `Wx[to.1]`.
package struct PlaceLabels {
  private let block: String
  private let portCount: Int

  /// The labels of a block of this name with this many ports.
  package init(block: String, portCount: Int) {
    (self.block, self.portCount) = (block, portCount)
  }

  /// `Wz[to,from]` for an entry that reads the node of this name, `Wx[to]` for one that reads the input.
  package func entry(ofPort port: Int, fromNode node: String?) -> String {
    node.map { "Wz[\(name(ofPort: port)),\($0)]" } ?? "Wx[\(name(ofPort: port))]"
  }

  /// `b[to]`.
  package func constant(ofPort port: Int) -> String { "b[\(name(ofPort: port))]" }

  private func name(ofPort port: Int) -> String { portCount > 1 ? "\(block).\(port)" : block }
}

extension Block {
  /// The labels of the block's places.
  package var placeLabels: PlaceLabels { PlaceLabels(block: name, portCount: portShapes.count) }
}
