import LinearAlgebra

/// The largest or the smallest element of lines: equal ones share the gradient evenly, and a NaN propagates.
protocol ExtremumReduction: LineReduction {
  /// 1 for the largest, −1 for the smallest.
  static var sign: Int { get }
}

extension ExtremumReduction {
  public var isPiecewiseLinear: Bool { true }

  static func reduce<S: Scalar>(_ p: [S], _ lines: Lines, samples: Int, into z: inout [S]) {
    findLargest(of: p, times: S(sign), lines, samples: samples, into: &z)
  }

  static func pullBack<S: Scalar>(_ p: inout [S], _ cotangent: [S], _ z: [S], _ lines: Lines, samples: Int) {
    shareEvenly(&p, cotangent, z, lines, samples: samples)
  }
}

/// For every line the largest of the elements times `sign`, times `sign`: the largest or the smallest element; a NaN
/// propagates.
@specialized(where S == Double)
@specialized(where S == Float)
private func findLargest<S: Scalar>(of p: [S], times sign: S, _ lines: Lines, samples: Int, into z: inout [S])
{
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
private func shareEvenly<S: Scalar>(_ p: inout [S], _ cotangent: [S], _ z: [S], _ lines: Lines, samples: Int)
{
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
