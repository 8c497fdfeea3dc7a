import FileAccess
import Operators

/// How a transition takes its state apart into blocks, and puts their values together again.
struct StateParts {
  /// The names of the blocks' parts of z.
  let parts: [String]
  /// The number of coordinates of each.
  let sizes: [Int]
  /// The names of the blocks' values, in the same order.
  let values: [String]
  /// The nodes that compute the values from the parts and x.
  let nodes: [ONNXModel.Node]

  /// The parts: those of a Split of z along its last axis and of a Concat along the same, or z itself where there is one
  /// block.
  ///
  /// - Throws: Where z and f are taken apart and put together in another way.
  init(_ graph: TransitionGraph, constants: [ONNXTensor]) throws(ImportFailure) {
    try checkedCount(of: [graph.size], least: 1)
    let found = FoundGraph(graph.nodes, constants)
    let readers = graph.nodes.filter { $0.inputs.contains(graph.state) }
    var concatenated = graph.result
    while let (node, _) = found.givers[concatenated], node.operatorType == "Identity", node.inputs.count == 1
    {
      guard concatenated != node.inputs[0] else { break }
      concatenated = node.inputs[0]
      if concatenated == graph.result { break }
    }
    let split = readers.filter { $0.operatorType == "Split" }
    guard let node = split.first else {
      (parts, sizes, values) = ([graph.state], [graph.size], [concatenated])
      nodes = graph.nodes
      return
    }
    // The stopping rule reads z too, and is no part of f.
    guard split.count == 1, case .integer(1)? = node.attributes["axis"], node.attributes.count == 1,
      node.inputs.count == 2, node.inputs[0] == graph.state,
      case .integers(let sizes)? = found.constants[node.inputs[1]]?.contents,
      sizes.count == node.outputs.count, sizes.allSatisfy({ (1...graph.size).contains($0) }),
      sizes.count <= graph.size, sizes.reduce(0, +) == graph.size, Set(node.outputs).count == sizes.count
    else {
      throw .refused(
        place: node.place,
        "expected \(counted(graph.size, "coordinate")) taken apart block by block, found another split")
    }
    guard let concat = found.givers[concatenated]?.node, concat.operatorType == "Concat",
      case .integer(1)? = concat.attributes["axis"], concat.attributes.count == 1,
      concat.inputs.count == sizes.count
    else {
      throw .refused(
        place: quoted(graph.result),
        "expected the values of \(counted(sizes.count, "block")) side by side, found another value")
    }
    (parts, self.sizes, values) = (node.outputs, sizes, concat.inputs)
    nodes = graph.nodes.filter { $0.outputs != node.outputs && $0.outputs != concat.outputs }
  }

  /// What the blocks are called where the file does not say: by their parts of z, `NAME/z`.
  var names: [String] {
    let names = parts.map { part in
      part.hasSuffix("/z") ? String(part.dropLast(2)) : part
    }
    return Set(names).count == names.count ? names : parts
  }
}
