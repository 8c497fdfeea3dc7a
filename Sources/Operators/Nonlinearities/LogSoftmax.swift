import LinearAlgebra

/// The logarithm of softmax along the axis `dim` of a sample, as in `torch.nn.LogSoftmax`.
public struct LogSoftmax: LineTransform {
  public static let typeName = "log_softmax"
  public static let schema = OperatorSchema(
    "the logarithm of softmax",
    .axis)

  /// The axis, counted from the end where it is negative.
  public let dim: Int

  /// The logarithm of softmax along an axis of a sample.
  public init(dim: Int = -1) {
    self.dim = dim
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    var z = ports[0]
    makeLogSoftmax(&z.elements, lines(shapes[0]), samples: z.rows)
    return z
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    var g = value(at: ports, shapes: shapes)
    pullBackLogSoftmax(&g.elements, cotangent.elements, lines(shapes[0]), samples: g.rows)
    return [g]
  }
}

/// Replaces every line by the logarithm of its softmax.
@specialized(where S == Double)
@specialized(where S == Float)
private func makeLogSoftmax<S: Scalar>(_ elements: inout [S], _ lines: Lines, samples: Int) {
  forEachLine(lines, samples: samples, &elements) { line, offsets in
    let largest = largest(of: line, at: offsets)
    var sum: S = 0
    for offset in offsets { sum += S.exp(line[offset] - largest) }
    let logarithm = S.log(sum)
    for offset in offsets { line[offset] = line[offset] - largest - logarithm }
  }
}

/// Replaces every logarithm z of a softmax by `g − e^z Σ g`.
@specialized(where S == Double)
@specialized(where S == Float)
private func pullBackLogSoftmax<S: Scalar>(_ z: inout [S], _ g: [S], _ lines: Lines, samples: Int) {
  forEachLine(lines, samples: samples, &z, g) { z, g, offsets in
    var sum: S = 0
    for offset in offsets { sum += g[offset] }
    for offset in offsets { z[offset] = g[offset] - S.exp(z[offset]) * sum }
  }
}
