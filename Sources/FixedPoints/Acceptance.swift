import LinearAlgebra

/// The best iterate that the rule accepts, kept while the method reduces the residual further.
struct Acceptance<S: Scalar>: Sendable {
  /// How many successive updates may each leave more than half of the residual.
  private static var patience: Int { 2 }

  private(set) var best: Evaluation<S>
  /// Its residual as a share of the tolerance.
  private(set) var share: Double
  private var idle = -1

  init(best: Evaluation<S>, share: Double) {
    (self.best, self.share) = (best, share)
  }

  mutating func observe(_ evaluation: Evaluation<S>, share: Double) {
    idle = share <= self.share / 2 ? 0 : idle + 1
    if share < self.share { (best, self.share) = (evaluation, share) }
  }

  func isDone(polishedShare: Double) -> Bool { share <= polishedShare || idle >= Self.patience }
}
