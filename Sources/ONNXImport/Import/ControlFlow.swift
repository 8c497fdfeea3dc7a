import FileAccess
import Operators

extension OperatorTable {
  /// Operators with graphs of their own, which `GraphImport` puts into the place of their nodes.
  static let controlFlow: [String: OperatorHandler] = [
    "If": OperatorHandler(["else_branch", "then_branch"], isOfGraph),
    "Loop": OperatorHandler(["body"], isOfGraph),
    "Scan": OperatorHandler(
      [
        "body", "num_scan_inputs", "scan_input_axes", "scan_input_directions", "scan_output_axes",
        "scan_output_directions",
      ], isOfGraph),
  ]

  private static let isOfGraph: @Sendable (NodeImport) throws(ImportFailure) -> [Value] = {
    _ throws(ImportFailure) in
    throw .refused("expected a node of a graph, found one that another operator is composed of")
  }
}

extension GraphImport {
  /// More iterations than any loop of a model that is worth unrolling has.
  static let mostIterations = 4096

  /// The values of a branch or of an unrolled loop in the place of its node.
  mutating func addControlFlow(_ node: ONNXModel.Node) throws(ImportFailure) {
    switch node.operatorType {
    case "If": try addBranch(node)
    case "Loop": try addLoop(node)
    default: try addScan(node)
    }
  }

  // MARK: Branches

  private mutating func addBranch(_ node: ONNXModel.Node) throws(ImportFailure) {
    let inputs = try self.inputs(of: node)
    guard inputs.count == 1, let truth = inputs[0] else {
      throw .refused("expected a condition, found \(counted(inputs.count, "input"))")
    }
    let condition = try isTrue(truth, "a constant condition")
    let graph = try self.graph(condition ? "then_branch" : "else_branch", of: node)
    guard graph.inputs.isEmpty, graph.outputs.count >= node.outputs.count else {
      throw .refused(
        "expected branches without inputs and with \(counted(node.outputs.count, "output")), found "
          + "\(graph.inputs.count) and \(graph.outputs.count)")
    }
    let results = try run(graph, inOrder(graph), in: Scope(within: scope, of: node), given: [])
    try define(results, of: node)
  }

  /// Whether a condition holds.
  ///
  /// - Throws: If it is not a constant.
  private func isTrue(_ value: Value, _ what: String) throws(ImportFailure) -> Bool {
    guard case .integers(let integers) = value else {
      throw .refused("expected \(what), found a computed value")
    }
    guard integers.type == .bool, integers.count == 1 else {
      throw .refused(
        "expected \(what) of one Boolean value, found \(integers.type.name) of shape \(integers.shape)")
    }
    return try integers.elements()[0] != 0
  }

  // MARK: Graphs

  /// A node's graph.
  func graph(_ name: String, of node: ONNXModel.Node) throws(ImportFailure) -> ONNXModel.Subgraph {
    guard case .graph(let graph)? = node.attributes[name] else {
      throw .refused("attribute \(quoted(name)): expected a graph, found none")
    }
    return graph
  }

  /// The nodes of a graph that its outputs depend on.
  func inOrder(_ graph: ONNXModel.Subgraph) throws(ImportFailure) -> [ONNXModel.Node] {
    let given = Set(graph.inputs.map(\.name) + graph.initializers.map(\.name))
    return try graph.nodes.inOrder(for: graph.outputs.map(\.name), given: given)
  }

  /// The values of a graph's outputs for values of its inputs.
  mutating func run(
    _ graph: ONNXModel.Subgraph, _ nodes: [ONNXModel.Node], in inner: Scope, given: [TypedValue]
  ) throws(ImportFailure) -> [TypedValue?] {
    let outer = scope
    scope = inner
    defer { scope = outer }
    for (input, given) in zip(graph.inputs, given) {
      try define(input.name, given.value, at: inner.owner)
      scope.types[input.name] = given.type
    }
    for (name, tensor) in graph.initializers { try define(name, tensor.value, at: inner.owner) }
    return try run(nodes, in: inner, for: graph.outputs.map(\.name))
  }

  // MARK: Loops

  private mutating func addLoop(_ node: ONNXModel.Node) throws(ImportFailure) {
    let body = try graph("body", of: node)
    let inputs = try self.inputs(of: node)
    let carried = inputs.count - 2
    let collected = body.outputs.count - 1 - carried
    guard carried >= 0, body.inputs.count == carried + 2, collected >= 0,
      node.outputs.count <= carried + collected
    else {
      throw .refused(
        "expected a body of \(carried + 2) inputs and at least as many outputs as the loop, found "
          + "\(body.inputs.count) and \(body.outputs.count)")
    }
    let trips = try tripCount(inputs[0])
    var goesOn =
      try inputs[1].map { value throws(ImportFailure) in try isTrue(value, "a constant condition") } ?? true
    var state: [TypedValue] = []
    for (input, name) in zip(inputs, node.inputs).dropFirst(2) {
      guard let input else { throw .refused("expected a value of each carried input, found none") }
      state.append((input, scope.type(name)))
    }
    var collections = [[TypedValue]](repeating: [], count: collected)
    let nodes = try inOrder(body)
    var iteration = 0
    while goesOn, iteration < trips ?? .max {
      try requireFew(iteration)
      let count = Value.integers(Integers([iteration], shape: []))
      let truth = Value.integers(Integers([1], shape: [], type: .bool))
      let results = try run(
        body, nodes, in: Scope(within: scope, of: node, iteration: iteration),
        given: [(count, .int64), (truth, .bool)] + state)
      iteration += 1
      let known = try values(results, of: body)
      // After the last iteration nothing reads the condition.
      if iteration != trips {
        goesOn = try isTrue(known[0].value, "a condition that is constant in each iteration")
      }
      state = Array(known[1..<1 + carried])
      for index in 0..<collected { collections[index].append(known[1 + carried + index]) }
    }
    var results: [TypedValue?] = state
    for (index, collection) in collections.enumerated() {
      results.append(try joined(collection, axis: 0, of: node, output: carried + index))
    }
    try define(results, of: node)
  }

  /// The number of iterations; nil for no limit.
  private func tripCount(_ value: Value?) throws(ImportFailure) -> Int? {
    guard let value else { return nil }
    guard case .integers(let integers) = value else {
      throw .refused("expected a constant number of iterations, found a computed value")
    }
    guard integers.count == 1 else {
      throw .refused("expected one number of iterations, found shape \(integers.shape)")
    }
    return try integers.elements()[0]
  }

  /// Refuses a loop that was unrolled often enough.
  func requireFew(_ iteration: Int) throws(ImportFailure) {
    try ImportLimits.chargeNode()
    guard iteration < Self.mostIterations else {
      throw .refused("expected a loop of up to \(Self.mostIterations) iterations, found more")
    }
  }

  /// The outputs of a body, which all have values.
  func values(
    _ results: [TypedValue?], of body: ONNXModel.Subgraph
  ) throws(ImportFailure) -> [TypedValue] {
    var values: [TypedValue] = []
    for (result, output) in zip(results, body.outputs) {
      guard let result else {
        throw .refused("expected a value of each output of the body, found none of \(quoted(output.name))")
      }
      values.append(result)
    }
    return values
  }

  /// The values of all iterations along a new axis; nil where there are none, or nothing reads them.
  func joined(
    _ values: [TypedValue], axis: Int, of node: ONNXModel.Node, output: Int
  ) throws(ImportFailure) -> TypedValue? {
    guard output < node.outputs.count, !node.outputs[output].isEmpty, let first = values.first else {
      return nil
    }
    let type = first.type
    let name = scope.prefix + node.outputs[output]
    var parts: [Value] = []
    for (iteration, value) in values.enumerated() {
      let axes = Value.integers(Integers([axis]))
      parts.append(
        try apply(
          "Unsqueeze", [value.value, axes], [:], named: "\(name)/\(iteration)/unsqueezed", value.type))
    }
    return (try apply("Concat", parts, ["axis": .integer(axis)], named: name, type), type)
  }

  /// The value of an operator by its definition in opset 21.
  func apply(
    _ type: String, _ inputs: [Value], _ attributes: [String: ONNXModel.Attribute], named output: String,
    _ elementType: ElementType?
  ) throws(ImportFailure) -> Value {
    let node = ONNXModel.Node(
      operatorType: type, domain: "", name: "", inputs: inputs.map { _ in "" }, outputs: [output],
      attributes: attributes)
    let types = [elementType] + inputs.dropFirst().map { _ in nil }
    let handler = OperatorTable.handler(for: type)!
    return try evaluate(node, handler, inputs, type == "Concat" ? inputs.map { _ in elementType } : types)[0]
  }
}
