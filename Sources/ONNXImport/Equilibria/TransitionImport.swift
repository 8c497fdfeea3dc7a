import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import ONNXExport
import Operators

/// The nodes of a transition f(z, x), within a graph.
package struct TransitionGraph {
  /// The nodes, including those that compute f.
  package let nodes: [ONNXModel.Node]
  /// The name of z.
  package let state: String
  /// The number of its coordinates.
  package let size: Int
  /// The name of f(z, x).
  package let result: String
  /// The name of x.
  package let x: String
  /// The shape of one sample of x.
  let xShape: [Int]
}

/// A transition as equations.
package struct ImportedTransition {
  /// The blocks of the state, in order, followed by the blocks that they are composed of, which are not
  /// part of the file's state.
  package let blocks: [Block<Double>]
  /// The number of coordinates of each block of the state.
  package let sizes: [Int]

  /// For each block of the state those that it reads, directly or through the blocks that it is composed
  /// of.
  private var sources: [[Int]] {
    sizes.indices.map { block in
      var isReached = [Bool](repeating: false, count: blocks.count)
      var (open, found): ([Int], [Int]) = ([block], [])
      while let next = open.popLast() {
        for source in blocks[next].nodeSources where !isReached[source] {
          isReached[source] = true
          if source < sizes.count { found.append(source) } else { open.append(source) }
        }
      }
      return found
    }
  }

  /// The state in the file.
  package var layout: StateLayout {
    StateLayout(
      names: sizes.indices.map { blocks[$0].name }, sizes: sizes,
      groups: stronglyConnectedComponents(sources: sources))
  }

  /// Whether some blocks of the state read each other.
  package var isCyclic: Bool {
    let sources = sources
    return stronglyConnectedComponents(sources: sources).contains { members in
      members.count > 1 || sources[members[0]].contains(members[0])
    }
  }

  /// The number of blocks of the state on the longest path of an acyclic transition.
  package var longestPath: Int {
    let sources = sources
    var depth = [Int](repeating: 0, count: sizes.count)
    // Each component comes after its sources.
    for component in stronglyConnectedComponents(sources: sources) {
      for block in component { depth[block] = 1 + (sources[block].map { depth[$0] }.max() ?? 0) }
    }
    return depth.max() ?? 0
  }
}

extension GraphImport {
  /// The equations of a transition. The parts that a block is composed of become blocks of their own, named
  /// after their nodes.
  ///
  /// - Throws: `ImportFailure` for a state that is not split and concatenated block by block, and for
  ///   anything that cannot be imported.
  static func transition(
    _ graph: TransitionGraph, of model: ONNXModel, _ labels: ONNXLabels, _ precision: Precision
  ) throws(ImportFailure) -> ImportedTransition {
    let state = try StateParts(graph, constants: model.initializers)
    let transition = ONNXModel(
      file: model.file, opset: model.opset, nodes: state.nodes, initializers: model.initializers, inputs: [],
      outputs: state.values.map { .init(name: $0, type: nil, shape: nil) }, metadata: [])
    var importing = GraphImport(transition, .leading(extent: placeholderExtent))
    importing.openExtent = placeholderExtent
    importing.recognizer = FunctionRecognizer(
      FoundGraph(state.nodes, model.initializers), precision, opset: model.writtenOpset)
    return try importing.run(graph, state, labels)
  }

  private mutating func run(
    _ graph: TransitionGraph, _ state: StateParts, _ labels: ONNXLabels
  ) throws(ImportFailure) -> ImportedTransition {
    func layout(_ shape: [Int]) throws(ImportFailure) -> TensorLayout {
      let extent = Self.placeholderExtent
      return try TensorLayout(
        [extent] + shape, batch: TensorLayout.Batch(axis: 0, extent: extent, isOpen: true))
    }
    try define(graph.x, .variable(Variable(source: .input, layout: layout(graph.xShape))), at: "input")
    for (part, size) in zip(state.parts, state.sizes) {
      // A placeholder for a block of the state until its equation is known.
      let source = try builder.add(part, Identity(), [Port(shape: [size])])
      try define(part, .variable(Variable(source: source, layout: layout([size]))), at: quoted(part))
    }
    var known: [String: Tensor<Double>] = [:]
    for tensor in model.initializers {
      try define(
        tensor.name, tensor.value(labels.parameters[tensor.name], known: &known),
        at: "initializer \(quoted(tensor.name))")
    }
    for node in try model.nodesInOrder(given: Set(values.keys)) {
      do throws(ImportFailure) { try add(node) } catch { throw error.at(node.place) }
    }
    return try equations(state, names: labels.blocks.count == state.sizes.count ? labels.blocks : state.names)
  }

  /// A function composed of several nodes, as a block.
  func add(
    _ function: FunctionRecognizer.Function, for node: ONNXModel.Node
  ) throws(ImportFailure) -> Variable {
    var inputs: [Value?] = []
    for port in function.ports { inputs.append(values[port]) }
    let node = NodeImport(node: node, opset: model.opset, inputs: inputs, builder: builder)
    var ports: [Port] = []
    let layout = function.layout
    for input in inputs { ports.append(try node.port(input!, over: layout)) }
    return try node.block(nil, function.nonlinearity, ports, layout)
  }

  /// The equations, with the placeholders replaced by the blocks of the state.
  private func equations(
    _ state: StateParts, names: [String]
  ) throws(ImportFailure) -> ImportedTransition {
    let count = state.sizes.count
    var results: [Int] = []
    for ((variable, size), name) in zip(zip(try outputs(), state.sizes), state.values) {
      guard variable.layout.sampleShape.reduce(1, *) == size else {
        throw .refused(
          place: quoted(name),
          "expected a value of \(counted(size, "number")), found shape \(variable.layout.sampleShape)")
      }
      var source = variable.source
      if case .node(let index) = source, index >= count, !results.contains(index) {
        results.append(index)
        continue
      }
      // A block that only copies another one, or x.
      let map = try linearMap("identity", from: [size])
      source = try builder.add(
        "\(name)/value", Identity(), [Port(shape: [size], terms: [Term(source: source, map: map)])])
      guard case .node(let index) = source else { preconditionFailure("a block that is the input") }
      results.append(index)
    }
    let (blocks, positions) = absorbed(builder.blocks, keeping: Set(results).union(0..<count))
    let order = results.map { positions[$0]! }
    return try ImportedTransition(
      blocks: inOrder(blocks, results: order, placeholders: (0..<count).map { positions[$0]! }, names: names),
      sizes: state.sizes)
  }

  /// The blocks with those of the state first, under their names.
  private func inOrder(
    _ blocks: [Block<Double>], results: [Int], placeholders: [Int], names: [String]
  ) throws(ImportFailure) -> [Block<Double>] {
    let first = Set(results), gone = Set(placeholders)
    let helpers = blocks.indices.filter { !first.contains($0) && !gone.contains($0) }
    var position = [Int](repeating: 0, count: blocks.count)
    for (place, index) in (results + helpers).enumerated() { position[index] = place }
    for (place, index) in placeholders.enumerated() { position[index] = place }
    var taken = Set(names)
    guard taken.count == names.count, !taken.contains("") else {
      throw .refused(
        place: "metadata", "expected a unique name for each block, found a duplicate or missing one")
    }
    return (results + helpers).enumerated().map { place, index in
      var block = blocks[index]
      if place < names.count {
        block.name = names[place]
      } else {
        while !taken.insert(block.name).inserted { block.name += "'" }
      }
      // Numbers that are not a parameter have no shape of their own.
      block.offsets = block.offsets.map { offset in
        guard offset.parameter == nil, offset.map == nil else { return offset }
        return Offset(port: offset.port, tensor: offset.tensor.reshaped([offset.tensor.count]))
      }
      for term in block.terms.indices {
        if case .node(let source) = block.terms[term].source {
          block.terms[term].source = .node(position[source])
        }
      }
      return block
    }
  }
}

extension ONNXTensor {
  /// The constant as a value: a parameter if it has a label.
  ///
  /// - Parameter known: The numbers of the parameters so far. A label of two constants belongs to the
  ///   first, unless both have the same numbers.
  fileprivate func value(
    _ label: ONNXInitializers.Parameter?, known: inout [String: Tensor<Double>]
  ) -> Value {
    guard case .numbers(let stored) = contents else { return value }
    guard let label else { return .numbers(Numbers(stored.tensor)) }
    let ownShape =
      switch label.layout {
      case .scalar where shape == [1, 1]: [Int]()
      case .sample where shape.first == 1 && shape.count > 1: Array(shape.dropFirst())
      default: shape
      }
    let tensor = stored.tensor.reshaped(ownShape)
    var parameter = label.label
    if let other = known[parameter], !other.isIdentical(to: tensor) { parameter = name }
    known[parameter] = tensor
    let numbers = Numbers(tensor, parameter: parameter)
    return .numbers(numbers.reshaped(shape) ?? numbers)
  }
}
