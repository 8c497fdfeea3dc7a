import LinearAlgebra

/// Unfolds the windows of `count` channels into columns: row `c·kernelArea + k` holds element k of channel c of
/// every window, `[count · kernelArea, windows]`; 0 in the padding. (im2col, Chellapilla et al. 2006.)
///
/// Only the windows in `lines` are unfolded: a line is the windows that differ along the last axis.
@specialized(where S == Double)
@specialized(where S == Float)
func unfold<S: Scalar>(
  _ x: UnsafePointer<S>, channels count: Int, _ geometry: WindowGeometry, lines: Range<Int>,
  into columns: UnsafeMutablePointer<S>
) {
  let rows = WindowRows(geometry, lines: lines)
  let (length, size) = (geometry.output[2], rows.columnCount * geometry.output[2])
  inParts(of: count, grain: 1 + elementsPerPart / size) { channels in
    withUnsafeTemporaryAllocation(of: S.self, capacity: rows.bufferSize) { buffer in
      buffer.initialize(repeating: 0)
      var target = columns + channels.lowerBound * size
      for channel in channels {
        let plane = x + channel * geometry.inputArea
        if !rows.areThoseOfTheInput { rows.copy(plane, to: buffer.baseAddress!) }
        let source = rows.areThoseOfTheInput ? plane : UnsafePointer(buffer.baseAddress!)
        rows.forEachColumn { start, step, lines in
          if let start {
            copyLines(lines, of: length, from: source + start, step: step, to: target)
          } else {
            target.update(repeating: 0, count: lines * length)
          }
          target += lines * length
        }
      }
    }
  }
}

/// Adds columns back to the positions that `unfold` reads: its transpose.
@specialized(where S == Double)
@specialized(where S == Float)
func foldAdding<S: Scalar>(
  _ columns: UnsafePointer<S>, channels count: Int, _ geometry: WindowGeometry, lines: Range<Int>,
  to x: UnsafeMutablePointer<S>
) {
  let rows = WindowRows(geometry, lines: lines)
  let (length, size) = (geometry.output[2], rows.columnCount * geometry.output[2])
  inParts(of: count, grain: 1 + elementsPerPart / size) { channels in
    withUnsafeTemporaryAllocation(of: S.self, capacity: rows.bufferSize) { buffer in
      var source = columns + channels.lowerBound * size
      for channel in channels {
        let plane = x + channel * geometry.inputArea
        let target = rows.areThoseOfTheInput ? plane : buffer.baseAddress!
        if !rows.areThoseOfTheInput { target.initialize(repeating: 0, count: rows.bufferSize) }
        rows.forEachColumn { start, step, lines in
          if let start {
            for line in 0..<lines {
              let (sum, summand) = (target + start + line * step, source + line * length)
              for index in 0..<length { sum[index] += summand[index] }
            }
          }
          source += lines * length
        }
        if !rows.areThoseOfTheInput { rows.add(target, to: plane) }
      }
    }
  }
}

/// The rows of a channel that some lines of windows read, laid out so that a line's elements are contiguous: with the
/// padding of the last axis, and with elements a stride apart next to each other.
///
/// A row is a sequence of phases; phase r holds every element whose position, from the beginning of the padding, is r
/// modulo the stride.
private struct WindowRows {
  private let geometry: WindowGeometry
  private let lines: Range<Int>
  /// The coordinates of the rows along the first two axes.
  private let depths: Range<Int>
  private let heights: Range<Int>
  private let phaseLength: Int
  private let rowLength: Int
  /// Whether the rows of the input already have that layout: no padding, and a stride of 1.
  let areThoseOfTheInput: Bool

  init(_ geometry: WindowGeometry, lines: Range<Int>) {
    self.geometry = geometry
    self.lines = lines
    let (stride, height) = (geometry.stride[2], geometry.output[1])
    let (first, last) = (lines.lowerBound / height, (lines.upperBound - 1) / height)
    areThoseOfTheInput = stride == 1 && geometry.before[2] == 0 && geometry.behind[2] <= 0
    if areThoseOfTheInput {
      (depths, heights) = (0..<geometry.input[0], 0..<geometry.input[1])
      (phaseLength, rowLength) = (geometry.input[2], geometry.input[2])
    } else {
      depths = geometry.coordinates(ofWindows: first...last, axis: 0)
      heights = geometry.coordinates(
        ofWindows: first == last
          ? lines.lowerBound - first * height...lines.upperBound - 1 - first * height : 0...height - 1,
        axis: 1)
      phaseLength = geometry.output[2] + (geometry.kernel[2] - 1) * geometry.dilation[2] / stride
      rowLength = phaseLength * stride
    }
  }

  /// The number of lines in the columns of a channel.
  var columnCount: Int { geometry.kernelArea * lines.count }

  /// The size of the buffer for the rows of a channel.
  var bufferSize: Int { areThoseOfTheInput ? 0 : depths.count * heights.count * rowLength }

  /// Calls `body` for the lines of the columns, in their order, several at a time: the start of the first in the rows,
  /// the distance to the next, and their number; nil in the padding.
  @inline(__always)
  func forEachColumn(_ body: (_ start: Int?, _ step: Int, _ lines: Int) -> Void) {
    let height = geometry.output[1]
    let (strideY, strideX) = (geometry.stride[1], geometry.stride[2])
    let (kernelHeight, kernelWidth) = (geometry.kernel[1], geometry.kernel[2])
    let (dilationY, dilationX, beforeY) = (geometry.dilation[1], geometry.dilation[2], geometry.before[1])
    let step = strideY * rowLength
    for kernelZ in 0..<geometry.kernel[0] {
      let shiftZ = kernelZ * geometry.dilation[0] - geometry.before[0]
      for kernelY in 0..<kernelHeight {
        let shiftY = kernelY * dilationY - beforeY
        // The lines whose row lies inside, in every plane.
        let inside = (heights.lowerBound - shiftY + strideY - 1) / strideY
        let outside = (heights.upperBound - shiftY + strideY - 1) / strideY
        for kernelX in 0..<kernelWidth {
          let (index, phase) = (kernelX * dilationX).quotientAndRemainder(dividingBy: strideX)
          let place = phase * phaseLength + index
          var line = lines.lowerBound
          while line < lines.upperBound {
            let (outZ, outY) = line.quotientAndRemainder(dividingBy: height)
            let end = min(height, outY + lines.upperBound - line)
            line += end - outY
            let z = outZ * geometry.stride[0] + shiftZ
            let isInside = depths.contains(z)
            let first = isInside ? min(end, max(outY, inside)) : end
            let last = isInside ? max(first, min(end, outside)) : end
            if first > outY { body(nil, 0, first - outY) }
            if last > first {
              let y = first * strideY + shiftY
              let row = (z - depths.lowerBound) * heights.count + y - heights.lowerBound
              body(row * rowLength + place, step, last - first)
            }
            if end > last { body(nil, 0, end - last) }
          }
        }
      }
    }
  }

  /// Lays out the rows of a channel; the padding is not written.
  @inline(__always)
  func copy<S: Scalar>(_ plane: UnsafePointer<S>, to rows: UnsafeMutablePointer<S>) {
    let stride = geometry.stride[2]
    forEachPhase { row, phase, places, first in
      let target = rows + phase
      if stride == 1 {
        copyLines(1, of: places.count, from: plane + row + first, step: 0, to: target + places.lowerBound)
      } else {
        var element = plane + row + first
        for place in places {
          target[place] = element.pointee
          element += stride
        }
      }
    }
  }

  /// Adds the rows to those of a channel.
  @inline(__always)
  func add<S: Scalar>(_ rows: UnsafeMutablePointer<S>, to plane: UnsafeMutablePointer<S>) {
    let stride = geometry.stride[2]
    forEachPhase { row, phase, places, first in
      let (source, target) = (rows + phase + places.lowerBound, plane + row + first)
      if stride == 1 {
        for index in 0..<places.count { target[index] += source[index] }
      } else {
        var element = target
        for index in 0..<places.count {
          element.pointee += source[index]
          element += stride
        }
      }
    }
  }

  /// Calls `body` for each phase of each row: the start of the row in the channel and of the phase in the rows, the
  /// positions of the phase inside the row, and the row's element at the first of these.
  @inline(__always)
  private func forEachPhase(_ body: (_ row: Int, _ phase: Int, _ places: Range<Int>, _ first: Int) -> Void) {
    let (stride, before, width) = (geometry.stride[2], geometry.before[2], geometry.input[2])
    for phase in 0..<stride {
      // Position i of the phase is element i·stride + phase − before.
      let lower = min(phaseLength, max(0, (before - phase + stride - 1) / stride))
      let first = lower * stride + phase - before
      let count = first < width ? min(phaseLength - lower, (width - 1 - first) / stride + 1) : 0
      var start = phase * phaseLength
      for z in depths {
        for y in heights {
          body((z * geometry.input[1] + y) * width, start, lower..<lower + count, first)
          start += rowLength
        }
      }
    }
  }
}

extension WindowGeometry {
  /// The range of coordinates that some windows read along an axis, without the padding.
  fileprivate func coordinates(ofWindows windows: ClosedRange<Int>, axis: Int) -> Range<Int> {
    let first = max(0, windows.lowerBound * stride[axis] - before[axis])
    let last = windows.upperBound * stride[axis] - before[axis] + (kernel[axis] - 1) * dilation[axis]
    return first..<max(first, min(input[axis], last + 1))
  }
}

/// Copies lines that are `step` apart to consecutive positions, a few machine words at a time, since most are too short
/// for a call of `memmove` to pay.
@inline(__always)
private func copyLines<S: Scalar>(
  _ lines: Int, of count: Int, from source: UnsafePointer<S>, step: Int, to target: UnsafeMutablePointer<S>
) {
  let bytes = count * MemoryLayout<S>.stride
  if bytes >= MemoryLayout<SIMD8<UInt64>>.size {
    for line in 0..<lines {
      copyBytes(bytes, from: source + line * step, to: target + line * count, by: SIMD8<UInt64>.self)
    }
  } else if bytes >= MemoryLayout<SIMD2<UInt64>>.size {
    for line in 0..<lines {
      copyBytes(bytes, from: source + line * step, to: target + line * count, by: SIMD2<UInt64>.self)
    }
  } else {
    for line in 0..<lines {
      for index in 0..<count { target[line * count + index] = source[line * step + index] }
    }
  }
}

/// Copies at least one `Word`; the last two may overlap.
@inline(__always)
private func copyBytes<Word: BitwiseCopyable>(
  _ count: Int, from source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, by word: Word.Type
) {
  let last = count - MemoryLayout<Word>.size
  var offset = 0
  while offset < last {
    target.storeBytes(
      of: source.loadUnaligned(fromByteOffset: offset, as: word), toByteOffset: offset, as: word)
    offset += MemoryLayout<Word>.size
  }
  target.storeBytes(of: source.loadUnaligned(fromByteOffset: last, as: word), toByteOffset: last, as: word)
}
