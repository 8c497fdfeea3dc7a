import Blocks
import FileAccess
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Products and convolutions of quantised values.
  static let integerProducts: [String: OperatorHandler] = [
    "MatMulInteger": .one { node throws(ImportFailure) in
      let left = try node.centered(node.input(0), zero: 2, alongLast: false, suffix: "left")
      let right = try node.centered(node.input(1), zero: 3, alongLast: true, suffix: "right")
      return .variable(try node.matrixProduct(left, right))
    },
    "ConvInteger": .variable(WindowAttributes.names.union(["group"])) { node throws(ImportFailure) in
      let image = try node.centered(node.input(0), zero: 2, alongLast: false, suffix: "image")
      let weight = try node.centered(node.input(1), zero: 3, alongLast: false, suffix: "weight")
      return try node.with(inputs: [image, weight]).convolution()
    },
    "QLinearMatMul": .variable { node throws(ImportFailure) in
      let left = try node.scaledValue(0, suffix: "left", axis: -2)
      let right = try node.scaledValue(3, suffix: "right", axis: -1)
      let product = try node.matrixProduct(left, right, name: "\(node.name)/product")
      return try node.quantized(
        product, node.quantizer(scale: 6, zero: 7, type: node.integerType(7), axis: -1))
    },
    "QLinearConv": .variable(WindowAttributes.names.union(["group"])) { node throws(ImportFailure) in
      try node.quantizedConvolution()
    },
  ]
}

extension NodeImport {
  /// A factor of an integer product minus its zero point.
  fileprivate func centered(
    _ value: Value, zero index: Int, alongLast: Bool, suffix: String
  ) throws(ImportFailure) -> Value {
    guard hasInput(index) else { return value }
    let layout = try value.layout()
    switch try input(index) {
    case .variable(let zero):
      guard zero.layout.shape.allSatisfy({ $0 == 1 }) else {
        throw .refused("expected one computed zero point, found shape \(zero.layout.shape)")
      }
      return .variable(
        try affine(
          port(value, over: layout).adding(port(.variable(zero), over: layout, factor: -1)), layout,
          named: "\(name)/\(suffix)"))
    case .integers: throw .refused("expected a zero point of numbers")
    case .numbers(let zeros):
      // Those of a left factor are of its rows, those of a weight of its output channels.
      let axis = alongLast ? -1 : node.operatorType == "ConvInteger" ? 0 : -2
      let constant = try constant(zeros.elements, along: axis, of: layout.shape)
      if case .numbers(let numbers) = value {
        let zero = try spread(zeros.elements, along: axis, over: layout.shape)
        let elements = numbers.elements.enumerated().map { $1 - zero($0) }
        return .numbers(Numbers(elements, shape: numbers.shape))
      }
      return .variable(
        try affine(
          port(value, over: layout).adding(port(.numbers(constant), over: layout, factor: -1)), layout,
          named: "\(name)/\(suffix)"))
    }
  }

  /// An input with its scale and zero point, which are the next two inputs, as the numbers that it stands for.
  fileprivate func scaledValue(_ index: Int, suffix: String, axis: Int) throws(ImportFailure) -> Value {
    let quantizer = try quantizer(
      scale: index + 1, zero: index + 2, type: integerType(index) ?? .uint8, axis: axis)
    guard case .integers(let integers) = try input(index) else {
      return .variable(try dequantized(variable(index), quantizer, suffix: suffix))
    }
    let scales = try spread(quantizer.scales, along: axis, over: integers.shape)
    let zeros = try spread(quantizer.zeros, along: axis, over: integers.shape)
    let elements = try integers.elements().enumerated().map { (Double($1) - zeros($0)) * scales($0) }
    return .numbers(Numbers(elements, shape: integers.shape))
  }

  fileprivate func quantizedConvolution() throws(ImportFailure) -> Variable {
    let image = try scaledValue(0, suffix: "image", axis: 1)
    let weight = try scaledValue(3, suffix: "weight", axis: 0)
    var inputs = [image, weight]
    if hasInput(8) {
      guard case .integers(let bias) = try input(8), let scale = try constantNumbers(1, "a scale"),
        let scales = try constantNumbers(4, "scales"), scale.count == 1
      else { throw .refused("expected a constant bias of integers") }
      let elements = try bias.elements().enumerated().map {
        Double($1) * scale[0] * scales[scales.count == 1 ? 0 : $0 % scales.count]
      }
      inputs.append(.numbers(Numbers(elements, shape: bias.shape)))
    }
    let other = with(inputs: inputs).named("\(name)/convolution", inputs: inputs)
    let product = try other.convolution()
    return try quantized(product, quantizer(scale: 6, zero: 7, type: integerType(7), axis: 1))
  }
}
