import LinearAlgebra

/// `log Σ e^p` over the axes `dim`, as in `torch.logsumexp`; the largest element is subtracted first. With `keepdim`
/// the axes keep extents of 1; over all axes the shape is `[1]`.
public struct LogSumExp: LineReduction {
  public static let typeName = "logsumexp"
  public static let schema = OperatorSchema(
    "log Σ eᵖ over axes",
    .axes, .keepdim)

  /// The axes, counted from the end where they are negative.
  public let dim: [Int]
  /// Whether the value keeps these axes, with extents of 1.
  public let keepdim: Bool

  /// The logarithm of the sum of exponentials over some axes of a sample.
  ///
  /// - Throws: `InvalidConstants` where no axis is given.
  public init(dim: IntegerList, keepdim: Bool = false) throws(InvalidConstants) {
    self.dim = try namedAxes(dim)
    self.keepdim = keepdim
  }

  static func reduce<S: Scalar>(_ p: [S], _ lines: Lines, samples: Int, into z: inout [S]) {
    sumExponentials(of: p, lines, samples: samples, into: &z)
  }

  static func pullBack<S: Scalar>(_ p: inout [S], _ cotangent: [S], _ z: [S], _ lines: Lines, samples: Int) {
    pullBackLogSumExp(&p, cotangent, z, lines, samples: samples)
  }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func sumExponentials<S: Scalar>(of p: [S], _ lines: Lines, samples: Int, into z: inout [S]) {
  let size = lines.starts.count * lines.offsets.count
  for sample in 0..<samples {
    for (output, start) in lines.starts.enumerated() {
      let first = sample * size + start
      var largest = p[first]
      for offset in lines.offsets where p[first + offset] > largest { largest = p[first + offset] }
      // An infinite largest element is the result, since subtracting it from itself gives NaN.
      if largest.isInfinite { largest = 0 }
      var sum: S = 0
      for offset in lines.offsets { sum += S.exp(p[first + offset] - largest) }
      z[sample * lines.starts.count + output] = largest + S.log(sum)
    }
  }
}

/// Replaces every element p of a line with the value z by `g e^(p − z)`.
@specialized(where S == Double)
@specialized(where S == Float)
private func pullBackLogSumExp<S: Scalar>(
  _ p: inout [S], _ cotangent: [S], _ z: [S], _ lines: Lines, samples: Int
) {
  var output = 0
  forEachLine(lines, samples: samples, &p) { line, offsets in
    for offset in offsets { line[offset] = cotangent[output] * S.exp(line[offset] - z[output]) }
    output += 1
  }
}
