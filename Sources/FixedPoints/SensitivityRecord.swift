import LinearAlgebra

/// A lower estimate of ‖(I − J)⁻¹‖∞ from the iterates alone: between two of them ΔF ≈ (J − I)·Δz, so that ‖Δz‖ / ‖ΔF‖
/// is how much farther the state moves than the residual changes.
///
/// The error of an iteration, and so its last differences, soon lie in the directions in which I − J is smallest. A
/// change of the residual smaller than its rounding counts as that rounding.
struct SensitivityRecord<S: Scalar>: Sendable {
  private static var window: Int { 16 }

  private var previous: (point: [S], difference: [S])?
  private var ratios: [Double] = []

  /// The largest of the last ratios; nil before the first.
  var estimate: Double? { ratios.max() }

  /// Records an iterate; a residual of `tolerance` would be accepted there.
  mutating func observe(_ evaluation: Evaluation<S>, tolerance: Double) {
    guard evaluation.isFinite else { return }
    let difference = evaluation.difference
    defer { previous = (evaluation.point, difference) }
    guard let previous else { return }
    let moved = Double(largestDistance(evaluation.point, previous.point))
    let changed = max(Double(largestDistance(difference, previous.difference)), tolerance / 4)
    guard moved > 0, changed > 0 else { return }
    ratios.append(moved / changed)
    if ratios.count > Self.window { ratios.removeFirst() }
  }

  /// Forgets the last iterate, since its coordinates have been rebalanced.
  mutating func forget() { previous = nil }
}
