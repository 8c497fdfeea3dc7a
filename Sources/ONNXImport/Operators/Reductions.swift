import Operators

extension OperatorTable {
  /// Functions of all elements along some axes.
  package static let reductions: [String: OperatorHandler] = [
    "ReduceMean": .reduction { node, reduction throws(ImportFailure) in try node.linear("mean", reduction) },
    "ReduceSum": .reduction { node, reduction throws(ImportFailure) in try node.linear("sum", reduction) },
    "ReduceMax": .reduction { node, reduction throws(ImportFailure) in try node.nonlinear("amax", reduction)
    },
    "ReduceMin": .reduction { node, reduction throws(ImportFailure) in try node.nonlinear("amin", reduction)
    },
    "ReduceLogSumExp": .reduction { node, reduction throws(ImportFailure) in
      try node.nonlinear("logsumexp", reduction)
    },
    "ReduceL1": .reduction { node, reduction throws(ImportFailure) in
      try node.linear("sum", reduction.of(node.elementwise("abs", of: reduction.variable, suffix: "abs")))
    },
    "ReduceSumSquare": .reduction { node, reduction throws(ImportFailure) in
      try node.linear("sum", reduction.of(node.square(reduction.variable)))
    },
    "ReduceL2": .reduction { node, reduction throws(ImportFailure) in
      // Over single elements it is the magnitude.
      guard !reduction.dims.isEmpty else { return try node.elementwise("abs", of: reduction.variable) }
      return try node.nonlinear("norm", reduction)
    },
    "ReduceLogSum": .reduction { node, reduction throws(ImportFailure) in
      try node.elementwise("log", of: node.linear("sum", reduction, suffix: "sum"))
    },
    "Softmax": .variable(["axis"]) { node throws(ImportFailure) in try node.softmax("softmax") },
    "LogSoftmax": .variable(["axis"]) { node throws(ImportFailure) in try node.softmax("log_softmax") },
    "LpNormalization": .variable(["axis", "p"]) { node throws(ImportFailure) in try node.lpNormalization() },
  ]
}

/// The operands of a reduction node.
package struct ReductionOperands {
  var variable: Variable
  /// The reduced axes of a sample.
  package let dims: [Int]
  package let keepsAxes: Bool
  /// The layout of the result.
  package let layout: TensorLayout

  package func of(_ variable: Variable) -> ReductionOperands {
    var reduction = self
    reduction.variable = variable
    return reduction
  }
}

extension OperatorHandler {
  fileprivate static func reduction(
    _ run: @escaping @Sendable (NodeImport, ReductionOperands) throws(ImportFailure) -> Variable
  ) -> OperatorHandler {
    .variable(["axes", "keepdims", "noop_with_empty_axes"]) { node throws(ImportFailure) in
      let variable = try node.variable(0)
      var axes = try node.axes() ?? []
      if axes.isEmpty {
        let isNothing = try node.integer("noop_with_empty_axes") ?? 0 != 0
        axes = isNothing ? [] : Array(variable.layout.shape.indices)
      }
      let keepsAxes = try node.integer("keepdims") ?? 1 != 0
      return try run(node, node.reduction(of: variable, axes: axes, keepsAxes: keepsAxes))
    }
  }
}

extension NodeImport {
  package func reduction(
    of variable: Variable, axes: [Int], keepsAxes: Bool
  ) throws(ImportFailure) -> ReductionOperands {
    var dims: [Int] = []
    for axis in axes { dims.append(try variable.layout.sampleAxis(axis, to: "reduces over")) }
    guard Set(dims).count == dims.count else { throw .refused("axes: expected each once, found \(axes)") }
    var (shape, batchAxis) = (variable.layout.shape, variable.layout.batchAxis)
    for axis in try axes.map({ axis throws(ImportFailure) in try variable.layout.axis(axis) }).sorted(by: >) {
      shape[axis] = 1
      guard !keepsAxes else { continue }
      shape.remove(at: axis)
      if let batch = batchAxis, axis < batch { batchAxis = batch - 1 }
    }
    return ReductionOperands(
      variable: variable, dims: dims.sorted(), keepsAxes: keepsAxes,
      layout: try variable.layout.replacing(shape, batchAxis: batchAxis))
  }

  private func constants(_ reduction: ReductionOperands) -> [String: Constant] {
    ["dim": .integers(reduction.dims), "keepdim": .flag(reduction.keepsAxes)]
  }

  package func linear(
    _ name: String, _ reduction: ReductionOperands, suffix: String? = nil
  ) throws(ImportFailure) -> Variable {
    let shape = reduction.variable.layout.sampleShape
    let map =
      reduction.dims.isEmpty
      ? try linearMap("identity", from: shape) : try linearMap(name, from: shape, constants(reduction))
    return try mapped(reduction.variable, by: map, suffix: suffix, to: reduction.layout)
  }

  fileprivate func nonlinear(_ name: String, _ reduction: ReductionOperands) throws(ImportFailure) -> Variable
  {
    guard !reduction.dims.isEmpty else {
      // Over single elements the maximum, the minimum and the logarithm of the exponential are the element
      // itself.
      return try affine(port(reduction.variable), reduction.layout)
    }
    return try block(
      nil, nonlinearity(name, constants(reduction)), [port(reduction.variable)], reduction.layout)
  }

  package func square(_ variable: Variable) throws(ImportFailure) -> Variable {
    try pair("product", variable, variable, suffix: "square")
  }

  /// Softmax along an axis; before opset 13 over all axes from it on.
  fileprivate func softmax(_ name: String) throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let layout = variable.layout
    if opset >= 13 {
      let dim = try layout.sampleAxis(integer("axis") ?? -1, to: "normalises over")
      return try block(
        nil, nonlinearity(name, ["dim": .integers([dim])]), [port(variable)], layout)
    }
    let first = try integer("axis") ?? 1
    let rank = layout.shape.count
    guard (-rank...rank).contains(first) else {
      throw .refused("axis: expected one from \(-rank) to \(rank), found \(first)")
    }
    let behind = rank - (first < 0 ? first + rank : first)
    guard layout.axesBehindBatch ?? behind >= behind else {
      throw .mixesBatch("normalises over the batch axis")
    }
    let run = layout.sampleShape.suffix(behind).reduce(1, *)
    let shape = [layout.sampleShape.reduce(1, *) / run, run]
    return try block(nil, nonlinearity(name, ["dim": .integers([-1])]), [port(variable, as: shape)], layout)
  }

  /// `x / ‖x‖_p` along an axis, for p of 1 or 2.
  fileprivate func lpNormalization() throws(ImportFailure) -> Variable {
    let variable = try variable(0)
    let power = try integer("p") ?? 2
    guard power == 1 || power == 2 else { throw .refused("p: expected 1 or 2, found \(power)") }
    let reduction = try reduction(of: variable, axes: [integer("axis") ?? -1], keepsAxes: true)
    var norm = try linear(
      "sum",
      reduction.of(power == 1 ? elementwise("abs", of: variable, suffix: "abs") : square(variable)),
      suffix: "sum")
    if power == 2 { norm = try elementwise("sqrt", of: norm, suffix: "root") }
    // All quotients of zeros are 0.
    norm = try elementwise("clamp", ["min": .number(.leastNormalMagnitude)], of: norm, suffix: "norm")
    return try block(
      nil, nonlinearity("quotient"), [port(variable), port(.variable(norm), over: variable.layout)],
      variable.layout)
  }
}
