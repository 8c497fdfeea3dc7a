import Operators

extension OperatorTable {
  /// The maximum and the mean of windows, or of all elements.
  package static let pooling: [String: OperatorHandler] = [
    "MaxPool": .variable(WindowAttributes.names.union(["ceil_mode", "storage_order"])) {
      node throws(ImportFailure) in try node.maxPool()
    },
    "AveragePool": .variable(WindowAttributes.names.union(["ceil_mode", "count_include_pad"])) {
      node throws(ImportFailure) in try node.averagePool()
    },
    "GlobalAveragePool": .variable { node throws(ImportFailure) in
      let (variable, shape) = try node.channels()
      let dims = Array(1..<shape.count)
      let map = try linearMap("mean", from: shape, ["dim": .integers(dims), "keepdim": .flag(true)])
      return try node.mapped(variable, by: map, to: node.leading(variable.layout, map.outputShape))
    },
    "GlobalMaxPool": .variable { node throws(ImportFailure) in
      // One window over everything, so that the first of equal elements has the gradient, as in PyTorch.
      let (variable, shape) = try node.channels()
      let axes = shape.count - 1
      return try node.maxPool(
        variable, shape, kernel: Array(shape.dropFirst()), strides: .init(repeating: 1, count: axes),
        pads: .init(repeating: 0, count: 2 * axes), dilations: .init(repeating: 1, count: axes))
    },
  ]
}

extension NodeImport {
  fileprivate func maxPool() throws(ImportFailure) -> Variable {
    let (variable, shape) = try channels()
    var window = try WindowAttributes(of: self, rank: shape.count - 1)
    window.padSame(Array(shape.dropFirst()))
    return try maxPool(
      variable, shape, kernel: window.kernel, strides: window.strides, pads: window.pads,
      dilations: window.dilations, ceils: try integer("ceil_mode") ?? 0 != 0)
  }

  /// The maxima of windows over samples of this shape.
  fileprivate func maxPool(
    _ variable: Variable, _ shape: [Int], kernel: [Int], strides: [Int], pads: [Int], dilations: [Int],
    ceils: Bool = false
  ) throws(ImportFailure) -> Variable {
    let pool = try nonlinearity(
      "max_pool",
      [
        "kernel_size": .integers(kernel), "stride": .integers(strides), "padding": .integers(pads),
        "dilation": .integers(dilations), "ceil_mode": .flag(ceils),
      ])
    guard let output = pool.outputShape(portShapes: [shape]) else {
      throw .refused("expected windows of \(kernel) that fit, found shape \(variable.layout.shape)")
    }
    return try block(nil, pool, [port(variable, as: shape)], leading(variable.layout, output))
  }

  fileprivate func averagePool() throws(ImportFailure) -> Variable {
    let (variable, shape) = try channels()
    var window = try WindowAttributes(of: self, rank: shape.count - 1)
    window.padSame(Array(shape.dropFirst()))
    let map = try linearMap(
      "avg_pool", from: shape,
      [
        "kernel_size": .integers(window.kernel), "stride": .integers(window.strides),
        "padding": .integers(window.pads), "dilation": .integers(window.dilations),
        "ceil_mode": .flag(try integer("ceil_mode") ?? 0 != 0),
        "count_include_pad": .flag(try integer("count_include_pad") ?? 0 != 0),
      ])
    return try mapped(variable, by: map, to: leading(variable.layout, map.outputShape))
  }
}
