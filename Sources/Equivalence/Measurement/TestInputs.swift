import LinearAlgebra

/// Seeded inputs and cotangents: several magnitudes, zeros, sign changes.
struct TestInputs {
  private var generator: SeededGenerator

  init(seed: UInt64) {
    generator = SeededGenerator(seed: seed)
  }

  /// A batch `[samples, size]`; the first sample is zero, the others alternate between the kinds below.
  ///
  /// - Parameter domain: The range of every coordinate of all samples; unbounded if nil.
  mutating func inputs(samples: Int, size: Int, domain: ClosedRange<Double>? = nil) -> Matrix<Double> {
    if let domain { return uniform(samples: samples, size: size, in: domain) }
    var rows: [[Double]] = []
    for sample in 0..<samples {
      switch sample {
      case 0: rows.append([Double](repeating: 0, count: size))
      case let odd where odd % 6 == 2 && !rows.isEmpty: rows.append(rows[sample - 1].map { -$0 })
      default:
        let magnitude = [1, 1, 1, 1e-3, 30, 1e-8][sample % 6]
        let sparse = sample % 4 == 3
        rows.append(
          (0..<size).map { _ in
            let value = generator.normal() * magnitude
            return sparse && generator.uniform() < 0.5 ? 0 : value
          })
      }
    }
    return Matrix(rows: samples, columns: size, elements: rows.flatMap { $0 })
  }

  /// Uniform samples of a box, of which the first two are its lower and its upper corner.
  private mutating func uniform(samples: Int, size: Int, in domain: ClosedRange<Double>) -> Matrix<Double> {
    let (low, high) = (domain.lowerBound, domain.upperBound)
    let elements = (0..<samples * size).map { position in
      switch position / size {
      case 0: low
      case 1: high
      default: min(high, low + (high - low) * generator.uniform())
      }
    }
    return Matrix(rows: samples, columns: size, elements: elements)
  }

  /// Standard normal numbers.
  mutating func normal(rows: Int, columns: Int) -> Matrix<Double> {
    Matrix(rows: rows, columns: columns, elements: (0..<rows * columns).map { _ in generator.normal() })
  }
}
