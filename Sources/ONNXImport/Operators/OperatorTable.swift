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
    recurrences, elementMoves, folding, indicators, quantization, integerProducts, furtherFunctions,
    runtimeInOwnDomain, controlFlow, causalConvolutions, losses, imageSampling,
    cumulativeProducts, rotaryEmbeddings,
  ]

  private static let all = families.reduce(into: [:]) { all, family in
    all.merge(family) { _, _ in preconditionFailure("an operator of two families") }
  }

  /// The operators of other domains.
  private static let domains: [String: [String: OperatorHandler]] = [
    "com.microsoft": runtime, "ai.onnx.ml": machineLearning,
  ]

  /// The handler for an operator of a domain, which is ONNX's own by default, or nil.
  package static func handler(for name: String, domain: String = "") -> OperatorHandler? {
    isDefaultDomain(domain) ? all[name] : domains[domain]?[name]
  }

  /// The operators' names, sorted; the same name in several domains occurs as often.
  package static var names: [String] { (all.keys + domains.values.flatMap(\.keys)).sorted() }

  /// The names of the operators of ONNX's own domain, sorted.
  package static var ownNames: [String] { all.keys.sorted() }
}
