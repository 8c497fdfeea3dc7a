import RealModule

/// When plain steps alternate with Anderson acceleration, because acceleration gains next to nothing: alternating
/// Anderson acceleration (Pratapa, Suryanarayana & Pask 2016).
///
/// To first order, a step with Anderson acceleration first reduces the residual to its share θ = ‖F − ΔF·γ‖ / ‖F‖ by
/// the combination, and then acts on it as a plain step does (Evans, Pollock, Rebholz & Xiao 2020, "A proof that
/// Anderson acceleration improves the convergence rate in linearly converging fixed-point methods"). Where the
/// eigenvalues of J fill a disk, θ tends to 1, and plain steps are as good and cheaper. So where the residual shrinks
/// and θ saves less than the combination costs, eight plain steps follow, or fewer if the residual stops shrinking.
struct PlainStepSchedule: Sendable {
  private static let length = 8
  /// How many differences of iterates must be combined before θ is meaningful.
  private static let leastCount = 3

  private var steps = 0
  private var residual = 0.0

  /// Whether plain steps begin after a combination of `count` differences that left θ² = `remainder` of the residual,
  /// which had become ρ² = `contraction` times its previous value.
  ///
  /// - Parameter cost: The cost of a combination in plain steps; 0 never begins.
  mutating func begins(
    afterCombining count: Int, of memory: Int, remainder: Double, contraction: Double, cost: Double
  ) -> Bool {
    // In the time of a combination, plain steps reduce the residual to its share ρᶜ.
    guard cost > 0, count >= min(memory, Self.leastCount), contraction < 1,
      remainder >= Double.pow(contraction, cost)
    else { return false }
    (steps, residual) = (Self.length, .infinity)
    return true
  }

  /// Whether the step after this residual is a plain one.
  mutating func continues(at residual: Double) -> Bool {
    guard steps > 0 else { return false }
    steps = residual < self.residual ? steps - 1 : 0
    self.residual = residual
    return steps > 0
  }
}
