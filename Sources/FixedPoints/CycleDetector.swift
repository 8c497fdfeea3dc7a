import LinearAlgebra

/// Detects whether the iterates of a stationary iteration enter a cycle of 2 to 8 updates.
///
/// Every eighth iterate is kept, and the following ones are compared with it. A cycle of period p is reported where, in
/// two successive blocks of eight,
///
/// - the iterate returns after p updates to within √ulp of the residual,
///   ‖z_{k+p} − z_k‖∞ ≤ √ulp · ‖F(z_{k+p})‖∞, and
/// - the largest residual of a period is not below that of a block 8 to 24 updates ago, to within √ulp / 4.
///
/// A cycle narrower than √ulp of the state does not count, since a slow contraction ends in one from rounding alone. An
/// iteration that converges at a ratio of −(1 − δ) returns to within δ of its residual and shrinks it by at least 16·δ
/// from block to block. So it is never mistaken for a cycle unless δ is below √ulp / 64.
struct CycleDetector<S: Scalar>: Sendable {
  private static var blockLength: Int { 8 }

  private var anchor: [S] = []
  private var steps = 0
  private var peak = 0.0
  private var period: Int?
  private var previousPeriod: Int?
  /// The largest residuals of the last two blocks, the earlier first.
  private var peaks: (earlier: Double, last: Double) = (.infinity, .infinity)
  private let closeness = Double(S.ulpOfOne).squareRoot()

  /// The period, once the iterates repeat; every iterate must be passed in order.
  mutating func period(after evaluation: Evaluation<S>) -> Int? {
    guard !anchor.isEmpty else {
      begin(at: evaluation)
      return nil
    }
    steps += 1
    peak = max(peak, evaluation.residual)
    if period == nil, steps >= 2, returns(evaluation) {
      period = steps
      if period == previousPeriod, peak >= peaks.earlier * (1 - closeness / 4) { return period }
    }
    if steps == Self.blockLength {
      peaks = (peaks.last, peak)
      previousPeriod = period
      begin(at: evaluation)
    }
    return nil
  }

  private func returns(_ evaluation: Evaluation<S>) -> Bool {
    Double(largestDistance(evaluation.point, anchor)) <= closeness * evaluation.residual
      && evaluation.residual > closeness * Double(largestMagnitude(anchor[...]))
  }

  private mutating func begin(at evaluation: Evaluation<S>) {
    anchor = evaluation.point
    peak = evaluation.residual
    steps = 0
    period = nil
  }
}
