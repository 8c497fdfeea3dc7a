import FileAccess

/// The import of one node.
extension GraphImport {
  mutating func add(_ node: ONNXModel.Node) throws(ImportFailure) {
    if scope.depth > 0 { try ImportLimits.chargeNode() }
    if let function = recognizer?.function(of: node, values: values) {
      return try define(node.outputs[0], .variable(add(function, for: node)), at: node.place)
    }
    if recognizer != nil, let variable = try spreadParameter(node) {
      return try define(node.outputs[0], .variable(variable), at: node.place)
    }
    let node = node.with(attributesOfCall: scope.attributes)
    if let function = model.functions[node.calledFunction] { return try call(function, by: node) }
    guard let handler = OperatorTable.handler(for: node.operatorType, domain: node.domain) else {
      throw node.isUnsupported
    }
    try node.requireDefinedAttributes(opset: scope.opset, supported: handler.attributes)
    if isDefaultDomain(node.domain), OperatorTable.controlFlow[node.operatorType] != nil {
      guard recognizer == nil else { throw node.isUnsupported }
      return try addControlFlow(node)
    }
    var inputs = try self.inputs(of: node)
    let types = node.inputs.map(scope.type)
    var named = node.with(prefix: scope.prefix)
    if scope.opset < 7 { (named, inputs) = try named.inOpset7(from: scope.opset, inputs) }
    try define(evaluate(named, handler, inputs, types), types, of: node)
  }

  /// The values that a node reads; nil for a missing optional one.
  func inputs(of node: ONNXModel.Node) throws(ImportFailure) -> [Value?] {
    var inputs: [Value?] = []
    for name in node.inputs {
      guard !name.isEmpty, !scope.isAbsent(name) else {
        inputs.append(nil)
        continue
      }
      guard let value = scope.value(name) else {
        let place = giver(of: name).map { ", \($0.output) of \($0.node.place)" } ?? ""
        throw .refused("expected inputs that a supported output gives, found \(quoted(name))\(place)")
      }
      inputs.append(value)
    }
    return inputs
  }

  /// Names the values of a node.
  ///
  /// - Parameter types: Those of its inputs.
  private func define(
    _ results: [Value], _ types: [ElementType?], of node: ONNXModel.Node
  ) throws(ImportFailure) {
    try ImportLimits.current?.requireNoOverflow()
    for result in results { try checkedCount(of: result.shape, most: 1 << 48) }
    // Unsupported outputs, such as the mask of a dropout, are refused only if something reads them.
    for (index, (name, result)) in zip(node.outputs, results).enumerated() where !name.isEmpty {
      try define(name, result, at: node.place)
      if case .variable = result, let type = node.resultType(index, types), type.integer != nil {
        scope.types[name] = type
      }
    }
  }

  // MARK: Values that are missing

  /// Why there is no value of an output of the model.
  func isMissing(_ output: String) -> ImportFailure {
    guard let (node, number) = giver(of: output) else {
      return .refused(
        place: "output \(quoted(output))",
        "expected a value that a supported output of a node gives, found none")
    }
    return .refused(
      place: node.place,
      "expected outputs of the model that are supported, found \(number), \(quoted(output))")
  }

  /// The node whose output of this name is not supported, and which of its outputs that is; nil where there is none. The
  /// first output of every operator is supported, and those of graphs have values if a graph gives them.
  private func giver(of name: String) -> (node: ONNXModel.Node, output: String)? {
    var lists = [scope.callers.last.map { model.functions[$0]?.nodes ?? [] } ?? model.nodes]
    while let nodes = lists.popLast() {
      for node in nodes {
        if let index = node.outputs.firstIndex(of: name), index > 0, node.subgraphs.isEmpty {
          return (node, "output \(index + 1) of \(node.outputs.count)")
        }
        lists += node.subgraphs.map(\.nodes)
      }
    }
    return nil
  }
}
