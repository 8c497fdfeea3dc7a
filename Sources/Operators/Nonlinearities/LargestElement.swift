import LinearAlgebra

/// The largest element over the axes `dim`, as in `torch.amax`; equal ones share the gradient evenly, and a NaN
/// propagates. With `keepdim` the axes keep extents of 1; over all axes the shape is `[1]`.
public struct LargestElement: LineReduction {
  public static let typeName = "amax"
  public static let schema = OperatorSchema(
    "the largest over axes; equal ones share the gradient",
    .axes, .keepdim)

  /// The axes, counted from the end where they are negative.
  public let dim: [Int]
  /// Whether the value keeps these axes, with extents of 1.
  public let keepdim: Bool

  /// The largest element over some axes of a sample.
  ///
  /// - Throws: `InvalidConstants` where no axis is given.
  public init(dim: IntegerList, keepdim: Bool = false) throws(InvalidConstants) {
    self.dim = try namedAxes(dim)
    self.keepdim = keepdim
  }

  public var isPiecewiseLinear: Bool { true }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    let lines = lines(shapes[0])
    var z = Matrix<S>(rows: ports[0].rows, columns: lines.starts.count)
    findLargest(of: ports[0].elements, times: 1, lines, samples: z.rows, into: &z.elements)
    return z
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    let z = value(at: ports, shapes: shapes)
    var g = ports[0]
    shareEvenly(&g.elements, cotangent.elements, z.elements, lines(shapes[0]), samples: g.rows)
    return [g]
  }
}

/// For every line the largest of the elements times `sign`, times `sign`: the largest or the smallest element; a NaN
/// propagates.
@specialized(where S == Double)
@specialized(where S == Float)
func findLargest<S: Scalar>(of p: [S], times sign: S, _ lines: Lines, samples: Int, into z: inout [S]) {
  let size = lines.starts.count * lines.offsets.count
  for sample in 0..<samples {
    for (output, start) in lines.starts.enumerated() {
      let first = sample * size + start
      var best = p[first]
      for offset in lines.offsets {
        let value = p[first + offset]
        if sign * value > sign * best || value.isNaN { best = value }
        if best.isNaN { break }
      }
      z[sample * lines.starts.count + output] = best
    }
  }
}

/// Replaces every element by its share of the cotangent of its line: those that equal the value share it evenly.
@specialized(where S == Double)
@specialized(where S == Float)
func shareEvenly<S: Scalar>(_ p: inout [S], _ cotangent: [S], _ z: [S], _ lines: Lines, samples: Int) {
  var output = 0
  forEachLine(lines, samples: samples, &p) { line, offsets in
    var count = 0
    for offset in offsets where line[offset] == z[output] { count += 1 }
    // No element equals a NaN, so every element's gradient is NaN too.
    let share = count == 0 ? S.nan : cotangent[output] / S(count)
    for offset in offsets { line[offset] = line[offset] == z[output] || count == 0 ? share : 0 }
    output += 1
  }
}
