import Blocks
import FileAccess
import Operators

extension OperatorTable {
  /// Elementwise functions of several values, with broadcasting.
  package static let arithmetic: [String: OperatorHandler] = [
    "Add": .arithmetic("Add") { node throws(ImportFailure) in try node.sum(factors: [1, 1]) },
    "Sub": .arithmetic("Sub") { node throws(ImportFailure) in try node.sum(factors: [1, -1]) },
    "Mul": .arithmetic("Mul") { node throws(ImportFailure) in try node.product() },
    "Div": .arithmetic("Div") { node throws(ImportFailure) in try node.quotient() },
    "Pow": .arithmetic("Pow") { node throws(ImportFailure) in try node.power() },
    "Min": .arithmetic("Min") { node throws(ImportFailure) in try node.chain("minimum") },
    "Max": .arithmetic("Max") { node throws(ImportFailure) in try node.chain("maximum") },
    "Sum": .variable { node throws(ImportFailure) in
      try node.sum(factors: [Double](repeating: 1, count: node.inputs.count))
    },
    "Mean": .variable { node throws(ImportFailure) in
      let count = node.inputs.count
      return try node.sum(factors: [Double](repeating: 1 / Double(count), count: count))
    },
    "PRelu": .variable { node throws(ImportFailure) in try node.parametricRelu() },
  ]
}

extension OperatorHandler {
  /// The handler of an operator of floating-point values that shape arithmetic also applies to integers.
  fileprivate static func arithmetic(
    _ name: String, _ run: @escaping @Sendable (NodeImport) throws(ImportFailure) -> Variable
  ) -> OperatorHandler {
    OperatorHandler { node throws(ImportFailure) in
      if let integers = try node.integerArithmetic(name) { return [.integers(integers)] }
      return [.variable(try run(node))]
    }
  }
}

extension NodeImport {
  /// All inputs and their layout after broadcasting.
  func broadcastInputs() throws(ImportFailure) -> ([Value], TensorLayout) {
    var values: [Value] = []
    var layouts: [TensorLayout] = []
    for index in 0..<max(1, inputs.count) {
      values.append(try input(index))
      layouts.append(try values[index].layout())
    }
    return (values, try TensorLayout.broadcast(layouts))
  }

  /// `Σ factor_i · input_i`: an affine block, constants its offsets.
  fileprivate func sum(factors: [Double]) throws(ImportFailure) -> Variable {
    let (values, layout) = try broadcastInputs()
    guard values.count == factors.count else {
      throw .refused("expected \(counted(factors.count, "input")), found \(values.count)")
    }
    var port = Port(shape: atLeastVector(layout.sampleShape))
    for (value, factor) in zip(values, factors) {
      port.add(try self.port(value, over: layout, factor: factor))
    }
    return try affine(port, layout)
  }

  private func twoInputs() throws(ImportFailure) -> (Value, Value, TensorLayout) {
    let (values, layout) = try broadcastInputs()
    guard values.count == 2 else { throw .refused("expected 2 inputs, found \(values.count)") }
    return (values[0], values[1], layout)
  }

  /// A product with a constant is a linear map whose parameter is the constant.
  fileprivate func product() throws(ImportFailure) -> Variable {
    let (first, second, layout) = try twoInputs()
    for case (.variable(let variable), .numbers(let numbers)) in [(first, second), (second, first)]
    where numbers.isOwnShape && variable.layout == layout {
      let shape = atLeastVector(try aligned(layout, rank: numbers.shape.count, shape: numbers.shape))
      if numbers.parameter == nil, numbers.tensor.count == 1 {
        return try scaled(variable, by: numbers.elements[0])
      }
      let map = try linearMap("scale", from: shape, weight: numbers.tensor)
      let term = Term(source: variable.source, map: map, parameter: numbers.parameter)
      return try affine(Port(shape: atLeastVector(layout.sampleShape), terms: [term]), layout)
    }
    return try block(
      nil, nonlinearity("product"), [port(first, over: layout), port(second, over: layout)], layout)
  }

  fileprivate func quotient() throws(ImportFailure) -> Variable {
    let (first, second, layout) = try twoInputs()
    if integerType(0) != nil {
      // Integers are divided towards zero.
      let quotient = try block(
        "\(name)/quotient", nonlinearity("quotient"),
        [port(first, over: layout), port(second, over: layout)],
        layout)
      return try truncated(quotient)
    }
    if case .variable(let variable) = first, case .numbers(let numbers) = second, numbers.parameter == nil,
      numbers.tensor.count == 1, variable.layout == layout
    {
      return try scaled(variable, by: 1 / numbers.elements[0])
    }
    return try block(
      nil, nonlinearity("quotient"), [port(first, over: layout), port(second, over: layout)], layout)
  }

  /// An exponent that is a single constant is a constant of the function, not a parameter.
  fileprivate func power() throws(ImportFailure) -> Variable {
    let base = try input(0)
    var exponent: Double?
    switch try input(1) {
    case .numbers(let numbers) where numbers.tensor.count == 1: exponent = numbers.elements[0]
    case .integers(let integers) where integers.count == 1: exponent = Double(try integers.elements()[0])
    default: break
    }
    if let exponent, try input(1).shape.count <= base.shape.count {
      return try elementwise("pow", ["exponent": .number(exponent)])
    }
    let floating: Value
    if case .integers(let integers) = try input(1) {
      floating = .numbers(Numbers(try integers.elements().map { Double($0) }, shape: integers.shape))
    } else {
      floating = try input(1)
    }
    let layout = try TensorLayout.broadcast([base.layout(), floating.layout()])
    return try block(
      nil, nonlinearity("power"), [port(base, over: layout), port(floating, over: layout)], layout)
  }

  /// A function of two values, applied to the first two, then to the result and the third, and so on.
  fileprivate func chain(_ name: String) throws(ImportFailure) -> Variable {
    let (values, _) = try broadcastInputs()
    guard values.count > 1 else { return try variable(0) }
    var result = values[0]
    for (index, value) in values.enumerated().dropFirst() {
      let layout = try TensorLayout.broadcast([result.layout(), value.layout()])
      let isLast = index == values.count - 1
      result = .variable(
        try block(
          isLast ? nil : "\(self.name)/\(index)", nonlinearity(name),
          [port(result, over: layout), port(value, over: layout)], layout))
    }
    return try variable(result)
  }

  /// Slopes are a parameter of the second port, broadcast over the value.
  fileprivate func parametricRelu() throws(ImportFailure) -> Variable {
    let value = try variable(0)
    let slopes = try input(1)
    guard try TensorLayout.broadcast([value.layout, slopes.layout()]) == value.layout else {
      throw .refused("expected slopes that broadcast to \(value.layout.shape), found shape \(slopes.shape)")
    }
    return try block(
      nil, nonlinearity("prelu"), [port(value), port(slopes, over: value.layout)], value.layout)
  }
}
