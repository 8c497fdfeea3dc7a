import FileAccess
import Operators

/// A value and its type in the file; nil for floating-point numbers.
typealias TypedValue = (value: Value, type: ElementType?)

extension GraphImport {
  /// More scopes around a node than any program has: functions that call functions.
  private static let mostScopes = 64

  /// The values of a function in the place of its call.
  mutating func call(_ function: ONNXModel.Function, by node: ONNXModel.Node) throws(ImportFailure) {
    let name = node.calledFunction
    guard !scope.callers.contains(name) else {
      throw .refused(
        "expected functions that do not call themselves, found \(quoted(name.name)) within itself")
    }
    guard node.inputs.count <= function.inputs.count, node.outputs.count <= function.outputs.count else {
      throw .refused(
        "expected up to \(counted(function.inputs.count, "input")) and \(counted(function.outputs.count, "output")) "
          + "of the function \(quoted(name.name)), found \(node.inputs.count) and \(node.outputs.count)")
    }
    let known = function.attributes.union(function.defaults.keys)
    if let other = node.attributes.keys.sorted().first(where: { !known.contains($0) }) {
      throw .refused("expected attributes of the function \(quoted(name.name)), found \(quoted(other))")
    }
    let inner = Scope(
      calledIn: scope, by: node, opset: function.opset,
      attributes: function.defaults.merging(node.attributes) { $1 })
    let inputs = try self.inputs(of: node)
    for (index, input) in function.inputs.enumerated() {
      if index < inputs.count, let value = inputs[index] {
        inner.values[input] = value
        inner.types[input] = scope.type(node.inputs[index])
      } else {
        inner.absent.insert(input)
      }
    }
    let nodes = try function.nodes.inOrder(for: function.outputs, given: Set(function.inputs))
    try define(run(nodes, in: inner, for: Array(function.outputs.prefix(node.outputs.count))), of: node)
  }

  /// Imports nodes in a scope.
  ///
  /// - Returns: The values of these names; nil for those that have none.
  mutating func run(
    _ nodes: [ONNXModel.Node], in inner: Scope, for outputs: [String]
  ) throws(ImportFailure) -> [TypedValue?] {
    guard inner.depth <= Self.mostScopes else {
      throw .refused("expected functions and graphs within up to \(Self.mostScopes) others, found more")
    }
    let outer = scope
    scope = inner
    defer { scope = outer }
    for node in nodes {
      do throws(ImportFailure) { try add(node) } catch { throw error.at(inner.place(of: node)) }
    }
    return outputs.map { name in inner.value(name).map { ($0, inner.type(name)) } }
  }

  /// Names the outputs of a node; those without a value are refused only if something reads them.
  func define(
    _ results: [TypedValue?], of node: ONNXModel.Node
  ) throws(ImportFailure) {
    for (name, result) in zip(node.outputs, results) where !name.isEmpty {
      guard let result else { continue }
      try define(name, result.value, at: node.place)
      scope.types[name] = result.type
    }
  }
}
