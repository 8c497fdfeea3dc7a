import LinearAlgebra

/// When to stop: a sample has converged at state z once
/// ‖f(z) − z‖∞ ≤ `absoluteTolerance` + `relativeTolerance` · ‖z‖∞.
///
/// A state more than a hundred times as large as the start z₀ and f(z₀) must also have brought the residual
/// below a hundredth of the first, and down as far as the state has grown, or to 8 units in the last place of it, lest a
/// state that runs off count as a fixed point for its size alone.
public struct StoppingRule: Sendable, Equatable {
  /// The largest residual accepted, as a multiple of the largest magnitude in the sample's state.
  public var relativeTolerance: Double
  /// The largest residual accepted of a state of any size, in the state's units.
  public var absoluteTolerance: Double
  /// How many updates a sample may take; 0 only measures the start.
  public var maximumIterations: Int

  /// A rule with both tolerances at least 0.
  public init(relativeTolerance: Double, absoluteTolerance: Double, maximumIterations: Int) {
    precondition(relativeTolerance >= 0 && absoluteTolerance >= 0, "a tolerance below 0")
    precondition(maximumIterations >= 0, "a negative number of iterations")
    self.relativeTolerance = relativeTolerance
    self.absoluteTolerance = absoluteTolerance
    self.maximumIterations = maximumIterations
  }

  /// As close as rounding lets a solver come in precision `S`: 64 units in the last place of the
  /// state's largest magnitude, with an absolute tolerance just above underflow.
  public static func rounding<S: Scalar>(of: S.Type, maximumIterations: Int = 1_000) -> StoppingRule {
    StoppingRule(
      relativeTolerance: 64 * Double(S.ulpOfOne),
      absoluteTolerance: Double(S.leastNormalMagnitude) / Double(S.ulpOfOne),
      maximumIterations: maximumIterations)
  }

  /// Stops only where the residual is exactly 0, which Picard iteration reaches on nilpotent structure
  /// (Bai et al. 2019, theorem on weight-tied, input-injected networks).
  public static func exact(maximumIterations: Int) -> StoppingRule {
    StoppingRule(relativeTolerance: 0, absoluteTolerance: 0, maximumIterations: maximumIterations)
  }

  /// Whether nothing but a residual of exactly 0 ends the iteration.
  var isExact: Bool { relativeTolerance == 0 && absoluteTolerance == 0 }

  /// Whether a residual ends the iteration at a state of the given largest magnitude; never for NaN.
  func accepts(residual: Double, magnitude: Double) -> Bool {
    residual.isFinite && residual <= absoluteTolerance + relativeTolerance * magnitude
  }
}
