/// How the nodes of an operator are imported.
package struct OperatorHandler: Sendable {
  /// The attributes that nodes of the operator may have; any other one is refused by name.
  package let attributes: Set<String>
  /// What a node gives.
  package let run: @Sendable (NodeImport) throws(ImportFailure) -> [Value]

  package init(
    _ attributes: Set<String> = [], _ run: @escaping @Sendable (NodeImport) throws(ImportFailure) -> [Value]
  ) {
    self.attributes = attributes
    self.run = run
  }

  /// The handler of an operator that gives one value.
  package static func one(
    _ attributes: Set<String> = [], _ run: @escaping @Sendable (NodeImport) throws(ImportFailure) -> Value
  ) -> OperatorHandler {
    OperatorHandler(attributes) { node throws(ImportFailure) in [try run(node)] }
  }

  /// The handler of an operator that gives one computed value.
  static func variable(
    _ attributes: Set<String> = [],
    _ run: @escaping @Sendable (NodeImport) throws(ImportFailure) -> Variable
  ) -> OperatorHandler {
    OperatorHandler(attributes) { node throws(ImportFailure) in [.variable(try run(node))] }
  }
}

/// The operators that are supported, family by family; adding one is adding its line to its family's table.
package enum OperatorTable {
  private static let families: [[String: OperatorHandler]] = [
    activations, arithmetic, matrixProducts, convolutions, pooling, normalizations, reductions, views,
    axisOperators,
    padding, resizing, constants, selections, sumsOfProducts, attention, axisSums,
  ]

  private static let all = families.reduce(into: [:]) { all, family in
    all.merge(family) { _, _ in preconditionFailure("an operator of two families") }
  }

  /// The handler for an operator of ONNX's own domain, or nil.
  package static func handler(for name: String) -> OperatorHandler? { all[name] }

  /// The operators' names, sorted.
  package static var names: [String] { all.keys.sorted() }
}
