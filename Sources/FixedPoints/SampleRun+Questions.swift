import LinearAlgebra

// What a sample requests of its problem besides values of the transition, and how it measures them.
extension SampleRun {
  /// Whether the sample needs the Jacobian at `point` to continue.
  var asksForJacobian: Bool {
    if case .differentiating = phase { outcome == nil } else { false }
  }

  /// Receives the Jacobian at `point`.
  mutating func receive(jacobian: Matrix<S>, rule: StoppingRule) {
    phase = .iterating
    let limit = scale?.limit ?? .infinity
    take(method.proposal(given: balance.balanced(jacobian), limit: limit), rule: rule)
  }

  /// Whether the decision to stop at `point` depends on what follows from it.
  func asksForFollowing(rule: StoppingRule) -> Bool {
    guard outcome == nil, rule.isCoarse(in: S.self) else { return false }
    switch phase {
    case .finishing: return true
    case .iterating: return acceptance == nil && share(by: rule) <= 1
    default: return false
    }
  }

  /// Receives what follows from `point`, and the sizes of its parts.
  mutating func learn(following values: [S], parts: [Int]) { following.take(values, parts: parts) }

  /// The residual at `point` as a share of the tolerance.
  func share(by rule: StoppingRule) -> Double {
    rule.share(of: latest, magnitudes: magnitudes, parts: parts, strictness: following.strictness)
  }

  /// Whether the residual of an evaluation is within rounding of what each coordinate adds up.
  func isWithinRounding(_ evaluation: Evaluation<S>, by rule: StoppingRule) -> Bool {
    let strictest = 1 / Double(S.leastNormalMagnitude)
    return rule.share(of: evaluation, magnitudes: magnitudes, parts: parts, strictness: strictest) <= 1
  }
}
