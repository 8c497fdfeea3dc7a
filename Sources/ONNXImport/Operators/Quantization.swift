import Blocks
import FileAccess
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Quantisation: the rounding function that it is, without a gradient. Scales and zero points are constants.
  static let quantization: [String: OperatorHandler] = [
    "QuantizeLinear": .one(["axis", "block_size", "output_dtype", "precision", "saturate"]) {
      node throws(ImportFailure) in try node.quantizeLinear()
    },
    "DequantizeLinear": .one(["axis", "block_size", "output_dtype"]) { node throws(ImportFailure) in
      try node.dequantizeLinear()
    },
    "DynamicQuantizeLinear": OperatorHandler { node throws(ImportFailure) in
      try node.dynamicQuantizeLinear()
    },
  ]
}

/// Numbers that tell how an axis, or a whole tensor, is quantised.
struct Quantizer {
  /// One for all, or one for each place of the axis.
  let scales: [Double]
  let zeros: [Double]
  /// The least and the largest integer of the quantised type.
  let range: ClosedRange<Double>
  let axis: Int
}

extension NodeImport {
  /// The node with other inputs.
  func with(inputs: [Value?], types: [ElementType?] = []) -> NodeImport {
    var other = named(name, inputs: inputs)
    other.types = types
    return other
  }

  /// The scale and zero point that are inputs at these positions.
  func quantizer(
    scale: Int, zero: Int, type: ElementType?, axis: Int
  ) throws(ImportFailure) -> Quantizer {
    guard let scales = try constantNumbers(scale, "a scale"), !scales.isEmpty,
      scales.allSatisfy({ $0.isFinite && $0 != 0 })
    else { throw .refused("expected constant scales that are not 0") }
    var zeros = [0.0]
    if hasInput(zero) {
      switch try input(zero) {
      case .integers(let integers): zeros = try integers.asNumbers().elements
      case .numbers(let numbers): zeros = numbers.elements
      case .variable: throw .refused("expected a constant zero point, found a computed one")
      }
    }
    let type = type ?? .uint8
    guard let integer = type.integer, type != .bool, integer.size < 4 || type == .int32 else {
      throw .refused("expected integers of 8, 16 or 32 bits, found \(type.name)")
    }
    guard zeros.count == 1 || zeros.count == scales.count else {
      throw .refused("expected as many zero points as scales, found \(zeros.count) for \(scales.count)")
    }
    let count = Double(sign: .plus, exponent: 8 * integer.size, significand: 1)
    let least = integer.isSigned ? -count / 2 : 0
    return Quantizer(scales: scales, zeros: zeros, range: least...least + count - 1, axis: axis)
  }

  /// Numbers for each place of an axis as a constant that broadcasts to a shape.
  func constant(_ numbers: [Double], along axis: Int, of shape: [Int]) throws(ImportFailure)
    -> Numbers
  {
    if numbers.count == 1 { return Numbers(numbers, shape: []) }
    let axis = try normalizedAxis(axis, rank: shape.count)
    guard numbers.count == shape[axis] else {
      throw .refused(
        "expected a number, or one for each place of axis \(axis) of shape \(shape), found \(numbers.count)")
    }
    var extents = [Int](repeating: 1, count: shape.count)
    extents[axis] = numbers.count
    return Numbers(numbers, shape: extents)
  }

  /// `clamp(round(x / scale) + zero)`.
  func quantized(_ variable: Variable, _ quantizer: Quantizer) throws(ImportFailure) -> Variable {
    let layout = variable.layout
    let scales = try constant(quantizer.scales, along: quantizer.axis, of: layout.shape)
    let quotient = try block(
      "\(name)/quotient", nonlinearity("quotient"),
      [port(variable), port(.numbers(scales), over: layout)], layout)
    let rounded = try elementwise("round", of: quotient, suffix: "rounded")
    let zeros = try constant(quantizer.zeros, along: quantizer.axis, of: layout.shape)
    let port = try port(rounded).adding(port(.numbers(zeros), over: layout))
    let clamp = try nonlinearity(
      "clamp", ["min": .number(quantizer.range.lowerBound), "max": .number(quantizer.range.upperBound)])
    return try block(nil, clamp, [port], layout)
  }

  /// `(q − zero) scale`.
  func dequantized(
    _ variable: Variable, _ quantizer: Quantizer, suffix: String? = nil
  ) throws(ImportFailure) -> Variable {
    let layout = variable.layout
    let centered = try affine(
      port(variable).adding(
        port(
          .numbers(constant(quantizer.zeros, along: quantizer.axis, of: layout.shape)), over: layout,
          factor: -1)),
      layout, named: "\(name)/\(suffix ?? "")centered")
    if quantizer.scales.count == 1 { return try scaled(centered, by: quantizer.scales[0], suffix: suffix) }
    let scales = try constant(quantizer.scales, along: quantizer.axis, of: layout.shape)
    let shape = try aligned(layout, rank: scales.shape.count, shape: scales.shape)
    let map = try linearMap("scale", from: shape, weight: scales.tensor)
    return try mapped(centered, by: map, suffix: suffix, to: layout)
  }

  fileprivate func quantizeLinear() throws(ImportFailure) -> Value {
    guard try integer("block_size") ?? 0 == 0 else { throw .refused("block_size: expected 0, found another") }
    let type = node.resultType(0, types)
    let quantizer = try quantizer(scale: 1, zero: 2, type: type, axis: integer("axis") ?? 1)
    if case .numbers(let numbers) = try input(0) {
      return .integers(try quantized(numbers, quantizer, type ?? .uint8))
    }
    return .variable(try quantized(variable(0), quantizer))
  }

  /// Constants are quantised in single precision, as by every runtime.
  private func quantized(
    _ numbers: Numbers, _ quantizer: Quantizer, _ type: ElementType
  ) throws(ImportFailure) -> Integers {
    let scales = try spread(quantizer.scales, along: quantizer.axis, over: numbers.shape)
    let zeros = try spread(quantizer.zeros, along: quantizer.axis, over: numbers.shape)
    let (least, most) = (quantizer.range.lowerBound, quantizer.range.upperBound)
    var elements: [Int] = []
    for (index, number) in numbers.elements.enumerated() {
      let quotient = Double((Float(number) / Float(scales(index))).rounded(.toNearestOrEven))
      elements.append(Int(min(max(quotient + zeros(index), least), most)))
    }
    return Integers(elements, shape: numbers.shape, type: type)
  }

  /// The number that belongs to an element of a tensor, by the place of the axis that the element stands at.
  func spread(
    _ numbers: [Double], along axis: Int, over shape: [Int]
  ) throws(ImportFailure) -> (Int) -> Double {
    _ = try constant(numbers, along: axis, of: shape)
    if numbers.count == 1 { return { _ in numbers[0] } }
    let place = try normalizedAxis(axis, rank: shape.count)
    let (step, extent) = (strides(of: shape)[place], shape[place])
    return { numbers[$0 / step % extent] }
  }

  fileprivate func dequantizeLinear() throws(ImportFailure) -> Value {
    let size = try integer("block_size") ?? 0
    guard size == 0 else { return .numbers(try dequantizedBlocks(size)) }
    let quantizer = try quantizer(
      scale: 1, zero: 2, type: integerType(0) ?? .uint8, axis: integer("axis") ?? 1)
    guard case .integers(let integers) = try input(0) else {
      return .variable(try dequantized(variable(0), quantizer))
    }
    return .numbers(try dequantized(integers, quantizer))
  }

  /// Constants are dequantised in single precision, as by every runtime.
  private func dequantized(
    _ integers: Integers, _ quantizer: Quantizer
  ) throws(ImportFailure) -> Numbers {
    try ImportLimits.charge(integers.count)
    let scales = try spread(quantizer.scales, along: quantizer.axis, over: integers.shape)
    let zeros = try spread(quantizer.zeros, along: quantizer.axis, over: integers.shape)
    var numbers: [Double] = []
    numbers.reserveCapacity(integers.count)
    for (index, element) in try integers.elements().enumerated() {
      numbers.append(Double(Float((Double(element) - zeros(index)) * scales(index))))
    }
    return Numbers(numbers, shape: integers.shape)
  }

  /// Constants of which every `size` along an axis share a scale.
  private func dequantizedBlocks(_ size: Int) throws(ImportFailure) -> Numbers {
    guard case .integers(let integers) = try input(0), case .numbers(let scales) = try input(1) else {
      throw .refused("block_size: expected constants, found a computed value")
    }
    let axis = try normalizedAxis(integer("axis") ?? 1, rank: integers.shape.count)
    var shape = integers.shape
    guard size > 0, shape[axis] > 0 else {
      throw .refused("block_size: expected a positive one, found \(size)")
    }
    shape[axis] = (shape[axis] + size - 1) / size
    var zeros = [Double](repeating: 0, count: scales.tensor.count)
    if hasInput(2), case .integers(let given) = try input(2) { zeros = try given.asNumbers().elements }
    guard scales.shape == shape, zeros.count == scales.tensor.count else {
      throw .refused("expected scales and zero points of shape \(shape), found shape \(scales.shape)")
    }
    try ImportLimits.charge(integers.count)
    let (step, extent, factors) = (strides(of: integers.shape)[axis], integers.shape[axis], scales.elements)
    var numbers: [Double] = []
    for (index, element) in try integers.elements().enumerated() {
      let place = (index / (step * extent) * shape[axis] + index / step % extent / size) * step + index % step
      numbers.append(Double(Float((Double(element) - zeros[place]) * factors[place])))
    }
    return Numbers(numbers, shape: integers.shape)
  }

  /// `y = clamp(round(x / scale) + zero)` with a scale and zero point that take the range of x, and 0, to 0…255.
  fileprivate func dynamicQuantizeLinear() throws(ImportFailure) -> [Value] {
    let variable = try variable(0)
    let whole = try reduction(
      of: variable, axes: Array(variable.layout.shape.indices), keepsAxes: false)
    func extreme(_ name: String, _ bound: String) throws(ImportFailure) -> Variable {
      let constants: [String: Constant] = ["dim": .integers(whole.dims), "keepdim": .flag(false)]
      let value = try block(
        "\(self.name)/\(name)", nonlinearity(name, constants), [port(variable)], whole.layout)
      return try elementwise("clamp", [bound: .number(0)], of: value, suffix: "\(name) and 0")
    }
    let (least, largest) = (try extreme("amin", "max"), try extreme("amax", "min"))
    let span = try affine(
      port(largest).adding(port(.variable(least), over: least.layout, factor: -1)), least.layout,
      named: "\(name)/span")
    let scale = try scaled(span, by: 1.0 / 255, suffix: "scale")
    func rounded(_ value: Variable, _ suffix: String) throws(ImportFailure) -> Variable {
      let quotient = try block(
        "\(name)/\(suffix) quotient", nonlinearity("quotient"),
        [port(value), port(.variable(scale), over: value.layout)], value.layout)
      return try elementwise("round", of: quotient, suffix: suffix)
    }
    let range: [String: Constant] = ["min": .number(0), "max": .number(255)]
    let negative = try rounded(scaled(least, by: -1, suffix: "negative"), "zero rounded")
    let zero = try elementwise("clamp", range, of: negative, suffix: "zero")
    let steps = try rounded(variable, "rounded")
    let shifted = try port(steps).adding(port(.variable(zero), over: variable.layout))
    let result = try block(nil, nonlinearity("clamp", range), [shifted], variable.layout)
    return [.variable(result), .variable(scale), .variable(zero)]
  }
}
