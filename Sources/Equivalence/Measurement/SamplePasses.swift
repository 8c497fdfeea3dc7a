import Blocks
import LinearAlgebra

/// How the samples of a check are divided into passes that are evaluated one after the other, so that its memory does
/// not grow with their number.
///
/// The division follows from the models alone, not from the machine, since the order of summation of a gradient
/// depends on it.
struct SamplePasses: Sendable {
  /// The numbers of a pass, 32 MB; a single sample may have more.
  private static let numbersOfPass = 1 << 22
  /// With fewer numbers, keeping all values takes less time than computing some again, and hardly any memory.
  private static let numbersToKeep = 1 << 20

  /// How many samples are evaluated together, at least 1.
  let samplesAtOnce: Int
  /// What an evaluation keeps that is differentiated.
  let retention: Retention
  /// The larger model's number of coordinates of one sample.
  let numbersPerSample: Int

  /// The passes of two models.
  init(_ first: JudgedModel, _ second: JudgedModel, samplesAtOnce: Int?) {
    numbersPerSample = max(1, first.numbersPerSample, second.numbersPerSample)
    self.samplesAtOnce = max(1, samplesAtOnce ?? Self.numbersOfPass / numbersPerSample)
    retention = numbersPerSample > Self.numbersToKeep / self.samplesAtOnce ? .ports : .everything
  }

  /// Whether a generic solver, which keeps about a dozen states, may iterate on the whole state of a sample.
  var allowsWholeState: Bool { numbersPerSample <= Self.numbersOfPass }

  /// The rows of each pass over `count` samples.
  func ranges(of count: Int) -> [Range<Int>] {
    stride(from: 0, to: count, by: samplesAtOnce).map { $0..<min(count, $0 + samplesAtOnce) }
  }
}

extension Matrix {
  /// The matrix of these rows; itself if these are all.
  func rows(_ range: Range<Int>) -> Matrix { range == 0..<rows ? self : selectingRows(Array(range)) }

  /// The rows of several matrices of equally many columns, one below the other.
  init(below parts: [Matrix], columns: Int) {
    if parts.count == 1 {
      self = parts[0]
    } else {
      self.init(
        rows: parts.reduce(0) { $0 + $1.rows }, columns: columns, elements: parts.flatMap(\.elements))
    }
  }
}
