import LinearAlgebra
import ONNXSchema
import Operators

/// A graph under construction: nodes in the order of evaluation, over constants that all graphs of a model
/// share.
package final class ONNXGraph {
  /// An attribute of a node.
  package enum Attribute {
    case integer(Int)
    case integers([Int])
    /// A number. ONNX stores this attribute in single precision, whatever the graph's precision.
    case number(Double)
    case word(String)
    case graph(ONNXGraphProto)
    case tensor(ONNXTensorProto)
  }

  /// The precision of the computation.
  package let precision: Precision
  /// The version of the operators.
  package let opset: Int
  /// The constants.
  package let initializers: ONNXInitializers
  /// The prefix of names of nodes and values: the block that they belong to.
  package var scope = ""
  /// The name of the parameter of the operator being added; nil if it has none.
  package var parameter: String?
  /// The bias that the operator being added may take as its last operand; nil once it has been taken.
  var bias: (tensor: Tensor<Double>, parameter: String)?
  /// The nodes, each after its sources.
  package private(set) var nodes: [ONNXNodeProto] = []
  private var batches: [String: String] = [:]

  /// An empty graph; a nested graph shares the constants of the enclosing one.
  package init(
    precision: Precision, opset: Int = ONNXExport.opset, initializers: ONNXInitializers = ONNXInitializers()
  ) {
    self.precision = precision
    self.opset = opset
    self.initializers = initializers
  }

  /// Whether an operator that came with a version of the operators is written as itself. In double precision it is
  /// composed of others: runtimes lack it, and its attributes have single precision.
  func hasOperator(since version: Int = 13) -> Bool { precision == .float32 && opset >= version }

  /// The type of the numbers.
  package var type: ONNXElementType { precision == .float32 ? .float32 : .float64 }

  /// Adds a node, and returns the names of its results.
  @discardableResult
  package func node(
    _ type: String, _ inputs: [String], results: [String], _ attributes: [(String, Attribute)] = []
  ) -> [String] {
    let names = results.map { initializers.uniqueName(scope.isEmpty ? $0 : "\(scope)/\($0)") }
    append(type, inputs, names, attributes)
    return names
  }

  /// Gives a value another name, which must be unique.
  package func rename(_ value: ONNXValue, to name: String) { append("Identity", [value.name], [name], []) }

  private func append(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [(String, Attribute)]
  ) {
    nodes.append(
      ONNXNodeProto.with {
        $0.opType = type
        $0.name = outputs[0]
        $0.input = inputs
        $0.output = outputs
        $0.attribute = attributes.map { ONNXAttributeProto($0, $1) }
      })
  }

  /// Adds a node with one result, whose samples have this shape and whose batch is that of the operands.
  package func value(
    _ type: String, _ operands: [ONNXValue], constants: [String] = [], shape: [Int],
    _ attributes: [(String, Attribute)] = []
  ) -> ONNXValue {
    let names = node(type, operands.map(\.name) + constants, results: [type], attributes)
    return ONNXValue(name: names[0], shape: shape, isBatched: operands.contains(where: \.isBatched))
  }

  // MARK: Constants

  /// A number, for elementwise operators.
  package func number(_ value: Double) -> String {
    let bytes = precision.numberType.bytes(of: [value])
    return initializers.bytes(bytes, type, shape: [], named: "number")
  }

  /// A list of numbers with a shape.
  package func numbers(_ values: [Double], shape: [Int]) -> String {
    initializers.bytes(precision.numberType.bytes(of: values), type, shape: shape, named: "numbers")
  }

  /// A list of integers.
  package func integers(_ values: [Int]) -> String {
    let bytes = values.flatMap { value in withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) } }
    return initializers.bytes(bytes, .int64, shape: [values.count], named: "integers")
  }

  /// A single integer.
  package func integer(_ value: Int) -> String {
    let bytes = withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) }
    return initializers.bytes(bytes, .int64, shape: [], named: "integer")
  }

  /// A tensor of the model, in this shape.
  package func weights(_ tensor: Tensor<Double>, named name: String = "weight") -> String {
    initializers.weights(
      tensor, type, named: parameter ?? (scope.isEmpty ? name : "\(scope)/\(name)"), parameter: parameter)
  }

  /// The name of the bias, as an operand of the operator being added; nil if there is none.
  package func takeBias() -> String? {
    guard let bias else { return nil }
    self.bias = nil
    let ownParameter = parameter
    defer { parameter = ownParameter }
    parameter = bias.parameter
    return weights(bias.tensor, named: "offset")
  }

  /// A tensor of the model as one sample for the whole batch, with an additional leading axis.
  package func sample(_ tensor: Tensor<Double>, named name: String = "weight") -> ONNXValue {
    let shape = tensor.shape.isEmpty ? [1] : tensor.shape
    let constant = initializers.weights(
      tensor.reshaped([1] + shape), type,
      named: parameter ?? (scope.isEmpty ? name : "\(scope)/\(name)"), parameter: parameter,
      layout: tensor.shape.isEmpty ? .scalar : .sample)
    return ONNXValue(name: constant, shape: shape, isBatched: false)
  }

  // MARK: The batch

  /// The number of samples of a value, as a list of one integer.
  package func batch(of value: ONNXValue) -> String {
    if let known = batches[value.name] { return known }
    let name =
      opset >= 15
      ? node("Shape", [value.name], results: ["batch"], [("start", .integer(0)), ("end", .integer(1))])[0]
      : node(
        "Slice", node("Shape", [value.name], results: ["shape"]) + [integers([0]), integers([1])],
        results: ["batch"])[0]
    batches[value.name] = name
    return name
  }
}

extension ONNXAttributeProto {
  /// An attribute of this name. ONNX requires the type besides the value.
  package init(_ name: String, _ value: ONNXGraph.Attribute) {
    self.init()
    self.name = name
    switch value {
    case .number(let number): (f, type) = (Float(number), 1)
    case .integer(let integer): (i, type) = (Int64(integer), 2)
    case .word(let word): (s, type) = (Array(word.utf8).withUnsafeBytes { .init($0) }, 3)
    case .tensor(let tensor): (t, type) = (tensor, 4)
    case .graph(let graph): (g, type) = (graph, 5)
    case .integers(let integers): (ints, type) = (integers.map(Int64.init), 7)
    }
  }
}
