import Operators

extension Convolution: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let rank = inputShape.count - 1
    let (kernel, dilation) = (Array(weight.shape.dropFirst(2)), self.dilation.perAxis(rank))
    let same = zip(kernel, dilation).map { $1 * ($0 - 1) }
    let pads =
      switch padding {
      case .same: same.map { $0 / 2 } + same.map { $0 - $0 / 2 }
      case .valid: [Int](repeating: 0, count: 2 * rank)
      case .integers(let values): values.pads(axes: rank)
      }
    return graph.value(
      "Conv", operands, constants: [graph.weights(weight)] + [graph.takeBias()].compactMap(\.self),
      shape: outputShape,
      [
        ("kernel_shape", .integers(kernel)), ("strides", .integers(stride.perAxis(rank))),
        ("pads", .integers(pads)), ("dilations", .integers(dilation)),
        ("group", .integer(groups)),
      ])
  }
}

extension TransposedConvolution: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let rank = inputShape.count - 1
    // Output padding reduces the padding at the end, or appends zeros if there is not enough. As an
    // attribute, runtimes accept less of it than PyTorch does.
    var pads = padding.pads(axes: rank)
    let extra = outputPadding.perAxis(rank)
    let taken = (0..<rank).map { min(pads[rank + $0], extra[$0]) }
    for axis in 0..<rank { pads[rank + axis] -= taken[axis] }
    let zeros = zip(extra, taken).map { $0 - $1 }
    let shape = [outputShape[0]] + zip(outputShape.dropFirst(), zeros).map { $0 - $1 }
    let y = graph.value(
      "ConvTranspose", operands, constants: [graph.weights(parameter!)], shape: shape,
      [
        ("kernel_shape", .integers(Array(parameter!.shape.dropFirst(2)))),
        ("strides", .integers(stride.perAxis(rank))), ("pads", .integers(pads)),
        ("dilations", .integers(dilation.perAxis(rank))),
        ("group", .integer(groups)),
      ])
    return graph.pad(y, before: [Int](repeating: 0, count: rank + 1), behind: [0] + zeros)
  }
}
