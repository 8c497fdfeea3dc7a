import Blocks
import LinearAlgebra
import Operators

extension GraphImport {
  /// The values of a node. Numbers computed from numbers without a gradient are evaluated at once.
  func evaluate(
    _ node: ONNXModel.Node, _ handler: OperatorHandler, _ given: [Value?], _ types: [ElementType?] = []
  ) throws(ImportFailure) -> [Value] {
    let inputs = try node.operands(given.map { $0?.withoutMaskParameter(of: node) }, types)
    var results = try evaluated(node, handler, inputs, types)
    for index in results.indices {
      results[index] = try node.typed(results[index], node.resultType(index, types))
    }
    return results
  }

  private func evaluated(
    _ node: ONNXModel.Node, _ handler: OperatorHandler, _ inputs: [Value?], _ types: [ElementType?]
  ) throws(ImportFailure) -> [Value] {
    let isConstant =
      inputs.contains { $0 != nil }
      && inputs.allSatisfy { input in
        switch input {
        case .numbers(let numbers): numbers.parameter == nil
        case .variable: false
        default: true
        }
      }
    if let empty = try emptyResult(node, inputs) { return [empty] }
    let builder = isConstant ? BlockBuilder(largest: self.builder.largest) : self.builder
    let results = try run(node, handler, inputs, types, builder).map(\.withoutSymbols)
    guard isConstant else { return results }
    let isRepeated = results.contains {
      if case .variable(let variable) = $0 { variable.layout.batch != nil } else { false }
    }
    // Numbers repeated for every sample depend on the batch and are not constant.
    guard isRepeated else { return try builder.evaluated(results) }
    return try run(node, handler, inputs, types, self.builder)
  }

  private func run(
    _ node: ONNXModel.Node, _ handler: OperatorHandler, _ inputs: [Value?], _ types: [ElementType?],
    _ builder: BlockBuilder
  ) throws(ImportFailure) -> [Value] {
    let node = NodeImport(
      node: node, opset: scope.opset, inputs: inputs, builder: builder, leadingExtent: leadingExtent,
      openExtent: openExtent, types: types)
    if let values = try node.overFrames(handler) { return values }
    return try handler.run(node)
  }

  /// The result of an elementwise operator on constants without elements, which no block can have; nil for others.
  private func emptyResult(
    _ node: ONNXModel.Node, _ inputs: [Value?]
  ) throws(ImportFailure) -> Value? {
    let isElementwise =
      OperatorTable.arithmetic[node.operatorType] != nil
      || OperatorTable.activations[node.operatorType] != nil
    let shapes = inputs.compactMap { input in
      if case .numbers(let numbers)? = input { numbers.shape } else { nil as [Int]? }
    }
    guard isElementwise, shapes.count == inputs.count, shapes.contains(where: { $0.contains(0) }) else {
      return nil
    }
    return .numbers(Numbers([], shape: try broadcastShape(shapes)))
  }
}

extension BlockBuilder {
  /// Replaces variables that do not depend on the input by their numbers.
  fileprivate func evaluated(_ results: [Value]) throws(ImportFailure) -> [Value] {
    let none = Matrix<Double>(rows: 1, columns: 0)
    var values: [Matrix<Double>] = []
    for block in blocks {
      try ImportLimits.charge(block.evaluationCost)
      let ports = block.preactivations(batch: 1) { source in
        if case .node(let index) = source { values[index] } else { none }
      }
      values.append(block.value(at: ports))
    }
    return results.map { result in
      guard case .variable(let variable) = result, case .node(let index) = variable.source else {
        return result
      }
      return .numbers(Numbers(values[index].elements, shape: variable.layout.shape))
    }
  }
}

extension Block<Double> {
  /// The numbers that an evaluation of one sample holds, and its multiplications in units that take as long.
  fileprivate var evaluationCost: Int {
    let sizes = portShapes.map { $0.reduce(1, *) }
    var multiplications = terms.reduce(0) { $0 + $1.map.multiplications }
    if nonlinearity is BatchedProduct, sizes.count == 2 {
      multiplications += sizes[0] * (portShapes[1].last ?? 1)
    }
    return sizes.reduce(shape.reduce(1, *), +) + multiplications / 256
  }
}

extension Value {
  /// The operators that a mask with infinite numbers goes through, before or instead of being added.
  private static let ofMasks: Set<String> = [
    "Add", "Cast", "CastLike", "Concat", "Equal", "Expand", "Gather", "Identity", "Max", "Min", "Mul",
    "ReduceMax",
    "ReduceMin", "Reshape", "Slice", "Squeeze", "Sub", "Transpose", "Unsqueeze", "Where",
  ]

  /// The value; numbers with infinities are no parameter.
  fileprivate func withoutMaskParameter(of node: ONNXModel.Node) -> Value {
    guard case .numbers(let numbers) = self, numbers.parameter != nil,
      Self.ofMasks.contains(node.operatorType)
    else { return self }
    return .numbers(numbers.summand)
  }
}

extension ONNXTensor {
  /// The tensor as a value: floating-point numbers are a parameter with the tensor's name.
  package var value: Value {
    switch contents {
    case .numbers(let stored): .numbers(Numbers(stored.tensor, parameter: name))
    case .integers(let elements): .integers(Integers(elements, shape: shape, type: type))
    }
  }
}
