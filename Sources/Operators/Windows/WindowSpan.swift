/// The part of one axis that a window covers.
struct WindowSpan {
  /// The first of its elements that lies inside, as a coordinate of that axis.
  let first: Int
  /// The number of its elements that lie inside.
  let count: Int
  /// The number that lie inside or in the padding; the rest lie beyond it (`ceil_mode`).
  let countWithPadding: Int
}

extension WindowGeometry {
  /// The spans of all windows along an axis.
  func spans(axis: Int) -> [WindowSpan] {
    (0..<output[axis]).map { windowSpan($0, axis: axis) }
  }

  /// The span of one window along an axis.
  func windowSpan(_ window: Int, axis: Int) -> WindowSpan {
    let (start, elements) = span(window, axis: axis)
    let room = input[axis] + behind[axis] - start
    return WindowSpan(
      first: start + elements.lowerBound * dilation[axis], count: elements.count,
      countWithPadding: max(0, min(kernel[axis], (room + dilation[axis] - 1) / dilation[axis])))
  }

  /// Calls `body` for the elements of a window that lie inside, as offsets into a channel, ascending.
  func forEachElement(ofWindow window: Int, _ body: (_ element: Int, _ position: Int) -> Void) {
    let (line, x) = window.quotientAndRemainder(dividingBy: output[2])
    let (z, y) = line.quotientAndRemainder(dividingBy: output[1])
    let (depth, row, column) = (span(z, axis: 0), span(y, axis: 1), span(x, axis: 2))
    for elementZ in depth.elements {
      for elementY in row.elements {
        let base =
          ((depth.start + elementZ * dilation[0]) * input[1] + row.start + elementY * dilation[1]) * input[2]
        let element = (elementZ * kernel[1] + elementY) * kernel[2]
        for elementX in column.elements {
          body(element + elementX, base + column.start + elementX * dilation[2])
        }
      }
    }
  }

  /// The start of a window along an axis, and which of its elements lie inside.
  private func span(_ window: Int, axis: Int) -> (start: Int, elements: Range<Int>) {
    let (step, start) = (dilation[axis], window * stride[axis] - before[axis])
    let first = start >= 0 ? 0 : min(kernel[axis], (-start + step - 1) / step)
    let end = start < input[axis] ? min(kernel[axis], (input[axis] - 1 - start) / step + 1) : 0
    return (start, first..<max(first, end))
  }
}
