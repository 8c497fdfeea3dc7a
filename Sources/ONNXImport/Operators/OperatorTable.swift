/// How an operator's nodes are imported.
package struct OperatorHandler: Sendable {
  /// The attributes that the operator's nodes may have; any other is refused by name.
  package let attributes: Set<String>
  /// Computes a node's outputs.
  package let run: @Sendable (NodeImport) throws(ImportFailure) -> [Value]

  package init(
    _ attributes: Set<String> = [], _ run: @escaping @Sendable (NodeImport) throws(ImportFailure) -> [Value]
  ) {
    self.attributes = attributes
    self.run = run
  }

  /// The handler of an operator with one output.
  package static func one(
    _ attributes: Set<String> = [], _ run: @escaping @Sendable (NodeImport) throws(ImportFailure) -> Value
  ) -> OperatorHandler {
    OperatorHandler(attributes) { node throws(ImportFailure) in [try run(node)] }
  }

  /// The handler of an operator with one computed output.
  static func variable(
    _ attributes: Set<String> = [],
    _ run: @escaping @Sendable (NodeImport) throws(ImportFailure) -> Variable
  ) -> OperatorHandler {
    OperatorHandler(attributes) { node throws(ImportFailure) in [.variable(try run(node))] }
  }
}

/// The supported operators, by family; to add one, add its line to its family's table.
package enum OperatorTable {
  private static let families: [[String: OperatorHandler]] = [
    activations, arithmetic, matrixProducts, convolutions, pooling, normalizations, reductions, views,
    axisOperators,
    padding, resizing, constants, selections, sumsOfProducts, attention, axisSums,
    recurrences,
  ]

  private static let all = families.reduce(into: [:]) { all, family in
    all.merge(family) { _, _ in preconditionFailure("an operator of two families") }
  }

  /// The handler for an operator of ONNX's own domain, or nil.
  package static func handler(for name: String) -> OperatorHandler? { all[name] }

  /// The operators' names, sorted.
  package static var names: [String] { all.keys.sorted() }
}
