import LinearAlgebra

/// When to stop: a sample has converged at state z once every coordinate i has
/// |f(z) − z|ᵢ ≤ `absoluteTolerance` + `relativeTolerance` · min(mᵢ, sᵢ), or is within rounding of mᵢ.
///
/// m is what the problem says of the magnitudes that coordinate i of f adds up (`FixedPointProblem.magnitudes`), so that
/// neither a large gain makes rounding of f look like a residual, nor a large coordinate hides a small one; s is the largest
/// coordinate of the part of the state that i belongs to (`FixedPointProblem.parts`), so that what cancels does not count.
/// Within rounding is 64 units in the last place of m, or the relative tolerance if that is less. Where a problem says
/// nothing, both are ‖z‖∞. What follows from the state has to be settled as well: a tolerance coarser than rounding holds for
/// how far another application of f moves it (`FixedPointProblem.following`).
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
  /// What the Jacobian and its factors cost in evaluations, where Newton's method stands ready to take over: an accelerated
  /// iteration that is forecast to take more gives the sample up. Nil where it is to go on by itself.
  public var newtonPrice: Double?

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

  /// The multiple of the magnitudes that counts as rounding, in units in the last place.
  private static let roundingUnits = 64.0

  /// Whether it asks for less than rounding lets a solver reach.
  func isCoarse<S: Scalar>(in precision: S.Type) -> Bool {
    relativeTolerance > Self.roundingUnits * Double(S.ulpOfOne)
  }

  /// The largest residual of a coordinate as a share of its tolerance, given the magnitudes of each, or nil for the
  /// largest magnitude of the state: at most 1 where the state is accepted, and infinite for what is not finite.
  ///
  /// - Parameters:
  ///   - parts: How many coordinates belong together, in order; all of them if empty.
  ///   - strictness: What the tolerance is divided by, down to rounding.
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

  /// The largest residual of a coordinate at a state z, `[N]`, with this f(z), as a share of its tolerance: at most 1 where
  /// the state is accepted, and infinite for what is not finite.
  ///
  /// - Parameters:
  ///   - magnitudes: What each coordinate of f adds up.
  ///   - parts: How many coordinates belong together, in order.
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

/// The residual divided by the tolerance, where 0 is within any.
private func quotient(_ residual: Double, _ tolerance: Double) -> Double {
  residual == 0 ? 0 : residual / tolerance
}

/// What a residual of a coordinate is measured by.
private struct Tolerance {
  var relative: Double
  var absolute: Double
  /// The multiple of the magnitudes that is accepted whatever else is asked for.
  var rounding: Double

  /// The largest share of the coordinates of one part.
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
      largest = max(
        largest, residual / (absolute + max(relative * min(magnitude, size), rounding * magnitude)))
    }
    return largest
  }
}
