import LinearAlgebra

/// When to stop: a sample has converged at state z once every coordinate i has
/// |f(z) − z|ᵢ ≤ `absoluteTolerance` + `relativeTolerance` · min(mᵢ, sᵢ), or is within rounding of mᵢ.
///
/// mᵢ is the magnitude that coordinate i of f adds up (`FixedPointProblem.magnitudes`), so that a large gain does not
/// make rounding of f look like a residual, and a large coordinate does not hide a small one. sᵢ is the largest
/// coordinate of the part of the state that i belongs to (`FixedPointProblem.parts`), so that summands which cancel do
/// not loosen the tolerance. "Within rounding" means 64 units in the last place of mᵢ, or the relative tolerance if
/// that is less. Where a problem gives neither, both are ‖z‖∞. A tolerance coarser than rounding also bounds how far
/// another application of f moves what follows from the state (`FixedPointProblem.following`).
///
/// A state more than a hundred times as large as the start z₀ and f(z₀) must also have brought the residual below a
/// hundredth of the first, and by as much as the state has grown, or to 8 units in the last place of the state.
/// Otherwise a diverging state would count as a fixed point merely for its size.
public struct StoppingRule: Sendable, Equatable {
  /// The largest residual accepted, as a multiple of the magnitudes that a coordinate adds up.
  public var relativeTolerance: Double
  /// The largest residual accepted of a state of any size, in the state's units.
  public var absoluteTolerance: Double
  /// How many updates a sample may take; 0 only measures the start.
  public var maximumIterations: Int
  /// A sample iterates on down to this share of the tolerance while its residual at least halves at every other update;
  /// 1 stops within the tolerance.
  public var polishedShare = 1.0
  /// The cost of the Jacobian and its factors in evaluations, where Newton's method may take over: an accelerated
  /// iteration gives a sample up if it is forecast to cost more than Newton's method. Nil where it may not.
  public var newtonPrice: Double?

  /// A rule with both tolerances at least 0.
  public init(relativeTolerance: Double, absoluteTolerance: Double, maximumIterations: Int) {
    precondition(relativeTolerance >= 0 && absoluteTolerance >= 0, "a tolerance below 0")
    precondition(maximumIterations >= 0, "a negative number of iterations")
    self.relativeTolerance = relativeTolerance
    self.absoluteTolerance = absoluteTolerance
    self.maximumIterations = maximumIterations
  }

  /// The strictest rule that rounding permits in precision `S`: within 64 units in the last place of the magnitudes
  /// that a coordinate adds up, and down to 8 of them while that helps, with an absolute tolerance of 1024 times
  /// the least number, by which products below the normal range are rounded.
  public static func rounding<S: Scalar>(of: S.Type, maximumIterations: Int = 1_000) -> StoppingRule {
    var rule = StoppingRule(
      relativeTolerance: 64 * Double(S.ulpOfOne),
      absoluteTolerance: 1024 * Double(S.leastNonzeroMagnitude),
      maximumIterations: maximumIterations)
    rule.polishedShare = 0.125
    return rule
  }

  /// Stops only where the residual is exactly 0, which Picard iteration reaches on nilpotent structure
  /// (Bai et al. 2019, theorem on weight-tied, input-injected networks).
  public static func exact(maximumIterations: Int) -> StoppingRule {
    StoppingRule(relativeTolerance: 0, absoluteTolerance: 0, maximumIterations: maximumIterations)
  }

  /// Whether only a residual of exactly 0 ends the iteration.
  var isExact: Bool { relativeTolerance == 0 && absoluteTolerance == 0 }

  /// The multiple of the magnitudes that counts as rounding, in units in the last place.
  private static let roundingUnits = 64.0

  /// Whether the rule is coarser than rounding requires.
  package func isCoarse<S: Scalar>(in precision: S.Type) -> Bool {
    relativeTolerance > Self.roundingUnits * Double(S.ulpOfOne)
  }

  /// The largest residual of a coordinate as a share of its tolerance, given the magnitudes of each, or nil for the
  /// largest magnitude of the state: at most 1 where the state is accepted, and infinite for what is not finite.
  ///
  /// - Parameters:
  ///   - parts: The sizes of the parts, in order; one part of all coordinates if empty.
  ///   - strictness: The divisor of the tolerance; it does not apply to rounding.
  func share<S: Scalar>(
    of evaluation: Evaluation<S>, magnitudes: [S]?, parts: [Int] = [], strictness: Double = 1
  ) -> Double {
    guard evaluation.isFinite else { return .infinity }
    let size = Double(largestMagnitude(evaluation.point[...]))
    guard let magnitudes else {
      return quotient(evaluation.residual, (absoluteTolerance + relativeTolerance * size) / strictness)
    }
    let tolerance = Tolerance(
      relative: relativeTolerance / strictness, absolute: absoluteTolerance / strictness,
      rounding: min(relativeTolerance, Self.roundingUnits * Double(S.ulpOfOne)))
    var (largest, first) = (0.0, 0)
    for count in parts.isEmpty ? [evaluation.point.count] : parts {
      largest = max(
        largest, tolerance.largestShare(of: first..<first + count, evaluation, magnitudes: magnitudes))
      first += count
    }
    return largest
  }

  /// The largest residual of a coordinate at a state z, `[N]`, with f(z) there, as a share of its tolerance: at most 1
  /// where the state is accepted, and infinite for what is not finite.
  ///
  /// - Parameters:
  ///   - magnitudes: What each coordinate of f adds up.
  ///   - parts: The sizes of the parts, in order.
  public func share<S: Scalar>(ofResidualAt z: [S], value: [S], magnitudes: [S], parts: [Int]) -> Double {
    share(of: Evaluation(point: z, value: value), magnitudes: magnitudes, parts: parts)
  }

  /// The largest change of what follows from a state as a share of the tolerance, by the largest value of each part.
  func share<S: Scalar>(ofChange old: [S], to new: [S], parts: [Int]) -> Double {
    var (largest, first) = (0.0, 0)
    for count in parts {
      let range = first..<first + count
      let size = max(Double(largestMagnitude(new[range])), Double(largestMagnitude(old[range])))
      let change = range.reduce(0.0) { max($0, Double(abs(new[$1] - old[$1]))) }
      largest = max(largest, quotient(change, absoluteTolerance + relativeTolerance * size))
      first += count
    }
    return largest
  }
}

/// The residual divided by the tolerance; a residual of 0 is within any tolerance.
private func quotient(_ residual: Double, _ tolerance: Double) -> Double {
  residual == 0 ? 0 : residual / tolerance
}

/// The quantities that a coordinate's residual is measured against.
private struct Tolerance {
  var relative: Double
  var absolute: Double
  /// The multiple of the magnitudes that counts as rounding, and is accepted in any case.
  var rounding: Double

  /// The largest residual, as a share of its tolerance, among the coordinates of one part.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func largestShare<S: Scalar>(
    of part: Range<Int>, _ evaluation: Evaluation<S>, magnitudes: [S]
  ) -> Double {
    let (value, point) = (evaluation.value, evaluation.point)
    let size = Double(largestMagnitude(value[part]))
    var largest = 0.0
    for index in part {
      let residual = Double(abs(value[index] - point[index]))
      guard residual > 0 else { continue }
      let magnitude = Double(magnitudes[index])
      let allowed = absolute + max(relative * min(magnitude, size), rounding * magnitude)
      // Few shares exceed all before them; only those are divided.
      if residual > largest * allowed { largest = residual / allowed }
    }
    return largest
  }
}
