import LinearAlgebra
import Operators

/// How many more entries of maps may be compared one by one.
///
/// Maps that are the same operator are compared by their parameters, which does not count.
struct EntryAllowance {
  private var entries: Int

  /// An allowance of this many entries.
  init(entries: Int) {
    self.entries = entries
  }

  /// Deducts the cost of a row of maps from the allowance; false if it is too small.
  mutating func allows(rowOf maps: [any LinearMap<Double>]) -> Bool {
    entries -= maps.reduce(1) { $0 + 1 + $1.multiplications / max(1, $1.outputSize) }
    return entries >= 0
  }
}

extension LinearMap<Double> {
  /// The first row in which two maps may have different entries. If they are the same operator, it is nil
  /// for equal parameters, else the first row with a different element.
  func firstRow(thatMayDifferFrom other: any LinearMap<Double>) -> Int? {
    guard isSameOperator(as: other), let ours = parameter, let theirs = other.parameter,
      ours.shape == theirs.shape
    else { return isIdentical(to: other) ? nil : 0 }
    let (left, right) = (ours.elements, theirs.elements)
    if haveSameBits(left, right) { return nil }
    let element = left.indices.first { left[$0].bitPattern != right[$0].bitPattern }!
    switch self {
    case is DenseMap<Double>: return element / inputSize
    case is Convolution<Double>:
      // The elements of one channel of the output are contiguous, and so are its rows.
      return element / (left.count / ours.shape[0]) * (outputSize / ours.shape[0])
    default: return 0
    }
  }

  /// Whether both have the same entries for the same parameter.
  func isSameOperator(as other: any LinearMap<Double>) -> Bool {
    type(of: other).typeName == Self.typeName && other.inputShape == inputShape
      && other.attributes == attributes
  }
}

extension [any LinearMap<Double>] {
  /// The types of the maps, for a message.
  var kinds: String {
    map { "\(type(of: $0).typeName) of \($0.inputShape)" }.joined(separator: " + ")
  }
}
