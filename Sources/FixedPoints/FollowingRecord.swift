import LinearAlgebra

/// What follows from a state that is about to be accepted, and from f of it: how far that is apart is the residual of
/// what is not iterated on.
struct FollowingRecord<S: Scalar>: Sendable {
  private var values: [S] = []
  private var previous: [S] = []
  private var parts: [Int] = []
  /// What the tolerance of the state has to be divided by for that of the rest to hold, as far as has been seen.
  private(set) var strictness = 1.0

  /// Whether nothing follows that would have a part in the decision.
  var isEmpty: Bool { values.isEmpty }

  /// Takes the values at the point evaluated last.
  mutating func take(_ values: [S], parts: [Int]) {
    (previous, self.values, self.parts) = (self.values, values, parts)
  }

  /// Whether the last application of f has moved what follows by more than the rule allows; if so, the tolerance of the
  /// state becomes stricter by twice as much.
  mutating func isOpen(by rule: StoppingRule) -> Bool {
    guard !values.isEmpty, previous.count == values.count else { return false }
    let share = rule.share(ofChange: previous, to: values, parts: parts)
    guard share > 1 else { return false }
    strictness *= 2 * min(share, 1e6)
    return true
  }
}
