import LinearAlgebra

/// Evidence that an iteration diverges instead of converging.
///
/// Growth alone never ends an iteration, since a nilpotent map may grow by any factor before it settles; it
/// is the reason reported where the updates are used up or the values overflow.
struct GrowthRecord: Sendable {
  private struct Snapshot: Sendable {
    var iteration: Int
    var peak: Double
    var magnitude: Double
  }

  private static let blockLength = 8
  /// A residual that shrinks by no more than this share between two checks counts as not shrinking.
  private let slack: Double
  /// A larger state has diverged: the fourth root of the largest finite number.
  private let vast: Double

  private var first: Double?
  private var latest = Snapshot(iteration: 0, peak: 0, magnitude: 0)
  private var residual = 0.0
  private var previousPeak = 0.0
  private var peak = 0.0
  private var older: Snapshot?
  private var newer: Snapshot?
  private var nextSnapshot = 8

  init<S: Scalar>(precision: S.Type) {
    slack = Double(S.ulpOfOne).squareRoot() / 4
    vast = Double(S.greatestFiniteMagnitude).squareRoot().squareRoot()
  }

  /// Records the residual and the largest magnitude of an iterate, both finite.
  mutating func observe(iteration: Int, residual: Double, magnitude: Double) {
    if first == nil { first = residual }
    if iteration.isMultiple(of: Self.blockLength), iteration != latest.iteration {
      (previousPeak, peak) = (peak, 0)
    }
    peak = max(peak, residual)
    self.residual = residual
    latest = Snapshot(iteration: iteration, peak: max(previousPeak, peak), magnitude: magnitude)
    if iteration >= nextSnapshot {
      (older, newer) = (newer, latest)
      nextSnapshot *= 2
    }
  }

  /// Whether the last finite iterate had diverged before the values overflowed.
  var hasRunOff: Bool {
    latest.magnitude > vast || residual > 1_000 * (first ?? .infinity)
  }

  /// Whether, over the last quarter of the iterations or more (16 at least), the residual doubled with a
  /// growing state, or the state grew steadily while the residual did not shrink.
  var isGrowing: Bool {
    let isRecent = newer.map { 4 * $0.iteration > 3 * latest.iteration } ?? true
    guard let reference = isRecent ? older : newer else { return false }
    let updates = latest.iteration - reference.iteration
    guard updates >= 16 else { return false }
    let grows = latest.peak >= 2 * reference.peak && latest.magnitude >= 1.5 * reference.magnitude
    let drifts =
      latest.peak >= (1 - slack) * reference.peak
      && latest.magnitude - reference.magnitude >= 0.25 * Double(updates) * latest.peak
    return grows || drifts
  }
}
