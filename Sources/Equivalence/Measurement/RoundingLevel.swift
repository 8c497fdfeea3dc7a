import LinearAlgebra

/// How much of a difference rounding can explain (Theory, "Rounding"), component by component.
///
/// Each side's own rounding is measured, never the distance between the sides, so that a genuine difference
/// cannot pass as rounding. It is measured on several inputs near the sample, because a single difference
/// may be small by chance, and the largest of two kinds counts. First, both sides are evaluated in the
/// check's precision and in the other one: the difference is a side's rounding at float32, and 2⁻²⁹ of it
/// that at float64. Second, every number of the model and of its state is changed by a few units in its
/// last place, because a float32 evaluation may be on the flat side of a kink and show nothing. If the
/// precisions are so far apart that one of them overflows or underflows, nothing is measured.
struct RoundingLevel {
  /// The allowed multiple of the measured level. Two evaluations that sum in different orders rarely differ
  /// by more than a few times their distance from the exact value.
  static let multiple = 16.0
  /// The same for models with cyclic groups, whose solvers stop at a residual of 64 units in the last place.
  static let multipleOfIterations = 1024.0
  /// The least allowance, in units in the last place of the component. For models with cyclic groups it is
  /// 64 times as many units of the row's largest magnitude, since a solver stops by the largest coordinate.
  static let floor = 8.0

  /// Whether the check computes in float64.
  let isFloat64: Bool
  /// Whether a solver iterates, and stops before the exact fixed point.
  let isIterative: Bool

  /// The largest fraction of the row's scale that may pass as rounding. If rounding is larger, a difference
  /// above this fraction neither agrees nor refutes.
  var cap: Double { isFloat64 ? 0x1p-20 : 0x1p-8 }

  /// The distance of neighbouring inputs from a sample, relative to its magnitude: far beyond rounding, so
  /// that it leaves a kink or a step behind, and so small that the rounding is the same.
  var step: Double { isFloat64 ? 0x1p-36 : 0x1p-14 }

  /// The relative change of a model's numbers: four units in the last place.
  var perturbation: Double { isFloat64 ? 0x1p-50 : 0x1p-21 }

  /// The rounding of the check's precision relative to that of float32.
  var factor: Double { isFloat64 ? 0x1p-29 : 1 }

  /// The allowance without a measurement, for a component of this magnitude in a row of this scale.
  func floor(magnitude: Double, scale: Double) -> Double {
    let own = Self.floor * ulp(of: magnitude)
    return isIterative ? max(own, 64 * Self.floor * ulp(of: scale)) : own
  }

  /// The allowance for a component with at most this level of rounding on both sides.
  func allowance(measured: Double, magnitude: Double, scale: Double) -> Double {
    // Float32 cannot show rounding below its own least normal number.
    let visible = max(measured, isFloat64 ? Double(Float.leastNormalMagnitude) * factor : 0)
    return max(
      floor(magnitude: magnitude, scale: scale),
      (isIterative ? Self.multipleOfIterations : Self.multiple) * visible)
  }

  /// The unit in the last place of a number in the check's precision.
  func ulp(of value: Double) -> Double {
    isFloat64 ? value.ulp : Double(Float(value).ulp)
  }
}
