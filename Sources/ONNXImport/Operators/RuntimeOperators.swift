import Blocks
import FileAccess
import LinearAlgebra
import Operators

extension OperatorTable {
  /// The operators of the domain com.microsoft: what ONNX Runtime's optimiser writes.
  static let runtime: [String: OperatorHandler] = [
    "BiasGelu": .variable { node throws(ImportFailure) in
      try node.elementwise("gelu", of: node.variable(node.sum(0, 1)))
    },
    "FastGelu": .variable { node throws(ImportFailure) in
      let value = node.hasInput(1) ? try node.sum(0, 1) : try node.input(0)
      return try node.elementwise("gelu", ["approximate": .word("tanh")], of: node.variable(value))
    },
    "FusedConv": .variable(WindowAttributes.names.union(["activation", "activation_params", "group"])) {
      node throws(ImportFailure) in try node.fusedConvolution()
    },
    "FusedGemm": .variable([
      "activation", "activation_alpha", "activation_beta", "activation_gamma", "alpha", "beta", "transA",
      "transB",
    ]) { node throws(ImportFailure) in
      try node.activated(node.part("product").gemm(), [node.number("activation_alpha")].compactMap { $0 })
    },
    "FusedMatMul": .variable(["alpha", "transA", "transB", "transBatchA", "transBatchB"]) {
      node throws(ImportFailure) in try node.fusedProduct()
    },
    "Gelu": .variable { node throws(ImportFailure) in try node.elementwise("gelu") },
    "MultiHeadAttention": .variable(["mask_filter_value", "num_heads", "scale", "unidirectional"]) {
      node throws(ImportFailure) in try node.multiHeadAttention()
    },
    "Attention": .variable([
      "do_rotary", "mask_filter_value", "num_heads", "qkv_hidden_sizes", "scale", "unidirectional",
    ]) { node throws(ImportFailure) in try node.projectedAttention() },
    "QuickGelu": .variable(["alpha"]) { node throws(ImportFailure) in
      let variable = try node.variable(0)
      let argument = try node.scaled(
        variable, by: node.number("alpha") ?? Double(Float(1.702)), suffix: "scaled")
      return try node.pair("product", variable, node.elementwise("sigmoid", of: argument, suffix: "gate"))
    },
    "SkipLayerNormalization": OperatorHandler(["epsilon"]) { node throws(ImportFailure) in
      try node.skipNormalization("layer_norm", bias: 4, shift: 3)
    },
    "SkipSimplifiedLayerNormalization": OperatorHandler(["epsilon"]) { node throws(ImportFailure) in
      try node.skipNormalization("rms_norm", bias: 3, shift: nil)
    },
    "DequantizeLinear": quantization["DequantizeLinear"]!,
    "QuantizeLinear": quantization["QuantizeLinear"]!,
  ]

  /// Operators that ONNX Runtime's optimiser writes in ONNX's own domain.
  static let runtimeInOwnDomain: [String: OperatorHandler] = [
    "SimplifiedLayerNormalization": .variable(["axis", "epsilon", "stash_type"]) {
      node throws(ImportFailure) in
      try node.lastAxesNormalization("rms_norm")
    }
  ]
}

extension NodeImport {
  /// The same node as the step of a computation, whose block is named after both.
  func part(_ suffix: String, inputs: [Value?]? = nil) -> NodeImport {
    named("\(name)/\(suffix)", inputs: inputs ?? self.inputs)
  }

  /// The sum of two inputs.
  fileprivate func sum(_ first: Int, _ second: Int) throws(ImportFailure) -> Value {
    try sum(input(first), input(second), "sum")
  }

  private func sum(_ first: Value, _ second: Value, _ suffix: String) throws(ImportFailure) -> Value {
    let layout = try TensorLayout.broadcast([first.layout(), second.layout()])
    return .variable(
      try affine(
        port(first, over: layout).adding(port(second, over: layout)), layout, named: "\(name)/\(suffix)"))
  }

  /// The convolution, plus a fourth input, through an activation.
  fileprivate func fusedConvolution() throws(ImportFailure) -> Variable {
    var result = try part("convolution", inputs: Array(inputs.prefix(3))).convolution()
    if hasInput(3) {
      guard try input(3).shape == result.layout.shape else {
        throw .refused("expected a summand of shape \(result.layout.shape), found \(try input(3).shape)")
      }
      result = try variable(sum(.variable(result), input(3), "sum"))
    }
    return try activated(result, numbers("activation_params") ?? [])
  }

  /// The activation that an attribute names.
  fileprivate func activated(_ variable: Variable, _ constants: [Double]) throws(ImportFailure) -> Variable {
    let word = try word(
      "activation", of: ["", "Clip", "HardSigmoid", "LeakyRelu", "Relu", "Sigmoid", "Tanh"])
    func constant(_ index: Int, _ standard: Double) -> Constant {
      .number(index < constants.count ? constants[index] : standard)
    }
    switch word {
    case "Relu": return try elementwise("relu", of: variable)
    case "Sigmoid": return try elementwise("sigmoid", of: variable)
    case "Tanh": return try elementwise("tanh", of: variable)
    case "LeakyRelu":
      return try elementwise("leaky_relu", ["negative_slope": constant(0, Double(Float(0.01)))], of: variable)
    case "Clip":
      guard constants.count == 2 else { throw .refused("activation_params: expected two bounds") }
      return try elementwise("clamp", ["min": constant(0, 0), "max": constant(1, 0)], of: variable)
    case "HardSigmoid":
      guard constants.count == 2 else { throw .refused("activation_params: expected two numbers") }
      var port = try port(.variable(variable), over: variable.layout, factor: constants[0])
      port.offsets.append(try repeated(constants[1], count: port.shape.reduce(1, *)))
      return try block(
        nil, nonlinearity("clamp", ["min": .number(0), "max": .number(1)]), [port], variable.layout)
    default: return try affine(port(variable), variable.layout)
    }
  }

  /// `alpha A' B'`, each factor with its last two axes exchanged if the node says so.
  fileprivate func fusedProduct() throws(ImportFailure) -> Variable {
    for name in ["transBatchA", "transBatchB"] {
      guard try integer(name) ?? 0 == 0 else { throw .refused("\(name): expected 0, found 1") }
    }
    func factor(_ index: Int, _ attribute: String) throws(ImportFailure) -> Value {
      let value = try input(index)
      let rank = value.shape.count
      guard try integer(attribute) ?? 0 != 0, rank >= 2 else { return value }
      return try transposed(value, Array(0..<rank - 2) + [rank - 1, rank - 2], suffix: attribute)
    }
    let (left, right) = (try factor(0, "transA"), try factor(1, "transB"))
    guard let alpha = try number("alpha"), alpha != 1 else { return try matrixProduct(left, right) }
    return try scaled(matrixProduct(left, right, name: "\(name)/product"), by: alpha)
  }

  /// The normalisation of the sum of an input and a skip, and perhaps a bias; the sum is the fourth output.
  fileprivate func skipNormalization(
    _ name: String, bias: Int, shift: Int?
  ) throws(ImportFailure) -> [Value] {
    var total = try sum(0, 1)
    if hasInput(bias) { total = try sum(total, input(bias), "biased") }
    var ports = [total, try input(2)]
    if let shift, hasInput(shift) { ports.append(try input(shift)) }
    var other = with(inputs: ports)
    other.node = node.with(attribute: "epsilon", node.attributes["epsilon"] ?? .number(Double(Float(1e-12))))
    let result = Value.variable(try other.lastAxesNormalization(name))
    // What stands between is there for training.
    guard node.outputs.dropFirst().prefix(2).allSatisfy(\.isEmpty) else {
      throw .refused("expected no mean and no deviation as outputs, found some")
    }
    return [result, result, result, total]
  }

  // MARK: Attention

  /// Attention to queries, keys and values that the node projects from one input.
  fileprivate func projectedAttention() throws(ImportFailure) -> Variable {
    for index in 3..<max(3, inputs.count) where hasInput(index) {
      throw .refused("expected an input, a weight and a bias only, found a mask or a state")
    }
    guard try integer("do_rotary") ?? 0 == 0, try integers("qkv_hidden_sizes") == nil else {
      throw .refused("expected queries, keys and values of one size without rotation, found others")
    }
    var product = try matrixProduct(input(0), input(1), name: "\(name)/projection")
    if hasInput(2) { product = try variable(sum(.variable(product), input(2), "biased")) }
    let axis = product.layout.shape.count - 1
    let width = product.layout.shape[axis] / 3
    guard product.layout.shape[axis] == 3 * width, product.layout.shape.count == 3 else {
      throw .refused("expected a projection to three parts, found shape \(product.layout.shape)")
    }
    var parts: [Value?] = []
    for part in 0..<3 {
      let places = Array(part * width..<(part + 1) * width)
      parts.append(try selected(.variable(product), axis: axis, places, suffix: "part\(part)"))
    }
    return try attention(parts)
  }

  /// Attention to given queries, keys and values, with one bias for all three.
  fileprivate func multiHeadAttention() throws(ImportFailure) -> Variable {
    for index in 4..<max(4, inputs.count) where hasInput(index) {
      throw .refused("expected queries, keys, values and a bias only, found a mask or a state")
    }
    var parts: [Value?] = []
    for index in 0..<3 {
      var value = try input(index)
      guard value.shape.count == 3 else {
        throw .refused("expected queries, keys and values of 3 axes, found shape \(value.shape)")
      }
      if hasInput(3) {
        let start = try [0, input(0).shape[2], input(0).shape[2] + input(1).shape[2]][index]
        let places = Array(start..<start + value.shape[2])
        value = try sum(value, selected(input(3), axis: 0, places, suffix: "bias\(index)"), "biased\(index)")
      }
      parts.append(value)
    }
    return try attention(parts)
  }

  /// ONNX's own attention with the attributes that the node has under other names.
  private func attention(_ parts: [Value?]) throws(ImportFailure) -> Variable {
    guard let heads = try integer("num_heads"), heads > 0 else {
      throw .refused("num_heads: expected a positive integer")
    }
    var attributes: [String: ONNXModel.Attribute] = [
      "q_num_heads": .integer(heads), "kv_num_heads": .integer(heads),
      "is_causal": .integer(try integer("unidirectional") ?? 0),
    ]
    if let scale = try number("scale"), scale != 0 { attributes["scale"] = .number(scale) }
    var other = with(inputs: parts)
    other.node = node.with(attributes: attributes)
    return try variable(other.attention()[0])
  }
}

extension ONNXModel.Node {
  /// The node with another value of an attribute.
  func with(attribute name: String, _ value: ONNXModel.Attribute) -> ONNXModel.Node {
    with(attributes: attributes.merging([name: value]) { $1 })
  }

  /// The node with other attributes.
  func with(attributes: [String: ONNXModel.Attribute]) -> ONNXModel.Node {
    ONNXModel.Node(
      operatorType: operatorType, domain: domain, name: name, inputs: inputs, outputs: outputs,
      attributes: attributes, overload: overload)
  }
}
