import LinearAlgebra

/// A tensor divided into the sets of coordinates that differ only along some axes: a sum over axes adds up each set,
/// and softmax normalises each.
public struct Lines: Sendable {
  /// The shape of a tensor with one number for each line: the other axes, `[1]` where there are none.
  public let outputShape: [Int]
  /// The start of each line, by the coordinates of the other axes.
  public let starts: [Int]
  /// The offsets of a line's coordinates from its start, ascending.
  public let offsets: [Int]

  /// The lines of tensors of `shape` along some axes; with `keepsAxes` the output keeps them, with extents of 1.
  init(shape: [Int], along axes: [Int], keepsAxes: Bool = false) {
    let steps = strides(of: shape)
    let lines = shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
    let line = shape.indices.map { axes.contains($0) ? shape[$0] : 1 }
    starts = positions(shape: lines, steps: steps)
    offsets = positions(shape: line, steps: steps)
    outputShape = Self.outputShape(of: shape, along: axes, keepsAxes: keepsAxes)
  }

  /// The shape of a tensor with one number for each line, without the tables of a whole tensor.
  static func outputShape(of shape: [Int], along axes: [Int], keepsAxes: Bool) -> [Int] {
    if keepsAxes { return shape.indices.map { axes.contains($0) ? 1 : shape[$0] } }
    let others = shape.indices.filter { !axes.contains($0) }.map { shape[$0] }
    return others.isEmpty ? [1] : others
  }
}

/// Calls `body` with every line of every sample: its start, and the offsets of its elements from there.
@inline(__always)
func forEachLine<S: Scalar>(
  _ lines: Lines, samples: Int, _ elements: inout [S],
  _ body: (_ line: UnsafeMutablePointer<S>, _ offsets: UnsafeBufferPointer<Int>) -> Void
) {
  let size = lines.starts.count * lines.offsets.count
  lines.offsets.withUnsafeBufferPointer { offsets in
    elements.withUnsafeMutableBufferPointer { elements in
      for sample in 0..<samples {
        for start in lines.starts { body(elements.baseAddress! + sample * size + start, offsets) }
      }
    }
  }
}

/// Calls `body` with every line of every sample, and with the same line of another tensor.
@inline(__always)
func forEachLine<S: Scalar>(
  _ lines: Lines, samples: Int, _ elements: inout [S], _ others: [S],
  _ body: (
    _ line: UnsafeMutablePointer<S>, _ other: UnsafePointer<S>, _ offsets: UnsafeBufferPointer<Int>
  ) -> Void
) {
  let size = lines.starts.count * lines.offsets.count
  lines.offsets.withUnsafeBufferPointer { offsets in
    others.withUnsafeBufferPointer { others in
      elements.withUnsafeMutableBufferPointer { elements in
        for sample in 0..<samples {
          for start in lines.starts {
            let first = sample * size + start
            body(elements.baseAddress! + first, others.baseAddress! + first, offsets)
          }
        }
      }
    }
  }
}

/// The largest element of a line, which functions with exponentials subtract so that none of these overflows.
@inline(__always)
func largest<S: Scalar>(of line: UnsafeMutablePointer<S>, at offsets: UnsafeBufferPointer<Int>) -> S {
  var largest = line[offsets[0]]
  for offset in offsets where line[offset] > largest { largest = line[offset] }
  return largest
}
