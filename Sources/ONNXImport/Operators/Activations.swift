import Blocks
import Operators

extension OperatorTable {
  /// Elementwise functions of one value.
  package static let activations: [String: OperatorHandler] = [
    "Relu": .elementwise("relu"),
    "Sigmoid": .elementwise("sigmoid"),
    "Tanh": .elementwise("tanh"),
    "Softsign": .elementwise("softsign"),
    "Mish": .elementwise("mish"),
    "HardSwish": .elementwise("hard_swish"),
    "Abs": .elementwise("abs"),
    "Exp": .elementwise("exp"),
    "Log": .elementwise("log"),
    "Sqrt": .elementwise("sqrt"),
    "Reciprocal": .elementwise("reciprocal"),
    "Erf": .elementwise("erf"),
    "Sin": .elementwise("sin"),
    "Cos": .elementwise("cos"),
    "Tan": .elementwise("tan"),
    "Asin": .elementwise("asin"),
    "Acos": .elementwise("acos"),
    "Atan": .elementwise("atan"),
    "Sinh": .elementwise("sinh"),
    "Cosh": .elementwise("cosh"),
    "Asinh": .elementwise("asinh"),
    "Acosh": .elementwise("acosh"),
    "Atanh": .elementwise("atanh"),
    "Sign": .elementwise("sign"),
    "Floor": .rounding("floor"),
    "Ceil": .rounding("ceil"),
    "Round": .rounding("round"),
    // Above the threshold PyTorch's softplus is p itself; beyond 40 this is exact in double precision.
    "Softplus": .elementwise("softplus", ["threshold": .number(40)]),
    "LeakyRelu": .elementwise("leaky_relu", number: "alpha", 0.01, as: "negative_slope"),
    "Elu": .elementwise("elu", number: "alpha", 1, as: "alpha"),
    "Celu": .elementwise("celu", number: "alpha", 1, as: "alpha"),
    "ThresholdedRelu": .variable(["alpha"]) { node throws(ImportFailure) in
      try node.elementwise(
        "threshold", ["threshold": .number(node.number("alpha") ?? 1), "value": .number(0)])
    },
    "Gelu": .variable(["approximate"]) { node throws(ImportFailure) in
      let word = try node.word("approximate", of: ["none", "tanh"]) ?? "none"
      return try node.elementwise("gelu", ["approximate": .word(word)])
    },
    "Selu": .variable(["alpha", "gamma"]) { node throws(ImportFailure) in try node.selu() },
    "HardSigmoid": .variable(["alpha", "beta"]) { node throws(ImportFailure) in try node.hardSigmoid() },
    "Shrink": .variable(["bias", "lambd"]) { node throws(ImportFailure) in try node.shrink() },
    "Swish": .variable(["alpha"]) { node throws(ImportFailure) in try node.swish(of: node.variable(0)) },
    "SwiGLU": .variable(["alpha"]) { node throws(ImportFailure) in try node.gatedSwish() },
    "Clip": .variable(["min", "max"]) { node throws(ImportFailure) in try node.clip() },
    "Neg": .one { node throws(ImportFailure) in
      if case .integers(let integers) = try node.input(0) {
        return .integers(
          try Integers.combined(integers, Integers([-1], shape: [])) { $0 * $1 })
      }
      let variable = try node.variable(0)
      return .variable(
        try node.affine(node.port(.variable(variable), over: variable.layout, factor: -1), variable.layout))
    },
  ]
}

extension OperatorHandler {
  /// Whole numbers that contain the extent of the batch stay as they are.
  fileprivate static func rounding(_ name: String) -> OperatorHandler {
    .one { node throws(ImportFailure) in
      if case .integers = try node.input(0) { return try node.input(0) }
      return .variable(try node.elementwise(name))
    }
  }

  fileprivate static func elementwise(
    _ name: String, _ constants: [String: Constant] = [:]
  ) -> OperatorHandler {
    .variable { node throws(ImportFailure) in try node.elementwise(name, constants) }
  }

  fileprivate static func elementwise(
    _ name: String, number attribute: String, _ value: Float, as constant: String
  ) -> OperatorHandler {
    .variable([attribute]) { node throws(ImportFailure) in
      try node.elementwise(name, [constant: .number(node.number(attribute) ?? Double(value))])
    }
  }
}

extension NodeImport {
  /// `φ` of the first input.
  package func elementwise(_ name: String, _ constants: [String: Constant] = [:]) throws(ImportFailure)
    -> Variable
  {
    try elementwise(name, constants, of: variable(0))
  }

  /// `φ` of a variable, in a block named after the node, with an optional suffix.
  package func elementwise(
    _ name: String, _ constants: [String: Constant] = [:], of variable: Variable, suffix: String? = nil
  ) throws(ImportFailure) -> Variable {
    try block(
      suffix.map { "\(self.name)/\($0)" }, nonlinearity(name, constants), [port(variable)], variable.layout)
  }

  /// `φ(p_1, p_2)` of two variables of one layout.
  package func pair(
    _ name: String, _ first: Variable, _ second: Variable, suffix: String? = nil
  ) throws(ImportFailure) -> Variable {
    try block(
      suffix.map { "\(self.name)/\($0)" }, nonlinearity(name),
      [port(first), port(second, as: first.layout.sampleShape)], first.layout)
  }

  /// `factor · variable`, in a block named after the node, with an optional suffix.
  package func scaled(
    _ variable: Variable, by factor: Double, suffix: String? = nil
  ) throws(ImportFailure) -> Variable {
    try affine(
      port(.variable(variable), over: variable.layout, factor: factor), variable.layout,
      named: suffix.map { "\(name)/\($0)" })
  }

  fileprivate func selu() throws(ImportFailure) -> Variable {
    let (alpha, gamma) = (try number("alpha"), try number("gamma"))
    // ONNX's defaults are PyTorch's constants, rounded to single precision.
    let (defaultAlpha, defaultGamma) = (1.67326319217681884765625, 1.05070102214813232421875)
    if alpha ?? defaultAlpha == defaultAlpha, gamma ?? defaultGamma == defaultGamma {
      return try elementwise("selu")
    }
    let elu = try elementwise(
      "elu", ["alpha": .number(alpha ?? defaultAlpha)], of: variable(0), suffix: "elu")
    return try scaled(elu, by: gamma ?? defaultGamma)
  }

  fileprivate func hardSigmoid() throws(ImportFailure) -> Variable {
    let (alpha, beta) = (try number("alpha") ?? Double(Float(0.2)), try number("beta") ?? 0.5)
    let variable = try variable(0)
    var port = try port(.variable(variable), over: variable.layout, factor: alpha)
    port.offsets.append(try repeated(beta, count: port.shape.reduce(1, *)))
    return try block(
      nil, nonlinearity("clamp", ["min": .number(0), "max": .number(1)]), [port], variable.layout)
  }

  /// `x − bias` above lambda, `x + bias` below −lambda, else 0.
  fileprivate func shrink() throws(ImportFailure) -> Variable {
    let (bias, lambda) = (try number("bias") ?? 0, try number("lambd") ?? 0.5)
    if bias == 0 { return try elementwise("hardshrink", ["lambda": .number(lambda)]) }
    if bias == lambda { return try elementwise("softshrink", ["lambda": .number(lambda)]) }
    let shrunk = try elementwise(
      "hardshrink", ["lambda": .number(lambda)], of: variable(0), suffix: "hardshrink")
    let sign = try elementwise("sign", of: shrunk, suffix: "sign")
    return try affine(
      port(shrunk).adding(port(.variable(sign), over: shrunk.layout, factor: -bias)), shrunk.layout)
  }

  /// `x σ(alpha x)`.
  fileprivate func swish(of variable: Variable, suffix: String? = nil) throws(ImportFailure) -> Variable {
    let alpha = try number("alpha") ?? 1
    if alpha == 1 { return try elementwise("silu", of: variable, suffix: suffix) }
    let gate = try elementwise(
      "sigmoid", of: scaled(variable, by: alpha, suffix: "scaled"), suffix: "gate")
    return try pair("product", variable, gate, suffix: suffix)
  }

  /// `a σ(alpha a) b`.
  fileprivate func gatedSwish() throws(ImportFailure) -> Variable {
    let (gate, value) = (try input(0), try input(1))
    guard gate.extents == value.extents else {
      throw .refused("expected two tensors of one shape, found \(gate.shape) and \(value.shape)")
    }
    let layout = try TensorLayout.broadcast([gate.layout(), value.layout()])
    let swish = try swish(of: variable(gate), suffix: "swish")
    return try block(
      nil, nonlinearity("product"), [port(.variable(swish), over: layout), port(value, over: layout)], layout)
  }

  /// Bounds are constants, not parameters; until opset 10 they are attributes.
  fileprivate func clip() throws(ImportFailure) -> Variable {
    for index in 1...2 where hasInput(index) {
      if case .variable = try input(index) { return try clippedByComputed() }
    }
    var constants: [String: Constant] = [:]
    for (index, name) in ["min", "max"].enumerated() {
      let bound: Double?
      if let numbers = try constantNumbers(index + 1, name) {
        guard numbers.count == 1 else { throw .refused("\(name): expected a number, found \(numbers.count)") }
        bound = numbers[0]
      } else {
        bound = try number(name)
      }
      if let bound {
        guard !bound.isNaN else { throw .refused("\(name): expected a number, found NaN") }
        let largest = Double.greatestFiniteMagnitude
        constants[name] = .number(max(-largest, min(largest, bound)))
      }
    }
    // If the bounds cross, the upper one applies.
    if case (.number(let least), .number(let largest))? = constants["min"].flatMap({ least in
      constants["max"].map { (least, $0) }
    }), least > largest {
      constants["min"] = .number(largest)
    }
    return try elementwise("clamp", constants)
  }

  /// The maximum of a value and a bound, then the minimum of that and another one, of which at least one is computed.
  private func clippedByComputed() throws(ImportFailure) -> Variable {
    var result = try variable(0)
    let bounds = [(1, "maximum"), (2, "minimum")].filter { hasInput($0.0) }
    for (index, function) in bounds {
      let bound = try input(index)
      guard bound.shape.reduce(1, *) == 1 else {
        throw .refused("expected bounds that are single numbers, found shape \(bound.shape)")
      }
      let name = index == bounds.last?.0 ? nil : "\(self.name)/\(function)"
      let ports = [try port(result), try port(bound, over: result.layout)]
      result = try block(name, nonlinearity(function), ports, result.layout)
    }
    return result
  }
}
