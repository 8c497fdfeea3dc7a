import LinearAlgebra

/// The Euclidean norm `√Σ p²` over the axes `dim`, as in `torch.linalg.vector_norm`; where it is 0 its gradient is 0 too.
/// With `keepdim` the axes keep extents of 1; over all axes the shape is `[1]`.
public struct VectorNorm: LineReduction {
  public static let typeName = "norm"
  public static let schema = OperatorSchema(
    "√Σ p² over axes; gradient 0 where it is 0",
    .axes, .keepdim)

  /// The axes, counted from the end where they are negative.
  public let dim: [Int]
  /// Whether the value keeps these axes, with extents of 1.
  public let keepdim: Bool

  /// The Euclidean norm over some axes of a sample.
  ///
  /// - Throws: `InvalidConstants` where no axis is given.
  public init(dim: IntegerList, keepdim: Bool = false) throws(InvalidConstants) {
    self.dim = try namedAxes(dim)
    self.keepdim = keepdim
  }

  static func reduce<S: Scalar>(_ p: [S], _ lines: Lines, samples: Int, into z: inout [S]) {
    measureLines(of: p, lines, samples: samples, into: &z)
  }

  static func pullBack<S: Scalar>(_ p: inout [S], _ cotangent: [S], _ z: [S], _ lines: Lines, samples: Int) {
    pullBackNorm(&p, cotangent, z, lines, samples: samples)
  }
}

@specialized(where S == Double)
@specialized(where S == Float)
private func measureLines<S: Scalar>(of p: [S], _ lines: Lines, samples: Int, into z: inout [S]) {
  let size = lines.starts.count * lines.offsets.count
  for sample in 0..<samples {
    for (output, start) in lines.starts.enumerated() {
      let first = sample * size + start
      var sum: S = 0
      for offset in lines.offsets { sum += p[first + offset] * p[first + offset] }
      if !sum.isNormal { sum = 0 }
      var norm = sum.squareRoot()
      if sum == 0 {
        // The squares may be out of range although the norm is not.
        var largest: S = 0
        for offset in lines.offsets where !(abs(p[first + offset]) <= largest) {
          largest = abs(p[first + offset])
          if largest.isNaN { break }
        }
        norm = largest
        if largest > 0, largest.isFinite {
          for offset in lines.offsets {
            let share = p[first + offset] / largest
            sum += share * share
          }
          norm = largest * sum.squareRoot()
        }
      }
      z[sample * lines.starts.count + output] = norm
    }
  }
}

/// Replaces every element p of a line with the norm z by `g p / z`, or by 0 where z is 0.
@specialized(where S == Double)
@specialized(where S == Float)
private func pullBackNorm<S: Scalar>(
  _ p: inout [S], _ cotangent: [S], _ z: [S], _ lines: Lines, samples: Int
) {
  var output = 0
  forEachLine(lines, samples: samples, &p) { line, offsets in
    let norm = z[output]
    for offset in offsets { line[offset] = norm == 0 ? 0 : cotangent[output] * (line[offset] / norm) }
    output += 1
  }
}
