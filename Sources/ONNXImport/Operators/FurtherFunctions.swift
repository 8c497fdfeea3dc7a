import Blocks
import FileAccess
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Functions that are composed of others.
  static let furtherFunctions: [String: OperatorHandler] = [
    "ReduceProd": .variable(["axes", "keepdims", "noop_with_empty_axes"]) { node throws(ImportFailure) in
      try node.productOfElements()
    },
    "Mod": .one(["fmod"]) { node throws(ImportFailure) in try node.remainder() },
    "MeanVarianceNormalization": .variable(["axes"]) { node throws(ImportFailure) in try node.standardized()
    },
    "GlobalLpPool": .variable(["p"]) { node throws(ImportFailure) in try node.globalNorm() },
    "IsInf": .variable(["detect_negative", "detect_positive"]) { node throws(ImportFailure) in
      try node.isInfinite()
    },
    "Compress": .one(["axis"]) { node throws(ImportFailure) in try node.compressed() },
    "NonZero": .one { node throws(ImportFailure) in try node.placesOfOthers() },
    "EyeLike": .one(["dtype", "k"]) { node throws(ImportFailure) in try node.identityMatrix() },
  ]
}

extension NodeImport {
  /// The product of all elements along some axes, halves by halves.
  fileprivate func productOfElements() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let rank = variable.layout.shape.count
    var axes = try self.axes() ?? []
    if axes.isEmpty, try integer("noop_with_empty_axes") ?? 0 == 0 { axes = Array(0..<rank) }
    let keepsAxes = try integer("keepdims") ?? 1 != 0
    let target = try reduction(of: variable, axes: axes, keepsAxes: keepsAxes).layout
    var value = variable
    for given in axes {
      let axis = try variable.layout.axis(given)
      while value.layout.shape[axis] > 1 {
        let extent = value.layout.shape[axis]
        let half = extent / 2
        func part(_ start: Int, _ end: Int) throws(ImportFailure) -> Variable {
          try self.variable(
            selected(
              .variable(value), axis: axis, Array(start..<end), suffix: "axis\(axis)/\(start) of \(extent)"))
        }
        let (first, second) = (try part(0, half), try part(half, 2 * half))
        var product = try pair("product", first, second, suffix: "axis\(axis)/\(half)")
        if extent % 2 == 1 {
          let rest = try part(extent - 1, extent)
          let layout = try product.layout.replacing(
            product.layout.shape.enumerated().map { $0 == axis ? half + 1 : $1 })
          product = try joined(product, rest, axis: axis, layout)
        }
        value = product
      }
    }
    return try affine(port(value), target)
  }

  /// Two values one behind the other along an axis.
  private func joined(
    _ first: Variable, _ second: Variable, axis: Int, _ layout: TensorLayout
  ) throws(ImportFailure) -> Variable {
    let dim = try layout.sampleAxis(axis, to: "joins along")
    var port = Port(shape: layout.sampleShape)
    var start = 0
    for part in [first, second] {
      let map = try linearMap(
        "place", from: part.layout.sampleShape,
        ["dim": .integers([dim]), "start": .integers([start]), "total": .integers([layout.shape[axis]])])
      port.terms.append(Term(source: part.source, map: map))
      start += part.layout.shape[axis]
    }
    return try affine(port, layout, named: "\(name)/axis\(axis)/\(layout.shape[axis]) joined")
  }

  /// `a − b ⌊a / b⌋`, or with the quotient's integer part if the node says fmod.
  fileprivate func remainder() throws(ImportFailure) -> Value {
    let isTruncated = try integer("fmod") ?? 0 != 0
    if !isTruncated, let integers = try integerArithmetic("Mod") { return .integers(integers) }
    if case .integers(let a) = try input(0), case .integers(let b) = try input(1) {
      return .integers(
        try Integers.combined(a, b) { first, second in
          guard let a = first.known, let b = second.known, b != 0 else { return nil }
          return BatchInteger(b == -1 ? 0 : a.remainderReportingOverflow(dividingBy: b).partialValue)
        })
    }
    // A quotient of fractions may round up to a whole number, as that of 1 and 0.1 does, and the remainder then jumps by
    // a divisor. One of integers below 2⁵² cannot.
    guard integerType(0) != nil else {
      throw .refused(
        "expected integers, whose quotients rounding cannot make whole, found floating-point numbers")
    }
    let (values, layout) = try broadcastInputs()
    guard values.count == 2 else { throw .refused("expected 2 inputs, found \(values.count)") }
    let divisor = try affine(port(values[1], over: layout), layout, named: "\(name)/divisor")
    let quotient = try block(
      "\(name)/quotient", nonlinearity("quotient"), [port(values[0], over: layout), port(divisor)], layout)
    let whole =
      isTruncated
      ? try truncated(quotient, suffix: "whole") : try elementwise("floor", of: quotient, suffix: "whole")
    let multiple = try pair("product", whole, divisor, suffix: "multiple")
    return .variable(
      try affine(
        port(values[0], over: layout).adding(port(.variable(multiple), over: layout, factor: -1)), layout))
  }

  /// `(x − mean) / (√variance + 1e-9)` over axes, the variance as the mean of squared deviations.
  fileprivate func standardized() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let axes = try integers("axes") ?? [0, 2, 3]
    let (_, centered, variance) = try moments(of: variable, axes: axes)
    let deviation = try elementwise("sqrt", of: variance, suffix: "deviation")
    var port = try port(deviation)
    port.offsets.append(try repeated(1e-9, count: port.shape.reduce(1, *)))
    let divisor = try affine(port, deviation.layout, named: "\(name)/divisor")
    return try block(
      nil, nonlinearity("quotient"),
      [self.port(centered), self.port(.variable(divisor), over: variable.layout)],
      variable.layout)
  }

  /// `(Σ |x|^p)^(1/p)` over each channel.
  fileprivate func globalNorm() throws(ImportFailure) -> Variable {
    let (variable, shape) = try channels()
    let p = try integer("p") ?? 2
    guard p >= 1 else { throw .refused("p: expected a positive integer, found \(p)") }
    let reduction = try reduction(of: variable, axes: Array(2...shape.count), keepsAxes: true)
    if p == 2 {
      return try block(
        nil, nonlinearity("norm", ["dim": .integers(reduction.dims), "keepdim": .flag(true)]),
        [port(variable)],
        reduction.layout)
    }
    var powers = try elementwise("abs", of: variable, suffix: "magnitudes")
    if p != 1 {
      powers = try elementwise("pow", ["exponent": .number(Double(p))], of: powers, suffix: "powers")
    }
    let sum = try linear("sum", reduction.of(powers), suffix: p == 1 ? nil : "sum")
    return p == 1 ? sum : try elementwise("pow", ["exponent": .number(1 / Double(p))], of: sum)
  }

  /// 1 where a number is beyond all finite ones.
  fileprivate func isInfinite() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let shape = atLeastVector(variable.layout.sampleShape)
    let count = shape.reduce(1, *)
    var ports: [[Port]] = []
    if try integer("detect_positive") ?? 1 != 0 {
      let largest = Port(shape: shape, offsets: [try repeated(builder.largest, count: count)])
      ports.append([try port(variable), largest])
    }
    if try integer("detect_negative") ?? 1 != 0 {
      let least = Port(shape: shape, offsets: [try repeated(-builder.largest, count: count)])
      ports.append([least, try port(variable)])
    }
    var sum = Port(shape: shape, offsets: [try repeated(0, count: count)])
    for (index, pair) in ports.enumerated() {
      sum.add(try port(block("\(name)/side\(index)", nonlinearity("greater"), pair, variable.layout)))
    }
    return try affine(sum, variable.layout)
  }

  /// The parts of an axis, or of all elements, at which a constant condition is true.
  fileprivate func compressed() throws(ImportFailure) -> Value {
    var value = try input(0)
    guard let condition = try constantIntegers(1, "a condition") else {
      throw .refused("expected a condition, found none")
    }
    var axis = 0
    if let given = try integer("axis") {
      axis = try normalizedAxis(given, rank: value.shape.count)
    } else {
      guard let count = value.extents.product else { throw .mixesBatch("takes a part of all elements") }
      value = try reshaped(value, to: [count])
    }
    guard condition.count <= value.shape[axis] else {
      throw .refused("expected at most \(value.shape[axis]) truth values, found \(condition.count)")
    }
    return try selected(value, axis: axis, condition.indices.filter { condition[$0] != 0 })
  }

  /// The places of the elements of a constant that are not 0: a row for each axis.
  fileprivate func placesOfOthers() throws(ImportFailure) -> Value {
    let elements: [Bool]
    let shape: [Int]
    switch try input(0) {
    case .integers(let integers):
      (elements, shape) = (try integers.elements().map { $0 != 0 }, integers.shape)
    case .numbers(let numbers): (elements, shape) = (numbers.elements.map { $0 != 0 }, numbers.shape)
    case .variable: throw .refused("expected a constant, found a computed value")
    }
    let places = elements.indices.filter { elements[$0] }
    try ImportLimits.charge(checkedCount(of: [places.count, shape.count]))
    let steps = strides(of: shape)
    let rows = shape.indices.flatMap { axis in places.map { $0 / steps[axis] % shape[axis] } }
    return .integers(Integers(rows, shape: [shape.count, places.count]))
  }

  /// Ones along a diagonal of a matrix of known shape.
  fileprivate func identityMatrix() throws(ImportFailure) -> Value {
    guard let shape = try input(0).extents.known, shape.count == 2 else {
      throw .refused("expected a matrix of known shape, found shape \(try input(0).shape)")
    }
    let diagonal = try integer("k") ?? 0
    try ImportLimits.charge(checkedCount(of: shape))
    let ones = (0..<shape[0] * shape[1]).map { $0 % shape[1] - $0 / shape[1] == diagonal }
    let type = try integer("dtype").flatMap(ElementType.init) ?? types.first.flatMap { $0 } ?? .float32
    guard type.integer != nil else { return .numbers(Numbers(ones.map { $0 ? 1 : 0 }, shape: shape)) }
    return .integers(Integers(ones.map { $0 ? 1 : 0 }, shape: shape, type: type))
  }
}
