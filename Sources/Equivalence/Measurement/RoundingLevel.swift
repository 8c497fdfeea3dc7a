import LinearAlgebra

/// How much of a difference rounding can explain (Theory, "Rounding"), component by component.
///
/// Each side's own rounding is measured, never the distance between the sides, on several inputs next to the sample, because
/// a single difference may be small by luck; the largest counts, of two kinds. Both are evaluated in the precision of the
/// check and in the other one: the difference is a side's rounding at float32, and that at float64 is 2⁻²⁹ of it. And every
/// number of the model and of its state is moved by a few units in its last place: what that does to a value is what rounding
/// can do, where a float32 evaluation is blind (it may be on the flat side of a kink). Where the two precisions are far apart,
/// one of them overflows or underflows on the way, and nothing is measured. A genuine difference cannot hide behind this,
/// since it is no side's own.
struct RoundingLevel {
  /// How many times the measured level a difference may be. Two evaluations that sum in different orders rarely differ by
  /// more than a few times their distance from the exact value.
  static let multiple = 16.0
  /// The same for models with cyclic groups, whose solvers stop at a residual of 64 units in the last place.
  static let multipleOfIterations = 1024.0
  /// The least allowance, in units in the last place of the component; of the row's largest magnitude for models with
  /// cyclic groups, 64 times as many, since a solver stops by the largest coordinate.
  static let floor = 8.0

  /// Whether the check computes in float64.
  let isFloat64: Bool
  /// Whether a solver iterates, and stops short of the exact fixed point.
  let isIterative: Bool

  /// The largest share of the row's scale that may pass as rounding. Where rounding is larger, a difference above this
  /// share neither agrees nor refutes.
  var cap: Double { isFloat64 ? 0x1p-20 : 0x1p-8 }

  /// How far the inputs next to a sample lie from it, relative to its magnitude: far beyond rounding, so that a kink or a
  /// step that rounding decides is left behind, and close enough that the rounding is the same.
  var step: Double { isFloat64 ? 0x1p-36 : 0x1p-14 }

  /// By how much numbers of a model are moved, relative to themselves: four units in the last place.
  var perturbation: Double { isFloat64 ? 0x1p-50 : 0x1p-21 }

  /// What is left of rounding at float32 in the precision of the check.
  var factor: Double { isFloat64 ? 0x1p-29 : 1 }

  /// The allowance without a measurement, for a component of this magnitude in a row of that scale.
  func floor(magnitude: Double, scale: Double) -> Double {
    let own = Self.floor * ulp(of: magnitude)
    return isIterative ? max(own, 64 * Self.floor * ulp(of: scale)) : own
  }

  /// The allowance for a component whose sides have at most this level of rounding.
  func allowance(measured: Double, magnitude: Double, scale: Double) -> Double {
    // A float32 cannot show rounding below its own least normal number.
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
