/// Where names have their values: the model's graph, a branch or the body of a loop within it, or a function.
final class Scope {
  /// The graph around a branch or a body, whose values it may read; nil for the model's graph and for functions.
  private let parent: Scope?
  /// The version of the default operator set.
  let opset: Int
  /// What comes before the names of blocks.
  let prefix: String
  /// The node whose graph or function this is, in messages; empty for the model's graph.
  let owner: String
  /// In a function, the attributes of its call.
  let attributes: [String: ONNXModel.Attribute]?
  /// The functions that are being called.
  let callers: [ONNXModel.FunctionName]
  /// How many scopes are around.
  let depth: Int
  /// The values by name.
  var values: [String: Value] = [:]
  /// The types in the file of values that are not floating-point numbers.
  var types: [String: ElementType] = [:]
  /// The inputs of a function that its call leaves out.
  var absent: Set<String> = []

  /// The scope of the model's graph.
  init(opset: Int) {
    (parent, self.opset, prefix, owner, attributes, callers, depth) = (nil, opset, "", "", nil, [], 0)
  }

  /// The scope of a branch or of one iteration of a body.
  init(within parent: Scope, of node: ONNXModel.Node, iteration: Int? = nil) {
    self.parent = parent
    (opset, attributes, callers, depth) = (
      parent.opset, parent.attributes, parent.callers, parent.depth + 1
    )
    owner = node.place
    prefix = "\(parent.prefix)\(node.firstOutput)/" + (iteration.map { "\($0)/" } ?? "")
  }

  /// The scope of a function.
  init(
    calledIn caller: Scope, by node: ONNXModel.Node, opset: Int?,
    attributes: [String: ONNXModel.Attribute]
  ) {
    parent = nil
    (self.opset, self.attributes, depth) = (opset ?? caller.opset, attributes, caller.depth + 1)
    callers = caller.callers + [node.calledFunction]
    owner = node.place
    prefix = "\(caller.prefix)\(node.firstOutput)/"
  }

  /// The value of a name here or around.
  func value(_ name: String) -> Value? { holder(of: name)?.values[name] }

  /// The type of a value; nil for floating-point numbers.
  func type(_ name: String) -> ElementType? { holder(of: name)?.types[name] }

  /// Whether a name is that of an input that a call leaves out.
  func isAbsent(_ name: String) -> Bool {
    holder(of: name) == nil && (absent.contains(name) || parent?.isAbsent(name) ?? false)
  }

  private func holder(of name: String) -> Scope? {
    values[name] != nil ? self : parent?.holder(of: name)
  }

  /// A node in messages.
  func place(of node: ONNXModel.Node) -> String {
    owner.isEmpty ? node.place : "\(node.place) in \(owner)"
  }
}

extension ONNXModel.Node {
  /// The first output that has a name.
  fileprivate var firstOutput: String { outputs.first { !$0.isEmpty } ?? "" }

  /// The node of a function whose call has these attributes: what refers to one has its value, or is left out.
  func with(attributesOfCall values: [String: ONNXModel.Attribute]?) -> ONNXModel.Node {
    guard let values else { return self }
    return with(
      attributes: attributes.compactMapValues { attribute in
        if case .reference(let name) = attribute { values[name] } else { attribute }
      })
  }

  /// The node with names of its outputs that are unlike those of other graphs.
  func with(prefix: String) -> ONNXModel.Node {
    guard !prefix.isEmpty else { return self }
    return ONNXModel.Node(
      operatorType: operatorType, domain: domain, name: name, inputs: inputs,
      outputs: outputs.map { $0.isEmpty ? "" : prefix + $0 }, attributes: attributes, overload: overload)
  }
}
