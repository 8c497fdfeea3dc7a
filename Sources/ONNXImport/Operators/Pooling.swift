import Operators

extension OperatorTable {
  /// The largest element and the mean of windows, or of everything.
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
      let (variable, shape) = try node.channels()
      let largest = try nonlinearity(
        "amax", ["dim": .integers(Array(1..<shape.count)), "keepdim": .flag(true)])
      let layout = try node.leading(variable.layout, [shape[0]] + shape.dropFirst().map { _ in 1 })
      return try node.block(nil, largest, [node.port(variable, as: shape)], layout)
    },
  ]
}

extension NodeImport {
  fileprivate func maxPool() throws(ImportFailure) -> Variable {
    let (variable, shape) = try channels()
    var window = try WindowAttributes(of: self, rank: shape.count - 1)
    window.padSame(Array(shape.dropFirst()))
    let pool = try nonlinearity(
      "max_pool",
      [
        "kernel_size": .integers(window.kernel), "stride": .integers(window.strides),
        "padding": .integers(window.pads), "dilation": .integers(window.dilations),
        "ceil_mode": .flag(try integer("ceil_mode") ?? 0 != 0),
      ])
    guard let output = pool.outputShape(portShapes: [shape]) else {
      throw .refused("expected windows of \(window.kernel) that fit, found shape \(variable.layout.shape)")
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
