import Blocks
import FileAccess
import LinearAlgebra
import Operators

/// One node during the import: its inputs, and the builder that its blocks are added to.
package struct NodeImport {
  package var node: ONNXModel.Node
  /// The version of the operator set.
  package let opset: Int
  /// The node's inputs; nil for a missing optional one.
  package let inputs: [Value?]
  package let builder: BlockBuilder
  /// The number of samples that the model gives; as the extent of a leading axis it denotes the batch.
  var leadingExtent: Int?
  /// What stands for the number of samples, if the model leaves it open.
  var openExtent: Int?
  /// The types of the inputs in the file; nil where that is not known.
  var types: [ElementType?] = []

  /// The name of the block for the node's value.
  package var name: String { node.outputs.first { !$0.isEmpty } ?? node.name }

  // MARK: Inputs

  /// Whether there is an input at a position.
  func hasInput(_ index: Int) -> Bool { index < inputs.count && inputs[index] != nil }

  /// The input at a position.
  package func input(_ index: Int) throws(ImportFailure) -> Value {
    guard index < inputs.count, let input = inputs[index] else {
      throw .refused("expected at least \(counted(index + 1, "input")), found \(inputs.count { $0 != nil })")
    }
    return input
  }

  /// The input at a position as a variable; constants become a block without sources.
  func variable(_ index: Int) throws(ImportFailure) -> Variable {
    try variable(input(index))
  }

  /// A value as a variable.
  func variable(_ value: Value) throws(ImportFailure) -> Variable {
    switch value {
    case .variable(let variable): return variable
    case .integers(let integers): throw notNumbers(integers)
    case .numbers(let numbers):
      let layout = try TensorLayout(numbers.shape)
      let suffix = numbers.parameter ?? "constant"
      return try block("\(name)/\(suffix)", Identity(), [port(value, over: layout)], layout)
    }
  }

  /// Numbers at a position that must be constants, such as the bounds of a clip; nil for a missing input.
  func constantNumbers(_ index: Int, _ what: String) throws(ImportFailure) -> [Double]? {
    guard hasInput(index) else { return nil }
    switch try input(index) {
    case .numbers(let numbers): return numbers.elements
    case .integers(let integers) where integers.containsBatchExtent: throw .usesBatchExtent
    default: throw .refused("expected constant numbers as \(what), found a computed value")
    }
  }

  /// Integers at a position that must be constants, such as a shape; nil for a missing input.
  func constantIntegers(_ index: Int, _ what: String) throws(ImportFailure) -> [Int]? {
    guard let integers = try constantTensor(index, what) else { return nil }
    return try integers.elements()
  }

  /// The same, with the extent of the batch as a symbol.
  func symbols(_ index: Int, _ what: String) throws(ImportFailure) -> [BatchInteger]? {
    try constantTensor(index, what)?.symbols
  }

  private func constantTensor(_ index: Int, _ what: String) throws(ImportFailure) -> Integers? {
    guard hasInput(index) else { return nil }
    guard case .integers(let integers) = try input(index) else {
      throw .refused("expected constant integers as \(what), found a computed value")
    }
    return integers
  }

  // MARK: Attributes

  /// An integer attribute.
  package func integer(_ name: String) throws(ImportFailure) -> Int? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .integer(let value) = attribute else { throw unexpected(name, "an integer") }
    return value
  }

  /// A number attribute.
  package func number(_ name: String) throws(ImportFailure) -> Double? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .number(let value) = attribute else { throw unexpected(name, "a number") }
    return value
  }

  /// An attribute of integers.
  package func integers(_ name: String) throws(ImportFailure) -> [Int]? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .integers(let value) = attribute else { throw unexpected(name, "integers") }
    return value
  }

  /// Integers that are an attribute in older versions and an input in newer ones.
  package func integers(_ name: String, orInput index: Int) throws(ImportFailure) -> [Int]? {
    if let values = try integers(name) { return values }
    return try constantIntegers(index, name)
  }

  /// Numbers that are an attribute in older versions and an input in newer ones.
  package func numbers(_ name: String, orInput index: Int) throws(ImportFailure) -> [Double]? {
    if let values = try numbers(name) { return values }
    return try constantNumbers(index, name)
  }

  /// An attribute of numbers.
  package func numbers(_ name: String) throws(ImportFailure) -> [Double]? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .numbers(let value) = attribute else { throw unexpected(name, "numbers") }
    return value
  }

  /// An attribute with one of several words as its value.
  package func word(_ name: String, of words: [String]) throws(ImportFailure) -> String? {
    guard let attribute = node.attributes[name] else { return nil }
    guard case .word(let word) = attribute, words.contains(word) else {
      throw unexpected(name, words.joined(separator: ", "))
    }
    return word
  }

  private func unexpected(_ name: String, _ expected: String) -> ImportFailure {
    let found =
      switch node.attributes[name]! {
      case .number(let value): "\(value)"
      case .integer(let value): "\(value)"
      case .word(let word): quoted(word)
      case .numbers: "numbers"
      case .integers: "integers"
      case .words: "words"
      case .tensor: "a tensor"
      case .graph: "a graph"
      case .reference: "a reference to a function's attribute"
      case .other(let what): what
      }
    return .refused("attribute \(quoted(name)): expected \(expected), found \(found)")
  }

  // MARK: Blocks

  /// A block of these ports, and its value in a layout of the same size.
  package func block(
    _ name: String?, _ nonlinearity: any Nonlinearity, _ ports: [Port], _ layout: TensorLayout
  ) throws(ImportFailure) -> Variable {
    let source = try builder.add(name ?? self.name, nonlinearity, ports)
    let size = builder.shape(of: source)!.reduce(1, *)
    guard size == layout.sampleShape.reduce(1, *) else {
      throw .refused("expected \(counted(layout.sampleShape.reduce(1, *), "number")), found \(size)")
    }
    return Variable(source: source, layout: layout)
  }

  /// The affine block of a port.
  package func affine(_ port: Port, _ layout: TensorLayout, named name: String? = nil) throws(ImportFailure)
    -> Variable
  {
    try block(name, Identity(), [port], layout)
  }

  /// `linear map(variable)` as a block of its own; the batch axis keeps its position.
  package func mapped(
    _ variable: Variable, by map: any LinearMap<Double>, suffix: String? = nil, to layout: TensorLayout? = nil
  ) throws(ImportFailure) -> Variable {
    let target: TensorLayout
    if let layout { target = layout } else { target = try variable.layout.with(sampleShape: map.outputShape) }
    let port = Port(shape: map.outputShape, terms: [Term(source: variable.source, map: map)])
    return try affine(port, target, named: suffix.map { "\(name)/\($0)" })
  }

  /// A port that equals a variable, in the shape of its samples or another of the same size.
  package func port(_ variable: Variable, as shape: [Int]? = nil) throws(ImportFailure) -> Port {
    let shape = atLeastVector(shape ?? variable.layout.sampleShape)
    return Port(
      shape: shape, terms: [Term(source: variable.source, map: try linearMap("identity", from: shape))])
  }

  /// A port that is `factor` times a value, broadcast to a layout.
  package func port(_ value: Value, over layout: TensorLayout, factor: Double = 1) throws(ImportFailure)
    -> Port
  {
    let target = atLeastVector(layout.sampleShape)
    switch value {
    case .variable(let variable):
      let shape = try sampleShape(variable, over: layout)
      let map = try broadcast(shape, to: target, factor)
      return Port(shape: target, terms: [Term(source: variable.source, map: map)])
    case .numbers(let numbers):
      if numbers.isTransposed {
        let stored = numbers.transposedMatrix!
        let matrix = try variable(.numbers(stored))
        let map = try linearMap("permute", from: stored.shape, ["dims": .integers([1, 0])])
        return try port(
          .variable(mapped(matrix, by: map, suffix: "transposed")), over: layout, factor: factor)
      }
      return Port(shape: target, offsets: [try offset(numbers, over: layout, factor)])
    case .integers(let integers): throw notNumbers(integers)
    }
  }

  private func notNumbers(_ integers: Integers) -> ImportFailure {
    integers.containsBatchExtent
      ? .usesBatchExtent : .refused("expected floating-point numbers, found \(integers.type.name)")
  }

  /// The shape of a variable's samples aligned with those of the layout, from the last axis.
  private func sampleShape(_ variable: Variable, over layout: TensorLayout) throws(ImportFailure) -> [Int] {
    guard variable.layout.batch == nil, let behind = layout.axesBehindBatch, !layout.isMerged else {
      return atLeastVector(variable.layout.sampleShape)
    }
    return atLeastVector(try withoutBatch(variable.layout.shape, axesBehind: behind))
  }

  private func withoutBatch(_ shape: [Int], axesBehind behind: Int) throws(ImportFailure) -> [Int] {
    var shape = shape
    if shape.count > behind {
      let extent = shape.remove(at: shape.count - 1 - behind)
      guard extent == 1 else { throw .mixesBatch("broadcasts the batch axis against another") }
    }
    return shape
  }

  private func broadcast(
    _ shape: [Int], to target: [Int], _ factor: Double
  ) throws(ImportFailure) -> any LinearMap<Double> {
    let count = shape.reduce(1, *)
    if count == target.reduce(1, *) {
      return factor == 1
        ? try linearMap("identity", from: target)
        : try linearMap("multiply", from: target, ["factor": .number(factor)])
    }
    return try expand(shape, to: target, factor)
  }

  private func expand(
    _ shape: [Int], to target: [Int], _ factor: Double
  ) throws(ImportFailure) -> any LinearMap<Double> {
    if factor != 1 { try ImportLimits.charge(shape.reduce(1, *)) }
    let factors = factor == 1 ? [] : [Double](repeating: factor, count: shape.reduce(1, *))
    return try linearMap("expand", from: shape, ["shape": .integers(target), "factors": .numbers(factors)])
  }

  /// Constants broadcast to a layout; a parameter keeps its own shape, which is that of its gradient.
  private func offset(
    _ numbers: Numbers, over layout: TensorLayout, _ factor: Double
  ) throws(ImportFailure) -> Offset<Double> {
    let numbers = numbers.summand
    let target = atLeastVector(try aligned(layout, rank: numbers.shape.count, shape: numbers.shape))
    let count = target.reduce(1, *)
    if numbers.parameter == nil, numbers.tensor.count == 1 {
      // A number without a gradient, the same everywhere.
      return try repeated(factor * numbers.elements[0], count: count)
    }
    if numbers.tensor.count == count, factor == 1 {
      return Offset(tensor: numbers.tensor, parameter: numbers.parameter)
    }
    let shape = numbers.isOwnShape ? numbers.tensor.shape : numbers.shape
    return Offset(
      tensor: numbers.tensor, map: try expand(atLeastVector(shape), to: target, factor),
      parameter: numbers.parameter)
  }

  /// An offset that is the same number everywhere.
  func repeated(_ number: Double, count: Int) throws(ImportFailure) -> Offset<Double> {
    try ImportLimits.charge(count)
    return Offset(vector: [Double](repeating: number, count: count))
  }

  /// The shape of the layout's samples for constants of `rank` axes, with an axis of 1 for the batch if
  /// they have that many axes.
  package func aligned(_ layout: TensorLayout, rank: Int, shape: [Int]) throws(ImportFailure) -> [Int] {
    guard let batch = layout.batch, let behind = layout.axesBehindBatch, rank > behind else {
      return layout.sampleShape
    }
    guard shape[rank - 1 - behind] == 1 else {
      throw .mixesBatch("broadcasts the batch axis against another")
    }
    var aligned = layout.shape
    aligned[batch.axis] = batch.factor
    return aligned
  }
}
