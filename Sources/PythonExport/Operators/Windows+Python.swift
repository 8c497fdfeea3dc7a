import Operators

// Convolutions and pooling over the spatial axes of `[channels, …]`.

extension Convolution: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let rank = inputShape.count - 1
    let dilation = dilation.perAxis(rank)
    let pads =
      switch padding {
      case .same:
        zip(weight.shape.dropFirst(2), dilation).map {
          ($1 * ($0 - 1) / 2, $1 * ($0 - 1) - $1 * ($0 - 1) / 2)
        }
      case .valid: [(Int, Int)](repeating: (0, 0), count: rank)
      case .integers(let values):
        Array(zip(values.padding(axes: rank).before, values.padding(axes: rank).behind))
      }
    let (x, weight) = (operands[0].text, operands[1].text)
    if code.library == .jax {
      return code.helper(.convolution)
        + "(\(x), \(weight), \(stride.perAxis(rank).tuple), \(code.pairs(pads)), "
        + "\(dilation.tuple), \(groups))"
    }
    let isSymmetric = pads.allSatisfy { $0.0 == $0.1 }
    let padded = isSymmetric ? x : "F.pad(\(x), \(pads.reversed().flatMap { [$0.0, $0.1] }.tuple))"
    var call = "F.conv\(rank)d(\(padded), \(weight)"
    if stride.contains(where: { $0 != 1 }) { call += ", stride=\(stride.brief)" }
    if isSymmetric, pads.contains(where: { $0.0 != 0 }) { call += ", padding=\(pads.map { $0.0 }.brief)" }
    if dilation.contains(where: { $0 != 1 }) { call += ", dilation=\(dilation.brief)" }
    if groups != 1 { call += ", groups=\(groups)" }
    return call + ")"
  }
}

extension TransposedConvolution: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let rank = inputShape.count - 1
    let (stride, dilation) = (self.stride.perAxis(rank), self.dilation.perAxis(rank))
    let (before, behind) = padding.padding(axes: rank)
    let extra = outputPadding.perAxis(rank)
    let (x, weight) = (operands[0].text, operands[1].text)
    if code.library == .jax {
      let pads = (0..<rank).map { axis in
        let reach = dilation[axis] * (self.weight.shape[axis + 2] - 1)
        return (reach - before[axis], reach - behind[axis] + extra[axis])
      }
      return code.helper(.transposedConvolution)
        + "(\(x), \(weight), \(stride.tuple), \(code.pairs(pads)), \(dilation.tuple), \(groups))"
    }
    // PyTorch's own padding is the same on both sides, and its output_padding less than a stride.
    let isNative = before == behind && zip(extra, zip(stride, dilation)).allSatisfy { $0 < max($1.0, $1.1) }
    var call = "F.conv_transpose\(rank)d(\(x), \(weight)"
    if stride.contains(where: { $0 != 1 }) { call += ", stride=\(stride.brief)" }
    if isNative, before.contains(where: { $0 != 0 }) { call += ", padding=\(before.brief)" }
    if isNative, extra.contains(where: { $0 != 0 }) { call += ", output_padding=\(extra.brief)" }
    if groups != 1 { call += ", groups=\(groups)" }
    if dilation.contains(where: { $0 != 1 }) { call += ", dilation=\(dilation.brief)" }
    call += ")"
    if isNative { return call }
    return code.pad(call, [0] + before.map { -$0 }, [0] + zip(extra, behind).map { $0 - $1 })
  }
}

extension MaxPooling: PythonEmitting {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let (p, shape) = (operands[0].text, operands[0].shape)
    let target = outputShape(portShapes: [shape])!
    if code.library == .jax {
      let windows = windows(ofPort: shape)
      let longest = windows.map(\.count).max() ?? 0
      let index = windows.flatMap { $0 + [Int](repeating: -1, count: longest - $0.count) }
      let call = "\(code.helper(.maxPool))(\(p), \(code.positions(index, shape: [windows.count, longest])))"
      return code.reshape(call, from: [shape[0], windows.count], to: target)
    }
    let windows = PythonWindows(kernelSize, stride, padding, dilation, shape, target)
    var call = "F.max_pool\(shape.count - 1)d(\(windows.padded(p, with: "float(\"-inf\")"))"
    call += ", \(windows.kernel.brief)"
    if windows.stride != windows.kernel { call += ", stride=\(windows.stride.brief)" }
    if windows.dilation.contains(where: { $0 != 1 }) { call += ", dilation=\(windows.dilation.brief)" }
    return call + ")"
  }
}

extension AveragePooling: PythonEmitting where S == Double {
  package func emit(_ operands: [PythonValue], in code: PythonCode) -> String {
    let windows = PythonWindows(kernelSize, stride, padding, dilation, inputShape, outputShape)
    let (x, area) = (operands[0].text, windows.kernel.reduce(1, *))
    let shares = (0..<outputShape.dropFirst().reduce(1, *)).map { window in
      var share = 1 / Double(area)
      forEachEntry(inRow: window) { share = $1 }
      return share
    }
    let isPlain = shares.allSatisfy { $0 == 1 / Double(area) }
    if code.library == .torch, isPlain, windows.dilation.allSatisfy({ $0 == 1 }) {
      var call = "F.avg_pool\(windows.kernel.count)d(\(windows.padded(x, with: "0")), \(windows.kernel.brief)"
      if windows.stride != windows.kernel { call += ", stride=\(windows.stride.brief)" }
      return call + ")"
    }
    let pads = Array(zip(windows.before, windows.behind))
    let padding = code.choose(
      torch: pads.reversed().flatMap { [$0.0, $0.1] }.tuple, jax: code.pairs(pads))
    let share = code.numbers(
      shares, shape: [1, 1] + Array(outputShape.dropFirst()), named: "shares", like: x)
    return code.helper(.averagePool) + "(\(x), \(windows.kernel.tuple), \(windows.stride.tuple), \(padding), "
      + "\(windows.dilation.tuple), \(share))"
  }
}

/// Windows over spatial axes, with padding that makes them fit exactly.
private struct PythonWindows {
  let kernel: [Int]
  let stride: [Int]
  let dilation: [Int]
  let before: [Int]
  let behind: [Int]

  /// The windows of a pooling with these attributes, from one shape to another.
  init(
    _ kernelSize: [Int], _ stride: [Int], _ padding: [Int], _ dilation: [Int], _ inputShape: [Int],
    _ outputShape: [Int]
  ) {
    let rank = inputShape.count - 1
    kernel = kernelSize.perAxis(rank)
    let stride = stride.isEmpty ? kernel : stride.perAxis(rank)
    let dilation = dilation.perAxis(rank)
    let before = padding.padding(axes: rank).before
    behind = (0..<rank).map { [kernel] axis in
      let end = (outputShape[axis + 1] - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1
      return max(0, end - before[axis] - inputShape[axis + 1])
    }
    (self.stride, self.dilation, self.before) = (stride, dilation, before)
  }

  /// The value with padding by PyTorch; itself where there is none.
  func padded(_ x: String, with filler: String) -> String {
    guard (before + behind).contains(where: { $0 != 0 }) else { return x }
    let pads = zip(before, behind).reversed().flatMap { [$0, $1] }
    return "F.pad(\(x), \(pads.tuple)\(filler == "0" ? "" : ", value=\(filler)"))"
  }
}

extension PythonCode {
  /// A tuple of pairs of Python.
  fileprivate func pairs(_ pairs: [(Int, Int)]) -> String {
    "(" + pairs.map { "(\($0.0), \($0.1))" }.joined(separator: ", ") + (pairs.count == 1 ? ",)" : ")")
  }
}
