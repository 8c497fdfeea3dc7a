import LinearAlgebra

/// When to stop: a sample has converged at state z once every coordinate i has
/// |f(z) − z|ᵢ ≤ `absoluteTolerance` + `relativeTolerance` · mᵢ.
///
/// m is what the problem says of the magnitudes that coordinate i of f adds up (`FixedPointProblem.magnitudes`), so that
/// neither a large gain makes rounding of f look like a residual, nor a large coordinate hides a small one; where a problem
/// says nothing, m is ‖z‖∞ for all of them.
///
/// A state more than a hundred times as large as the start z₀ and f(z₀) must also have brought the residual
/// below a hundredth of the first, and down as far as the state has grown, or to 8 units in the last place of it, lest a
/// state that runs off count as a fixed point for its size alone.
public struct StoppingRule: Sendable, Equatable {
  /// The largest residual accepted, as a multiple of the magnitudes that a coordinate adds up.
  public var relativeTolerance: Double
  /// The largest residual accepted of a state of any size, in the state's units.
  public var absoluteTolerance: Double
  /// How many updates a sample may take; 0 only measures the start.
  public var maximumIterations: Int
  /// Down to which share of the tolerance a sample is iterated on while its residual halves at least at every other
  /// update; 1 stops within the tolerance.
  public var polishedShare = 1.0

  /// A rule with both tolerances at least 0.
  public init(relativeTolerance: Double, absoluteTolerance: Double, maximumIterations: Int) {
    precondition(relativeTolerance >= 0 && absoluteTolerance >= 0, "a tolerance below 0")
    precondition(maximumIterations >= 0, "a negative number of iterations")
    self.relativeTolerance = relativeTolerance
    self.absoluteTolerance = absoluteTolerance
    self.maximumIterations = maximumIterations
  }

  /// As close as rounding lets a solver come in precision `S`: within 64 units in the last place of the magnitudes that
  /// a coordinate adds up, and on to 8 of them while that helps, with an absolute tolerance just above underflow.
  public static func rounding<S: Scalar>(of: S.Type, maximumIterations: Int = 1_000) -> StoppingRule {
    var rule = StoppingRule(
      relativeTolerance: 64 * Double(S.ulpOfOne),
      absoluteTolerance: Double(S.leastNormalMagnitude) / Double(S.ulpOfOne),
      maximumIterations: maximumIterations)
    rule.polishedShare = 0.125
    return rule
  }

  /// Stops only where the residual is exactly 0, which Picard iteration reaches on nilpotent structure
  /// (Bai et al. 2019, theorem on weight-tied, input-injected networks).
  public static func exact(maximumIterations: Int) -> StoppingRule {
    StoppingRule(relativeTolerance: 0, absoluteTolerance: 0, maximumIterations: maximumIterations)
  }

  /// Whether nothing but a residual of exactly 0 ends the iteration.
  var isExact: Bool { relativeTolerance == 0 && absoluteTolerance == 0 }

  /// The largest residual of a coordinate as a share of its tolerance, given the magnitudes of each, or nil for the
  /// largest magnitude of the state: at most 1 where the state is accepted, and infinite for what is not finite.
  func share<S: Scalar>(of evaluation: Evaluation<S>, magnitudes: [S]?) -> Double {
    guard evaluation.isFinite else { return .infinity }
    let size = Double(largestMagnitude(evaluation.point[...]))
    guard let magnitudes else {
      return quotient(evaluation.residual, absoluteTolerance + relativeTolerance * size)
    }
    return largestShare(
      value: evaluation.value, point: evaluation.point, magnitudes: magnitudes, relative: relativeTolerance,
      absolute: absoluteTolerance)
  }
}

/// The residual divided by the tolerance, where 0 is within any.
private func quotient(_ residual: Double, _ tolerance: Double) -> Double {
  residual == 0 ? 0 : residual / tolerance
}

/// The largest |value − point| / (absolute + relative · magnitude).
@specialized(where S == Double)
@specialized(where S == Float)
private func largestShare<S: Scalar>(
  value: [S], point: [S], magnitudes: [S], relative: Double, absolute: Double
) -> Double {
  var largest = 0.0
  for index in value.indices {
    let residual = Double(abs(value[index] - point[index]))
    guard residual > 0 else { continue }
    largest = max(largest, residual / (absolute + relative * Double(magnitudes[index])))
  }
  return largest
}
