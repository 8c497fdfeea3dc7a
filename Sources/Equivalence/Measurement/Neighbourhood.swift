import LinearAlgebra

/// Both sides on several inputs next to each sample: how large each side's own rounding is there, and how much of a
/// difference is left beside the sample.
///
/// - Complexity: Each of `copies` costs an evaluation of both sides in both precisions, so this is made only where some
///   difference needs an explanation.
struct Neighbourhood<S: Scalar, T: Scalar> {
  /// How many inputs next to each sample.
  static var copies: Int { 4 }

  /// For each component of a quantity the larger side's rounding at float32, infinite where nothing could be measured,
  /// and the least difference between the sides.
  struct Statistics {
    private(set) var level: [Double]
    private(set) var gap: [Double]

    init(count: Int) {
      level = [Double](repeating: 0, count: count)
      gap = [Double](repeating: .infinity, count: count)
    }

    /// Takes in one input next to the sample: each side in both precisions.
    mutating func add(first: (S: [Double], T: [Double]), second: (S: [Double], T: [Double])) {
      for index in level.indices {
        let (a, b) = (abs(first.S[index] - first.T[index]), abs(second.S[index] - second.T[index]))
        level[index] = a.isNaN || b.isNaN ? .infinity : max(level[index], a, b)
        let gap = abs(first.S[index] - second.S[index])
        // Where a side has no value there is no difference to speak of.
        self.gap[index] = min(self.gap[index], gap.isNaN ? 0 : gap)
      }
    }
  }

  private let level: RoundingLevel
  private let first: (S: [ForwardValues<S>], T: [ForwardValues<T>])
  private let second: (S: [ForwardValues<S>], T: [ForwardValues<T>])
  private let rows: Int

  /// Evaluates both sides next to the samples `x`, `[batch, input]`.
  init(
    of x: Matrix<Double>, first: (Side<S>, Side<T>), second: (Side<S>, Side<T>), level: RoundingLevel,
    seed: UInt64
  ) {
    self.level = level
    rows = x.rows
    var generator = SeededGenerator(seed: seed)
    let inputs = (0..<Self.copies).map { _ in Self.moved(x, step: level.step, &generator) }
    self.first = (
      inputs.map { first.0.forward($0.cast(to: S.self)) }, inputs.map { first.1.forward($0.cast(to: T.self)) }
    )
    self.second = (
      inputs.map { second.0.forward($0.cast(to: S.self)) },
      inputs.map { second.1.forward($0.cast(to: T.self)) }
    )
  }

  /// Every coordinate moved by a random share of itself and of the sample's magnitude.
  private static func moved(
    _ x: Matrix<Double>, step: Double, _ generator: inout SeededGenerator
  ) -> Matrix<Double> {
    var moved = x
    for row in 0..<x.rows {
      let largest = largestMagnitude(x.row(row))
      let scale = largest > 0 ? largest : 1
      for column in 0..<x.columns {
        let size = max(abs(x[row, column]), scale * 0x1p-10)
        moved[row, column] += step * size * (2 * generator.uniform() - 1)
      }
    }
    return moved
  }

  /// The statistics of a sample's output.
  func output(ofSample row: Int) -> Statistics {
    var statistics = Statistics(count: first.S[0].output.columns)
    for copy in 0..<Self.copies {
      statistics.add(
        first: pair(first.S[copy], first.T[copy], row), second: pair(second.S[copy], second.T[copy], row))
    }
    return statistics
  }

  /// A sample's output in both precisions; NaN in the second where it has none there.
  private func pair(_ a: ForwardValues<S>, _ b: ForwardValues<T>, _ row: Int) -> (S: [Double], T: [Double]) {
    let other = b.output.row(row).map { Double($0) }
    return (
      a.output.row(row).map { Double($0) },
      b.converged[row] ? other : [Double](repeating: .nan, count: other.count)
    )
  }

  /// The gradients of both sides next to the samples, for a cotangent `[batch, outputs]`.
  func gradients(_ cotangent: Matrix<Double>) -> GradientNeighbourhood<S, T> {
    let (s, t) = (cotangent.cast(to: S.self), cotangent.cast(to: T.self))
    return GradientNeighbourhood(
      first: (first.S.map { $0.backward(s) }, first.T.map { $0.backward(t) }),
      second: (second.S.map { $0.backward(s) }, second.T.map { $0.backward(t) }))
  }
}

/// The gradients of both sides on several inputs next to each sample.
struct GradientNeighbourhood<S: Scalar, T: Scalar> {
  fileprivate let first: (S: [BackwardValues<S>], T: [BackwardValues<T>])
  fileprivate let second: (S: [BackwardValues<S>], T: [BackwardValues<T>])

  typealias Statistics = Neighbourhood<S, T>.Statistics

  /// The statistics of a sample's gradient of the input.
  func input(ofSample row: Int) -> Statistics {
    var statistics = Statistics(count: first.S[0].gradients.input.columns)
    for copy in first.S.indices {
      statistics.add(
        first: (
          first.S[copy].gradients.input.row(row).map { Double($0) },
          first.T[copy].gradients.input.row(row).map { Double($0) }
        ),
        second: (
          second.S[copy].gradients.input.row(row).map { Double($0) },
          second.T[copy].gradients.input.row(row).map { Double($0) }
        ))
    }
    return statistics
  }

  /// The statistics of the gradient of a parameter that both sides have.
  func parameter(_ match: ParameterMatch) -> Statistics? {
    guard let count = first.S[0].gradients.parameters[match.first]?.count else { return nil }
    var statistics = Statistics(count: count)
    for copy in first.S.indices {
      guard let a = first.S[copy].gradients.parameters[match.first],
        let aT = first.T[copy].gradients.parameters[match.first],
        let b = second.S[copy].gradients.parameters[match.second],
        let bT = second.T[copy].gradients.parameters[match.second], b.count == count
      else { return nil }
      statistics.add(
        first: (a.elements.map { Double($0) }, aT.elements.map { Double($0) }),
        second: (
          match.inFirstLayout(b).map { Double($0) }, match.inFirstLayout(bT).map { Double($0) }
        ))
    }
    return statistics
  }
}

extension ParameterMatch {
  /// The second model's tensor with its elements in the order of the first's.
  func inFirstLayout<S: Scalar>(_ tensor: Tensor<S>) -> [S] {
    guard layout == .transposed, tensor.shape.count == 2 else { return tensor.elements }
    let (rows, columns) = (tensor.shape[0], tensor.shape[1])
    return (0..<tensor.count).map { tensor.elements[$0 % rows * columns + $0 / rows] }
  }
}
