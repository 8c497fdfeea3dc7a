import FileAccess

extension ONNXModel {
  /// An input of the graph that is not just an initializer's default.
  package struct Input {
    package let name: String
    /// The extent of each axis; nil for a leading axis whose extent is known only when the model is
    /// evaluated.
    package let shape: [Int?]
    /// The type of its elements: numbers, or whole numbers as numbers.
    let type: ElementType
  }

  /// The inputs of the network: those without an initializer of the same name.
  ///
  /// - Throws: If one is not a tensor of numbers whose shape, except for the leading axis, is known.
  func trueInputs() throws(ImportFailure) -> [Input] {
    let given = Set(initializers.map(\.name))
    var inputs: [Input] = []
    for input in self.inputs where !given.contains(input.name) {
      let place = "input \(quoted(input.name))"
      guard let type = input.type, type.numberType != nil || type.integer != nil else {
        throw .refused(
          place: place, "expected numbers, found \(input.type?.name ?? "no tensor's type")")
      }
      guard let shape = input.shape else { throw .refused(place: place, "expected a shape, found none") }
      var extents: [Int?] = []
      for (axis, extent) in shape.enumerated() {
        switch extent {
        case .fixed(let extent) where extent >= 1: extents.append(extent)
        case .fixed(-1) where axis == 0, .fixed(0) where axis == 0, .symbolic where axis == 0:
          extents.append(nil)
        case .fixed(-1):
          throw .refused(place: place, "axis \(axis): expected a known extent, found \(extent.description)")
        case .fixed(let extent):
          throw .refused(place: place, "axis \(axis): expected an extent of at least 1, found \(extent)")
        case .symbolic(let name):
          throw .refused(place: place, "axis \(axis): expected a known extent, found \(quoted(name))")
        }
      }
      inputs.append(Input(name: input.name, shape: extents, type: type))
    }
    guard !inputs.isEmpty else { throw .refused(place: "input", "expected an input, found none") }
    return inputs
  }

  /// The nodes that the outputs depend on, each after its sources.
  ///
  /// - Parameter given: The names of inputs and initializers.
  /// - Throws: If two nodes compute one value, no node computes a value that is read, or nodes form a
  ///   cycle.
  func nodesInOrder(given: Set<String>) throws(ImportFailure) -> [Node] {
    try nodes.inOrder(for: outputs.map(\.name), given: given)
  }
}

/// How far the search for the order of nodes has come at a node.
private enum VisitState { case open, done }

extension [ONNXModel.Node] {
  /// The nodes that these outputs depend on, each after its sources.
  ///
  /// - Parameter given: The names of values that no node computes.
  /// - Throws: If two nodes compute one value, or nodes form a cycle.
  func inOrder(for outputs: [String], given: Set<String>) throws(ImportFailure) -> [ONNXModel.Node] {
    var giver: [String: Int] = [:]
    for (index, node) in enumerated() {
      for output in node.outputs where !output.isEmpty {
        guard giver.updateValue(index, forKey: output) == nil, !given.contains(output) else {
          throw .refused(place: node.place, "expected one value of each name, found \(quoted(output)) twice")
        }
      }
    }
    var states = [VisitState?](repeating: nil, count: count)
    var order: [ONNXModel.Node] = []
    for output in outputs {
      guard let root = giver[output], states[root] == nil else { continue }
      // A depth-first search with an explicit stack, since graphs may be deeper than the call stack.
      var stack = [(node: root, reads: self[root].reads, next: 0)]
      states[root] = .open
      while let (index, reads, next) = stack.last {
        let node = self[index]
        guard next < reads.count else {
          states[index] = .done
          order.append(node)
          stack.removeLast()
          continue
        }
        stack[stack.count - 1].next += 1
        guard let source = giver[reads[next]] else { continue }
        switch states[source] {
        case .done: break
        case .open:
          throw .refused(
            place: node.place, "expected nodes without a cycle, found one through this one")
        case nil:
          states[source] = .open
          stack.append((source, self[source].reads, 0))
        }
      }
    }
    return order
  }
}

extension ONNXModel.Node {
  /// The names of the values that the node reads: its inputs, and what its graphs read of those around them.
  var reads: [String] {
    attributes.isEmpty || subgraphs.isEmpty ? inputs : inputs + subgraphs.flatMap(\.reads).sorted()
  }

  /// The graphs among the node's attributes.
  var subgraphs: [ONNXModel.Subgraph] {
    attributes.values.compactMap { if case .graph(let graph) = $0 { graph } else { nil } }
  }
}

extension ONNXModel.Subgraph {
  /// The names that the graph reads but does not define.
  fileprivate var reads: Set<String> {
    Set(nodes.flatMap(\.reads) + outputs.map(\.name))
      .subtracting(nodes.flatMap(\.outputs) + inputs.map(\.name) + initializers.map(\.name))
  }
}
