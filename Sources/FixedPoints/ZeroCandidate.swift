import LinearAlgebra

/// Finds equilibria some of whose coordinates are 0.
///
/// An iteration that tends to 0 shrinks its residual in step with its state, and is within no relative tolerance until
/// it underflows. So coordinates that have become small compared with where the iteration began are tried as 0: what
/// is accepted there is an equilibrium, and else the iteration goes on as if nothing had been asked.
struct ZeroCandidate<S: Scalar>: Sendable {
  private var limits: [S]
  private var next = 8

  /// Coordinates that were of these magnitudes, or all of the size `size` where those are not known, at the start.
  init(magnitudes: [S]?, size: S, count: Int) {
    let share = S.ulpOfOne.squareRoot()
    limits = magnitudes?.map { share * $0 } ?? S.array(repeating: share * size, count: count)
  }

  /// The point with its small coordinates at 0, where there are any and the time has come: after 8 updates, 16, 32, ….
  mutating func candidate(for point: [S], iteration: Int) -> [S]? {
    guard iteration >= next else { return nil }
    while next <= iteration { next *= 2 }
    var candidate = point
    var isOther = false
    for index in point.indices where point[index] != 0 && abs(point[index]) <= limits[index] {
      candidate[index] = 0
      isOther = true
    }
    return isOther ? candidate : nil
  }
}
