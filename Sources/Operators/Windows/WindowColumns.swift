import LinearAlgebra

/// Unfolds the windows of `count` channels into columns: row `c·kernelArea + k` holds element k of channel c of
/// every window, `[count · kernelArea, windows]`; 0 in the padding. (im2col, Chellapilla et al. 2006.)
///
/// Of all windows those in `lines` only: a line is the windows that differ along the last axis.
@specialized(where S == Double)
@specialized(where S == Float)
func unfold<S: Scalar>(
  _ x: UnsafePointer<S>, channels count: Int, _ geometry: WindowGeometry, lines: Range<Int>,
  into columns: UnsafeMutablePointer<S>
) {
  let rows = geometry.kernelArea * lines.count * geometry.output[2]
  inParts(of: count, grain: 1 + elementsPerPart / rows) { channels in
    var target = columns + channels.lowerBound * rows
    forEachRun(channels, geometry, lines) { source, length, step in
      if let source {
        if step == 1 {
          target.update(from: x + source, count: length)
        } else {
          for index in 0..<length { target[index] = x[source + index * step] }
        }
      } else {
        target.update(repeating: 0, count: length)
      }
      target += length
    }
  }
}

/// Adds columns back to the places that `unfold` took them from: its transpose.
@specialized(where S == Double)
@specialized(where S == Float)
func foldAdding<S: Scalar>(
  _ columns: UnsafePointer<S>, channels count: Int, _ geometry: WindowGeometry, lines: Range<Int>,
  to x: UnsafeMutablePointer<S>
) {
  let rows = geometry.kernelArea * lines.count * geometry.output[2]
  inParts(of: count, grain: 1 + elementsPerPart / rows) { channels in
    var source = columns + channels.lowerBound * rows
    forEachRun(channels, geometry, lines) { target, length, step in
      if let target {
        if step == 1 {
          let run = x + target
          for index in 0..<length { run[index] += source[index] }
        } else {
          for index in 0..<length { x[target + index * step] += source[index] }
        }
      }
      source += length
    }
  }
}

/// How many elements a thread takes at least.
private var elementsPerPart: Int { 1 << 14 }

/// Walks the columns of some channels in order, as runs along the last axis: where a run begins in the tensor (nil in the padding),
/// how long it is, and the distance between its elements.
@inline(__always)
private func forEachRun(
  _ channels: Range<Int>, _ geometry: WindowGeometry, _ lines: Range<Int>,
  _ body: (_ start: Int?, _ length: Int, _ step: Int) -> Void
) {
  let (input, output, stride) = (geometry.input, geometry.output, geometry.stride)
  for channel in channels {
    let base = channel * geometry.inputArea
    for kernelZ in 0..<geometry.kernel[0] {
      for kernelY in 0..<geometry.kernel[1] {
        for kernelX in 0..<geometry.kernel[2] {
          let shift = kernelX * geometry.dilation[2] - geometry.before[2]
          // The windows whose element lies inside: shift + x · stride within 0..<input.
          let first = shift >= 0 ? 0 : min(output[2], (-shift + stride[2] - 1) / stride[2])
          let end =
            shift >= input[2] ? first : max(first, min(output[2], (input[2] - 1 - shift) / stride[2] + 1))
          var (outZ, outY) = lines.lowerBound.quotientAndRemainder(dividingBy: output[1])
          for _ in lines {
            defer {
              outY += 1
              if outY == output[1] { (outZ, outY) = (outZ + 1, 0) }
            }
            let z = outZ * stride[0] - geometry.before[0] + kernelZ * geometry.dilation[0]
            let y = outY * stride[1] - geometry.before[1] + kernelY * geometry.dilation[1]
            guard z >= 0, z < input[0], y >= 0, y < input[1] else {
              body(nil, output[2], 0)
              continue
            }
            let row = base + (z * input[1] + y) * input[2]
            if first > 0 { body(nil, first, 0) }
            if end > first { body(row + shift + first * stride[2], end - first, stride[2]) }
            if end < output[2] { body(nil, output[2] - end, 0) }
          }
        }
      }
    }
  }
}
