import LinearAlgebra
import Operators

/// How many entries of maps may still be compared one by one.
///
/// Maps that are the same operators are compared by their parameters, which costs nothing of it.
struct EntryAllowance {
  private var entries: Int

  /// An allowance of so many entries.
  init(entries: Int) {
    self.entries = entries
  }

  /// Takes what a row of maps costs out of the allowance, unless it has less.
  mutating func allows(rowOf maps: [any LinearMap<Double>]) -> Bool {
    entries -= maps.reduce(1) { $0 + 1 + $1.multiplications / max(1, $1.outputSize) }
    return entries >= 0
  }
}

extension LinearMap<Double> {
  /// The first row in which two maps may have different entries: where they are the same operators, nil if their parameters
  /// are the same, else the first that has an element which is not.
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
      // The elements of one channel of the output follow one another, and so do its rows.
      return element / (left.count / ours.shape[0]) * (outputSize / ours.shape[0])
    default: return 0
    }
  }

  /// Whether both make the same entries of the same parameter.
  func isSameOperator(as other: any LinearMap<Double>) -> Bool {
    type(of: other).typeName == Self.typeName && other.inputShape == inputShape
      && other.attributes == attributes
  }
}

extension [any LinearMap<Double>] {
  /// What the maps are, for a message.
  var kinds: String {
    map { "\(type(of: $0).typeName) of \($0.inputShape)" }.joined(separator: " + ")
  }
}
