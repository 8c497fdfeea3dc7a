import LinearAlgebra

/// Keeps a solver from accepting a diverging state as a fixed point.
///
/// f(z) = z + 1 has no fixed point, yet at z = 10¹⁵ its residual is within a few units in the last place of z. In
/// general, where I − J is singular, an accelerated step can make the state so large that the residual is small only in
/// comparison. So a state more than a hundred times as large as the start is accepted only if its residual, including
/// its rounding, is also small compared with the first residual, and has shrunk by as much as the state has grown, or
/// nearly to rounding. Only plain steps may reach states where rounding makes that impossible; nilpotent maps do, and
/// are judged by the largest residual so far.
struct ProblemScale: Sendable {
  /// The largest state that an accelerated step may lead to; beyond it all steps are plain ones.
  let limit: Double
  private let size: Double
  private let rounding: Double
  private let first: Double
  /// The residual of the last iterate, and the largest residual of the plain steps that led to it.
  private var last: Double
  private var peak = 0.0

  private static let shrinkage = 0.01

  /// The scale of a problem from its first evaluation, for a method whose steps are of the given kind.
  init<S: Scalar>(start: Evaluation<S>, kind: IterationKind) {
    size = Double(max(largestMagnitude(start.point[...]), largestMagnitude(start.value[...])))
    rounding = 4 * Double(S.ulpOfOne)
    first = start.residual
    last = start.residual
    limit = kind == .accelerated ? max(size / Self.shrinkage, Self.shrinkage * start.residual / rounding) : 0
  }

  /// Records an iterate.
  mutating func observe(residual: Double, magnitude: Double) {
    guard residual.isFinite else { return }
    // The last residual is the length of the plain step that led past the limit.
    peak = magnitude > limit ? max(peak, last, residual) : 0
    last = residual
  }

  /// Whether a residual that is small compared with its state indicates a fixed point.
  func trusts(residual: Double, magnitude: Double) -> Bool {
    guard magnitude > size / Self.shrinkage else { return true }
    let worst = max(first, peak)
    return residual + rounding * magnitude <= Self.shrinkage * worst
      && residual <= max(2 * rounding * magnitude, worst * size / magnitude)
  }
}
