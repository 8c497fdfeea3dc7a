import Operators

extension Convolution: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let constants = ONNXConstants(self)
    let rank = inputShape.count - 1
    let (kernel, dilation) = (Array(weight.shape.dropFirst(2)), constants.integers("dilation", axes: rank))
    let same = zip(kernel, dilation).map { $1 * ($0 - 1) }
    let pads =
      switch constants.constant("padding") {
      case .word("same"): same.map { $0 / 2 } + same.map { $0 - $0 / 2 }
      case .word: [Int](repeating: 0, count: 2 * rank)
      default: constants.pads("padding", axes: rank)
      }
    return graph.value(
      "Conv", operands, constants: [graph.weights(weight)], shape: outputShape,
      [
        ("kernel_shape", .integers(kernel)), ("strides", .integers(constants.integers("stride", axes: rank))),
        ("pads", .integers(pads)), ("dilations", .integers(dilation)),
        ("group", .integer(constants.integers("groups")[0])),
      ])
  }
}

extension TransposedConvolution: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let constants = ONNXConstants(self)
    let rank = inputShape.count - 1
    // Output padding is less padding behind, and zeros where there is none to take away; as an attribute runtimes take
    // less of it than PyTorch does.
    var pads = constants.pads("padding", axes: rank)
    let extra = constants.integers("output_padding", axes: rank)
    let taken = (0..<rank).map { min(pads[rank + $0], extra[$0]) }
    for axis in 0..<rank { pads[rank + axis] -= taken[axis] }
    let zeros = zip(extra, taken).map { $0 - $1 }
    let shape = [outputShape[0]] + zip(outputShape.dropFirst(), zeros).map { $0 - $1 }
    let y = graph.value(
      "ConvTranspose", operands, constants: [graph.weights(parameter!)], shape: shape,
      [
        ("kernel_shape", .integers(Array(parameter!.shape.dropFirst(2)))),
        ("strides", .integers(constants.integers("stride", axes: rank))), ("pads", .integers(pads)),
        ("dilations", .integers(constants.integers("dilation", axes: rank))),
        ("group", .integer(constants.integers("groups")[0])),
      ])
    return graph.pad(y, before: [Int](repeating: 0, count: rank + 1), behind: [0] + zeros)
  }
}

extension ONNXConstants {
  /// What stands before all axes and then what stands behind them, as ONNX has it.
  package func pads(_ name: String, axes: Int) -> [Int] {
    let values = integers(name)
    if values.count == 2 * axes, axes > 0, values.count > 1 { return values }
    let each = integers(name, axes: axes)
    return each + each
  }
}
