import LinearAlgebra

/// How much of a difference rounding can explain (theory, section 6), measured on the same input.
///
/// The network is evaluated in the precision of the check and in the other one; their difference is the
/// network's own rounding at float32, and float64 rounding is that times 2⁻²⁹. So is the path under test, whose
/// distance from the network at float32 also holds what its solver leaves over when it stops, at a residual
/// that is as many units in the last place in either precision. A discrepancy counts as rounding up to
/// `multiple` times the larger of the two, with a floor of `floor` units in the last place of the quantity's
/// largest magnitude. A genuine difference cannot hide behind this: it is the same in both precisions, and
/// 2⁻²⁹ of it, `multiple` times, does not allow for all of it.
struct RoundingLevel {
  /// How many times the measured level a discrepancy may be. Two evaluations that sum in different orders
  /// rarely differ by more than a few times their distance from the exact value.
  static let multiple = 16.0
  /// The same for models with cyclic groups, whose solvers stop at a residual of 64 units in the last place.
  static let multipleOfIterations = 1024.0
  /// The least allowance, in units in the last place of the quantity's largest magnitude.
  static let floor = 8.0
  /// The allowance relative to scale where float32 overflows and nothing can be measured.
  static let unmeasured = 0x1p-40

  /// Whether the check computes in float64.
  let isFloat64: Bool
  /// Whether a solver iterates, and stops short of the exact fixed point.
  let isIterative: Bool

  /// The difference that rounding can explain in a quantity with largest magnitude `scale`, whose two
  /// evaluations by the network differ by at most `measured`.
  func allowance(measured: Double, scale: Double) -> Double {
    let floor = Self.floor * ulp(of: scale) * (isIterative ? Self.multipleOfIterations / Self.multiple : 1)
    guard measured.isFinite else { return max(floor, Self.unmeasured * scale) }
    // A float32 cannot show rounding below its own least normal number.
    let visible = max(measured, Double(Float.leastNormalMagnitude))
    let level = isFloat64 ? visible * 0x1p-29 : visible
    return max(floor, (isIterative ? Self.multipleOfIterations : Self.multiple) * level)
  }

  /// The unit in the last place of a number in the check's precision.
  func ulp(of value: Double) -> Double {
    isFloat64 ? value.ulp : Double(Float(value).ulp)
  }
}
