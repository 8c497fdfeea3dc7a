import LinearAlgebra

/// Finds equilibria some of whose coordinates are 0.
///
/// An iteration that tends to 0 shrinks its residual in step with its state, and meets no relative tolerance until it
/// underflows. So coordinates that have become small compared with the start are tried as 0: if the rule accepts that
/// state, it is an equilibrium; if not, the iteration continues unchanged.
struct ZeroCandidate<S: Scalar>: Sendable {
  private var limits: [S]
  private var next = 8

  /// The coordinates' magnitudes at the start, or `size` for all of them where those are unknown.
  init(magnitudes: [S]?, size: S, count: Int) {
    let share = S.ulpOfOne.squareRoot()
    limits = magnitudes?.map { share * $0 } ?? S.array(repeating: share * size, count: count)
  }

  /// The point with its small coordinates set to 0, where there are any, after 8 updates, 16, 32, …; else nil.
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
