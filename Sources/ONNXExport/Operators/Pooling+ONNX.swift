import Operators

extension MaxPooling: ONNXEmitting {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let shape = outputShape(portShapes: [operands[0].shape])!
    let windows = PoolingWindows(
      kernelSize, stride, padding, dilation, inputShape: operands[0].shape, outputShape: shape)
    return graph.pool("MaxPool", operands[0], windows, filler: -.infinity, shape: shape)
  }
}

extension AveragePooling: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) throws(ONNXRefusal) -> ONNXValue {
    guard graph.opset >= 19 || dilation.allSatisfy({ $0 == 1 }) else {
      throw ONNXRefusal("opset 19 for windows with gaps", found: "opset \(graph.opset)")
    }
    let windows = PoolingWindows(
      kernelSize, stride, padding, dilation, inputShape: inputShape, outputShape: outputShape)
    let average = graph.pool("AveragePool", operands[0], windows, filler: 0, shape: outputShape)
    // The average now counts all elements of the padded tensor. The correct count is known for each window
    // of a channel.
    let area = windows.kernel.reduce(1, *)
    let shares = (0..<outputShape.dropFirst().reduce(1, *)).map { window -> Double in
      var share = 1 / Double(area)
      forEachEntry(inRow: window) { share = $1 }
      return share * Double(area)
    }
    guard shares.contains(where: { $0 != 1 }) else { return average }
    return graph.value(
      "Mul", [average], constants: [graph.numbers(shares, shape: [1, 1] + outputShape.dropFirst())],
      shape: outputShape)
  }
}

/// Windows over spatial axes, with padding that makes them fit exactly, because runtimes treat the last,
/// incomplete window differently.
private struct PoolingWindows {
  let kernel: [Int]
  let stride: [Int]
  let dilation: [Int]
  let before: [Int]
  let behind: [Int]

  /// The windows of a pooling with these attributes.
  init(
    _ kernelSize: [Int], _ stride: [Int], _ padding: [Int], _ dilation: [Int], inputShape: [Int],
    outputShape: [Int]
  ) {
    let rank = inputShape.count - 1
    kernel = kernelSize.perAxis(rank)
    let stride = stride.isEmpty ? kernel : stride.perAxis(rank)
    let dilation = dilation.perAxis(rank)
    let before = Array(padding.pads(axes: rank).prefix(rank))
    behind = (0..<rank).map { [kernel] axis in
      let end = (outputShape[axis + 1] - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1
      return max(0, end - before[axis] - inputShape[axis + 1])
    }
    (self.stride, self.dilation, self.before) = (stride, dilation, before)
  }
}

extension ONNXGraph {
  /// Pooling of the value padded with `filler`.
  fileprivate func pool(
    _ type: String, _ value: ONNXValue, _ windows: PoolingWindows, filler: Double, shape: [Int]
  ) -> ONNXValue {
    let padded = pad(value, before: [0] + windows.before, behind: [0] + windows.behind, filler: filler)
    let hasGaps = opset >= 19 || type == "MaxPool"
    return self.value(
      type, [padded], shape: shape,
      [("kernel_shape", .integers(windows.kernel)), ("strides", .integers(windows.stride))]
        + (hasGaps ? [("dilations", .integers(windows.dilation))] : []))
  }
}
