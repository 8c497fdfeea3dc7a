import LinearAlgebra

/// The quantities that follow from a state about to be accepted, and from f of it: their difference is the residual of
/// what is not iterated on.
struct FollowingRecord<S: Scalar>: Sendable {
  private var values: [S] = []
  private var previous: [S] = []
  private var parts: [Int] = []
  /// The divisor of the state's tolerance that has so far been needed for the following quantities to meet theirs.
  private(set) var strictness = 1.0

  /// Whether nothing follows that the decision depends on.
  var isEmpty: Bool { values.isEmpty }

  /// Records the values at the point evaluated last.
  mutating func take(_ values: [S], parts: [Int]) {
    (previous, self.values, self.parts) = (self.values, values, parts)
  }

  /// Whether the last application of f moved what follows by more than the rule allows; if so, the state's tolerance is
  /// tightened by twice the ratio.
  mutating func isOpen(by rule: StoppingRule) -> Bool {
    guard !values.isEmpty, previous.count == values.count else { return false }
    let share = rule.share(ofChange: previous, to: values, parts: parts)
    guard share > 1 else { return false }
    strictness *= 2 * min(share, 1e6)
    return true
  }
}
