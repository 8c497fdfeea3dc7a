import LinearAlgebra

/// `z_i = e^{p_i} / Σ_j e^{p_j}` along the axis `dim` of a sample, as in `torch.nn.Softmax`; the largest element is
/// subtracted first.
public struct Softmax: LineTransform {
  public static let typeName = "softmax"
  public static let schema = OperatorSchema(
    "eᵖ divided by its sum along an axis",
    .axis)

  /// The axis, counted from the end where it is negative.
  public let dim: Int

  /// The softmax along an axis of a sample.
  public init(dim: Int = -1) {
    self.dim = dim
  }

  public func value<S: Scalar>(at ports: [Matrix<S>], shapes: [[Int]]) -> Matrix<S> {
    var z = ports[0]
    makeSoftmax(&z.elements, lines(shapes[0]), samples: z.rows)
    return z
  }

  public func vjp<S: Scalar>(_ cotangent: Matrix<S>, at ports: [Matrix<S>], shapes: [[Int]]) -> [Matrix<S>] {
    var g = value(at: ports, shapes: shapes)
    pullBackSoftmax(&g.elements, cotangent.elements, lines(shapes[0]), samples: g.rows)
    return [g]
  }
}

/// Replaces every line by its softmax.
@specialized(where S == Double)
@specialized(where S == Float)
private func makeSoftmax<S: Scalar>(_ elements: inout [S], _ lines: Lines, samples: Int) {
  forEachLine(lines, samples: samples, &elements) { line, offsets in
    let largest = largest(of: line, at: offsets)
    var sum: S = 0
    for offset in offsets {
      let exponential = S.exp(line[offset] - largest)
      line[offset] = exponential
      sum += exponential
    }
    for offset in offsets { line[offset] /= sum }
  }
}

/// Replaces every softmax z by `z ⊙ (g − ⟨g, z⟩)`.
@specialized(where S == Double)
@specialized(where S == Float)
private func pullBackSoftmax<S: Scalar>(_ z: inout [S], _ g: [S], _ lines: Lines, samples: Int) {
  forEachLine(lines, samples: samples, &z, g) { z, g, offsets in
    var mean: S = 0
    for offset in offsets { mean += g[offset] * z[offset] }
    for offset in offsets { z[offset] *= g[offset] - mean }
  }
}
