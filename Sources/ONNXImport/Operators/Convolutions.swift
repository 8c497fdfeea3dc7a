import Blocks
import FileAccess
import LinearAlgebra
import Operators

extension OperatorTable {
  /// Convolutions, whose parameter is the weight.
  package static let convolutions: [String: OperatorHandler] = [
    "Conv": .variable(WindowAttributes.names.union(["group"])) { node throws(ImportFailure) in
      try node.convolution()
    },
    "ConvTranspose": .variable(WindowAttributes.names.union(["group", "output_padding", "output_shape"])) {
      node throws(ImportFailure) in try node.transposedConvolution()
    },
  ]
}

extension NodeImport {
  /// The weight of a convolution over `[channels, …]`.
  private func kernelWeight(axes: Int) throws(ImportFailure) -> Numbers {
    guard case .numbers(let weight) = try input(1) else {
      throw .refused("expected a constant weight, found a computed one")
    }
    guard weight.isOwnShape, weight.shape.count == axes + 2 else {
      throw .refused("expected a weight of \(axes + 2) axes in its own shape, found shape \(weight.shape)")
    }
    return weight
  }

  private func withBias(
    _ map: any LinearMap<Double>, _ weight: Numbers, of variable: Variable
  ) throws(ImportFailure) -> Port {
    var port = Port(
      shape: map.outputShape, terms: [Term(source: variable.source, map: map, parameter: weight.parameter)])
    if hasInput(2) { port = port.adding(try channelPort(input(2), over: map.outputShape)) }
    return port
  }

  func convolution() throws(ImportFailure) -> Variable {
    let (variable, shape) = try channels()
    if case .variable(let weight) = try input(1) { return try computedConvolution(variable, shape, weight) }
    let weight = try kernelWeight(axes: shape.count - 1)
    var window = try WindowAttributes(
      of: self, rank: shape.count - 1, kernel: Array(weight.shape.dropFirst(2)))
    window.padSame(Array(shape.dropFirst()))
    let map = try linearMap(
      "conv", from: shape,
      [
        "stride": .integers(window.strides), "padding": .integers(window.pads),
        "dilation": .integers(window.dilations), "groups": .integers([try integer("group") ?? 1]),
      ], weight: weight.tensor)
    return try affine(
      withBias(map, weight, of: variable), leading(variable.layout, map.outputShape))
  }

  fileprivate func transposedConvolution() throws(ImportFailure) -> Variable {
    let (variable, shape) = try channels()
    let rank = shape.count - 1
    let weight = try kernelWeight(axes: rank)
    var window = try WindowAttributes(of: self, rank: rank, kernel: Array(weight.shape.dropFirst(2)))
    var extra = try integers("output_padding") ?? [Int](repeating: 0, count: rank)
    let wanted = try integers("output_shape")
    guard extra.count == rank, extra.allSatisfy({ (0...1 << 20).contains($0) }), wanted?.count ?? rank == rank
    else {
      throw .refused("output_padding, output_shape: expected \(counted(rank, "integer")) each")
    }
    try window.padTransposed(Array(shape.dropFirst()), &extra, wanted: wanted)
    let map = try linearMap(
      "conv_transpose", from: shape,
      [
        "stride": .integers(window.strides), "padding": .integers(window.pads),
        "output_padding": .integers(extra), "dilation": .integers(window.dilations),
        "groups": .integers([try integer("group") ?? 1]),
      ], weight: weight.tensor)
    return try affine(
      withBias(map, weight, of: variable), leading(variable.layout, map.outputShape))
  }
}

extension WindowAttributes {
  /// Sets the pads of a transposed convolution for the extents that `output_shape` gives; without it `auto_pad` takes
  /// off what windows span beyond a stride, as ONNX's shape inference has it.
  fileprivate mutating func padTransposed(
    _ extents: [Int], _ extra: inout [Int], wanted: [Int]?
  ) throws(ImportFailure) {
    let isSame = autoPad.map { $0 != "VALID" } ?? false
    guard wanted != nil || isSame else { return }
    for axis in extents.indices {
      let full = (extents[axis] - 1) * strides[axis] + extra[axis] + spans[axis]
      let target = wanted?[axis] ?? full - max(0, spans[axis] - strides[axis])
      guard target > 0, target < 1 << 30 else {
        throw .refused("output_shape: expected positive extents, found \(wanted ?? [target])")
      }
      let total = full - target
      if total < 0 {
        // Too short even without pads: the rest is zeros at the end.
        extra[axis] -= total
        (pads[axis], pads[axis + extents.count]) = (0, 0)
        continue
      }
      let (less, more) = (total / 2, total - total / 2)
      // An odd pad is at the end only for SAME_UPPER.
      let isUpper = autoPad == "SAME_UPPER"
      (pads[axis], pads[axis + extents.count]) = isUpper ? (less, more) : (more, less)
    }
  }
}
