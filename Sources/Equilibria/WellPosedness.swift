import LinearAlgebra
import Operators

/// Why a group of blocks has exactly one equilibrium for every input, as far as a cheap test shows (Theory, "Groups
/// without an equilibrium"). Each condition is sufficient; none is necessary.
public enum WellPosedness: Sendable, Equatable {
  /// The group contains no cycle: it is evaluated, not solved.
  case nilpotent
  /// `λ_PF(|K W|) ≤ bound < 1`, with K the steepest slopes of the activations: Picard iteration converges
  /// (El Ghaoui et al. 2021, "Implicit Deep Learning", theorem on Perron–Frobenius well-posedness).
  case perronFrobenius(bound: Double)
  /// `‖K W‖₂ ≤ bound < 1`, with K the steepest slopes, or a block's Lipschitz constant for each port: f is a
  /// contraction (Banach).
  case contraction(bound: Double)
  /// `‖D K W D⁻¹‖₂ ≤ bound < 1` for a positive diagonal D: f is a contraction in a weighted Euclidean norm.
  case scaledContraction(bound: Double)
  /// The least eigenvalue of `I − (W K + K Wᵀ)/2` is at least `bound > 0`, for activations that are K times proximal
  /// operators (Winston & Kolter 2020, "Monotone operator equilibrium networks", theorem 1).
  case monotone(bound: Double)
  /// The same for `D W K D⁻¹` with a positive diagonal D (Revay, Wang & Manchester 2020, "Lipschitz bounded equilibrium
  /// networks", theorem 1).
  case scaledMonotone(bound: Double)
  /// `s w_ii + |s| Σ_{j≠i} |w_ij| d_j/d_i ≤ bound < 1` for a d > 0, every i, and every slope s of activation i: damped
  /// Picard iteration contracts in a weighted maximum norm (Jafarpour, Davydov, Proskurnikov & Bullo 2021, "Robust
  /// implicit networks via non-Euclidean contractions", theorem 2).
  case maximumNorm(bound: Double)
  /// No coordinate of f changes by more than `bound < 1` times the change of the state, in a weighted maximum norm: f
  /// is a contraction (Banach). Found for blocks that mix coordinates or have several ports, such as softmax,
  /// normalisations and maxima, from bounds on how each carries differences.
  case weightedMaximum(bound: Double)
  /// No condition holds. There may still be one equilibrium, or none, or several.
  case unknown
  /// Not tested: a nonlinearity has no bounds of its slopes, such as a product of two values, or the group has too many
  /// coordinates.
  case untested

  /// One line for a report.
  public var description: String {
    switch self {
    case .nilpotent: "nilpotent"
    case .perronFrobenius(let bound): "Perron–Frobenius eigenvalue of |K W| at most \(roundedUp(bound)) < 1"
    case .contraction(let bound): "norm of K W at most \(roundedUp(bound)) < 1"
    case .scaledContraction(let bound): "norm of D K W D⁻¹ at most \(roundedUp(bound)) < 1, for a diagonal D"
    case .monotone(let bound):
      "I − (W K + K Wᵀ)/2 at least \(roundedDown(bound)) > 0, with proximal activations"
    case .scaledMonotone(let bound):
      "the symmetric part of I − D W K D⁻¹ at least \(roundedDown(bound)) > 0, for a diagonal D, with proximal activations"
    case .maximumNorm(let bound):
      "one-sided Lipschitz constant of f at most \(roundedUp(bound)) < 1 in a weighted maximum norm"
    case .weightedMaximum(let bound):
      "Lipschitz constant of f at most \(roundedUp(bound)) < 1 in a weighted maximum norm"
    case .unknown: "no sufficient condition holds"
    case .untested: "not tested"
    }
  }

  /// Whether a condition holds.
  public var isCertified: Bool {
    switch self {
    case .unknown, .untested: false
    default: true
    }
  }
}

/// To four digits after the decimal point, or to as many significant ones where it is close to 1 or to 0: the claimed
/// inequality must hold for the number shown.
private func roundedUp(_ value: Double) -> Double {
  let text = (value * 1e4).rounded(.up) / 1e4
  return text < 1 ? text : value
}

private func roundedDown(_ value: Double) -> Double {
  let text = (value * 1e4).rounded(.down) / 1e4
  return text > 0 ? text : value
}

extension EquilibriumModel<Double> {
  /// The first sufficient condition that holds for a group, with helpers composed away (`SlopeSystem`).
  ///
  /// Each is an inequality between numbers rounded outwards, so that it holds for the exact weights of the model.
  public func wellPosedness(of group: DependencyGroup) -> WellPosedness {
    guard group.isCyclic else { return .nilpotent }
    if let system = SlopeSystem(of: group, in: self) {
      return system.isFinite ? system.wellPosedness : .unknown
    }
    return PortSystem(of: group, in: self)?.wellPosedness ?? .untested
  }
}
