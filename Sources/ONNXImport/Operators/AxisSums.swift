import Blocks
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Sums of neighbours along an axis, by a matrix of constants, and masks.
  static let axisSums: [String: OperatorHandler] = [
    "CumSum": .variable(["exclusive", "reverse"]) { node throws(ImportFailure) in try node.cumulativeSum() },
    "LRN": .variable(["alpha", "beta", "bias", "size"]) { node throws(ImportFailure) in
      try node.localResponseNormalization()
    },
    "LpPool": .variable(WindowAttributes.names.union(["ceil_mode", "p"])) { node throws(ImportFailure) in
      try node.normPool()
    },
    "Trilu": .one(["upper"]) { node throws(ImportFailure) in try node.triangle() },
  ]
}

extension NodeImport {
  /// A matrix of constants applied along an axis, which keeps its extent.
  private func combined(
    _ variable: Variable, axis: Int, suffix: String? = nil, _ entry: (_ row: Int, _ column: Int) -> Double
  ) throws(ImportFailure) -> Variable {
    let extent = variable.layout.shape[try variable.layout.axis(axis)]
    let dim = try variable.layout.sampleAxis(axis, to: "sums along")
    try ImportLimits.charge(checkedCount(of: [extent, extent]))
    let entries = (0..<extent * extent).map { entry($0 / extent, $0 % extent) }
    let map = try linearMap(
      "linear", from: variable.layout.sampleShape, ["dim": .integers([dim])],
      weight: Tensor(shape: [extent, extent], elements: entries))
    return try mapped(variable, by: map, suffix: suffix, to: variable.layout)
  }

  fileprivate func cumulativeSum() throws(ImportFailure) -> Variable {
    guard let axes = try constantIntegers(1, "axis"), axes.count == 1 else {
      throw .refused("expected an axis, found none")
    }
    let isExclusive = try integer("exclusive") ?? 0 != 0
    let isReversed = try integer("reverse") ?? 0 != 0
    return try combined(variable(0), axis: axes[0]) { row, column in
      let distance = isReversed ? column - row : row - column
      return distance > 0 || distance == 0 && !isExclusive ? 1 : 0
    }
  }

  /// `x / (bias + alpha/size · Σ x²)^beta`, the sum over neighbouring channels (Krizhevsky et al. 2012).
  fileprivate func localResponseNormalization() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let given = try integer("size")
    guard let size = given, size > 0, size < 1 << 30 else {
      throw .refused(
        "attribute \"size\": expected an integer from 1 to \((1 << 30) - 1), found \(given.map { "\($0)" } ?? "none")"
      )
    }
    let alpha = try number("alpha") ?? Double(Float(1e-4))
    let (before, behind) = ((size - 1) / 2, size - 1 - (size - 1) / 2)
    let sums = try combined(square(variable), axis: 1, suffix: "sums") { row, column in
      (-before...behind).contains(column - row) ? alpha / Double(size) : 0
    }
    var port = try port(sums)
    let bias = try number("bias") ?? 1
    port.offsets.append(try repeated(bias, count: port.shape.reduce(1, *)))
    let power = try nonlinearity("pow", ["exponent": .number(try number("beta") ?? 0.75)])
    let divisor = try block("\(name)/divisor", power, [port], variable.layout)
    return try pair("quotient", variable, divisor)
  }

  /// `(Σ |x|^p)^(1/p)` over windows.
  fileprivate func normPool() throws(ImportFailure) -> Variable {
    let (variable, shape) = try channels()
    var window = try WindowAttributes(of: self, rank: shape.count - 1)
    window.padSame(Array(shape.dropFirst()))
    let p = Double(try integer("p") ?? 2)
    guard p >= 1 else { throw .refused("attribute \"p\": expected a positive integer") }
    let magnitude = try elementwise("abs", of: variable, suffix: "abs")
    let powers = try elementwise("pow", ["exponent": .number(p)], of: magnitude, suffix: "powers")
    // The average including all padding, times the number of elements, is the sum.
    guard try integer("ceil_mode") ?? 0 == 0 else { throw .refused("ceil_mode: expected 0, found 1") }
    let map = try linearMap(
      "avg_pool", from: shape,
      [
        "kernel_size": .integers(window.kernel), "stride": .integers(window.strides),
        "padding": .integers(window.pads), "dilation": .integers(window.dilations),
        "count_include_pad": .flag(true),
      ])
    let layout = try leading(variable.layout, map.outputShape)
    let averages = try mapped(powers, by: map, suffix: "averages", to: layout)
    let sums = try scaled(averages, by: Double(window.kernel.reduce(1, *)), suffix: "sums")
    return try elementwise("pow", ["exponent": .number(1 / p)], of: sums)
  }

  /// The upper or lower triangle of the last two axes, with 0 elsewhere.
  fileprivate func triangle() throws(ImportFailure) -> Value {
    let value = try input(0)
    guard value.shape.count >= 2 else { throw .refused("expected matrices, found shape \(value.shape)") }
    let isUpper = try integer("upper") ?? 1 != 0
    let diagonal = try constantIntegers(1, "k")?.first ?? 0
    let (rows, columns) = (value.shape[value.shape.count - 2], value.shape[value.shape.count - 1])
    guard abs(max(diagonal, -(1 << 40))) < 1 << 40 else {
      throw .refused("k: expected a diagonal, found \(diagonal)")
    }
    try ImportLimits.charge(checkedCount(of: [rows, columns]))
    let mask = (0..<rows * columns).map { index in
      let distance = index % columns - index / columns
      return (isUpper ? distance >= diagonal : distance <= diagonal) ? 1 : 0
    }
    if case .integers(let integers) = value {
      let all = try Integers(mask, shape: [rows, columns]).expanded(to: value.shape)
      return .integers(
        Integers(
          zip(try integers.elements(), try all.elements()).map { $1 == 0 ? 0 : $0 }, shape: value.shape,
          type: integers.type))
    }
    let variable = try variable(value)
    guard variable.layout.axesBehindBatch ?? 2 >= 2 else {
      throw .mixesBatch("cuts a triangle out of the batch")
    }
    let map = try linearMap(
      "scale", from: variable.layout.sampleShape,
      weight: Tensor(shape: [rows, columns], elements: mask.map { Double($0) }))
    return .variable(try mapped(variable, by: map, to: variable.layout))
  }
}
