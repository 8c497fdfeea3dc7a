import RealModule

/// How the iteration of one sample ended.
public struct SampleOutcome: Sendable, Equatable {
  /// Why it stopped.
  public var reason: StopReason
  /// The number of updates applied to this sample.
  public var iterations: Int
  /// ‖f(z) − z‖∞ of the returned state z itself; infinite where f(z) is not finite.
  public var residual: Double
  /// An estimate of the spectral radius of J = ∂f/∂z near the fixed point, from the ratio of successive residuals,
  /// which tends to it as in the power method. Nil for methods other than undamped Picard iteration, for too few
  /// iterates, and where the iterates did not converge.
  public var spectralRadiusEstimate: Double?
  /// A lower estimate of ‖(I − J)⁻¹‖∞ in balanced coordinates, from the change of the state relative to the change of
  /// the residual in the last updates; nil for too few updates.
  public var sensitivity: Double?
  /// The factor by which the error of the state may exceed the rounding of f, both relative to what each coordinate
  /// adds up: the condition number of I − J in that measure. Nil where it was not estimated.
  public var conditionEstimate: Double?
  /// The largest error of a coordinate that rounding and the residual allow, relative to the largest value of its block.
  /// Nil where it was not estimated.
  public var errorEstimate: Double?
  /// The relative error of gradients that the uncertainty of I − J allows; nil where it was not estimated.
  public var gradientErrorEstimate: Double?
  /// Whether I − J is regular at the state within that error, so that gradients exist.
  public var isDifferentiable = true
  /// Whether the sample was given up because Newton's method is forecast to cost less (`StoppingRule.newtonPrice`).
  public var isHandedOver = false

  /// An outcome of the given parts.
  public init(
    reason: StopReason, iterations: Int, residual: Double, spectralRadiusEstimate: Double? = nil,
    sensitivity: Double? = nil
  ) {
    self.reason = reason
    self.iterations = iterations
    self.residual = residual
    self.spectralRadiusEstimate = spectralRadiusEstimate
    self.sensitivity = sensitivity
  }
}

extension SampleOutcome: CustomStringConvertible {
  /// One line: the reason and its evidence.
  public var description: String {
    let count = iterations == 1 ? "1 update" : "\(iterations) updates"
    let line = "\(reason) after \(count): \(evidence)"
    guard let radius = spectralRadiusEstimate else { return line }
    return line + "; the spectral radius of J is about \(threeDigits(radius))"
  }

  private var evidence: String {
    let size = threeDigits(residual)
    switch reason {
    case .converged: return "the residual is \(size)"
    case .outOfIterations: return "the residual is still \(size)"
    case .stalled: return "the path cannot be followed further (residual \(size) at its start)"
    case .oscillating(let period):
      return "every \(period) updates the state returns to itself, and the residual does not shrink (\(size))"
    case .diverging: return "the residual or the state keeps growing (residual \(size))"
    case .notFinite: return "the transition gives infinity or NaN (residual \(size))"
    case .singular: return "I − J is singular to working precision (residual \(size))"
    case .notDetermined:
      return "the residual is \(size), but I − J is singular to rounding, which leaves the state open"
    case .discontinuous:
      return "the residual is \(size), but f jumps within rounding of the state"
    }
  }
}

/// A number to three significant digits, such as `0.0123` or `1.23e-13`.
func threeDigits(_ number: Double) -> String {
  guard number.isFinite, number != 0 else { return "\(number)" }
  var exponent = Double.log10(abs(number)).rounded(.down)
  // Very small numbers are scaled in two steps, since 10^exponent itself may underflow.
  let half = (exponent / 2).rounded(.down)
  let mantissa = number / Double.exp10(half) / Double.exp10(exponent - half)
  var digits = (mantissa * 100).rounded() / 100
  if abs(digits) >= 10 { (digits, exponent) = (digits / 10, exponent + 1) }
  guard (-3...5).contains(exponent) else { return "\(digits)e\(Int(exponent))" }
  return "\((digits * Double.exp10(exponent) * 1e6).rounded() / 1e6)"
}
