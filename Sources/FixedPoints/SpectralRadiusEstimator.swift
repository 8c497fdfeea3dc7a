import LinearAlgebra
import RealModule

/// Estimates the spectral radius of J from the residuals of z ← f(z): near a fixed point F(z_{k+1}) ≈
/// J·F(z_k), so that the residuals behave as in the power method.
///
/// The estimate is the geometric mean of the ratios over up to 16 updates, which averages out the rotation by
/// complex eigenvalues. Residuals at rounding level are ignored.
struct SpectralRadiusEstimator: Sendable {
  private static let window = 16
  private let roundingLevel: Double
  private var residuals: [Double] = []
  private var count = 0

  /// The estimate; 0 where the residual has become exactly 0 from above rounding, otherwise nil for fewer
  /// than three residuals.
  private(set) var estimate: Double?

  init<S: Scalar>(precision: S.Type) {
    roundingLevel = 1e4 * Double(S.ulpOfOne)
  }

  /// Records the finite residual of the next iterate, and the largest magnitude of its state.
  mutating func observe(residual: Double, magnitude: Double) {
    guard residual > roundingLevel * magnitude || residual == 0 else {
      residuals = []
      return
    }
    guard residual > 0 else {
      if !residuals.isEmpty { estimate = 0 }
      return
    }
    residuals.append(residual)
    if residuals.count > Self.window + 1 { residuals.removeFirst() }
    count += 1
    guard count >= 3 else { return }
    // The first iterates are left out: components along smaller eigenvalues have not decayed yet.
    let updates = min(residuals.count - 1, max(1, count / 2))
    guard updates > 0 else { return }
    let earlier = residuals[residuals.count - 1 - updates]
    estimate = Double.pow(residual / earlier, 1 / Double(updates))
  }
}
