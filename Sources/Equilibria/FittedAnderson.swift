import FixedPoints
import LinearAlgebra
import Operators

/// Anderson acceleration whose memory is fitted to what it is applied to: as many differences as can be combined for the
/// price of one evaluation of the transition.
///
/// More memory takes fewer evaluations, as a rule, down to those of GMRES on a linear problem (Walker & Ni 2011, theorem
/// 2.2), and costs about six multiplications for each coordinate and difference, which a sparse map does not repay.
public struct FittedAnderson: FixedPointSolver {
  /// The least memory, and what a solve that knows nothing of the costs combines; and the largest.
  static let memories = 5...60

  /// The acceleration.
  public init() {}

  /// `anderson`.
  public var name: String { Anderson().name }

  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    Anderson(memory: Self.memories.lowerBound).solve(problem, from: start, until: rule)
  }

  /// The acceleration of a transition of these costs.
  func fitted(to cost: EvaluationCost) -> Anderson {
    let affordable = cost.multiplications / max(1, 6 * cost.coordinates)
    let memory = min(max(affordable, Self.memories.lowerBound), Self.memories.upperBound)
    return Anderson(memory: memory, rests: memory == Self.memories.lowerBound)
  }
}

/// What one evaluation of a group's transition costs for a sample.
struct EvaluationCost {
  /// The coordinates iterated on.
  var coordinates: Int
  /// What the evaluation takes, as the number of multiplications of a matrix product that take as long.
  var multiplications: Int
}

extension EquilibriumModel {
  /// What a product with the Jacobian of a group, or an evaluation of its transition, costs for a sample: the maps, some
  /// sixteen multiplications for each coordinate of a port, and 4,000 for each block, however small.
  func cost(of group: DependencyGroup) -> EvaluationCost {
    let products = group.members.reduce(0) { sum, member in
      blocks[member].terms.reduce(sum) { $0 + $1.map.multiplications }
    }
    let ports = group.members.reduce(0) { $0 + blocks[$1].portSizes.reduce(0, +) }
    return EvaluationCost(
      coordinates: group.iterated.reduce(0) { $0 + blocks[$1].size },
      multiplications: products + 16 * ports + 4_000 * group.members.count)
  }
}

extension FixedPointSolver {
  /// The solver for a transition of these costs: itself, unless it is one that can be fitted.
  ///
  /// - Parameter monotoneStart: What the group offers if it is certified monotone, which is looked into on demand.
  func fitted(to cost: EvaluationCost, monotoneStart: MonotoneStart? = nil) -> any FixedPointSolver {
    switch self {
    case let anderson as FittedAnderson: return anderson.fitted(to: cost)
    case let solver as GroupSolver:
      var fitted = GroupSolver(
        first: solver.first.fitted(to: cost), second: solver.second.fitted(to: cost),
        third: solver.third.fitted(to: cost), isAdaptive: solver.isAdaptive)
      fitted.monotoneStart = monotoneStart
      return fitted
    case let solver as Refined:
      return Refined(solver.base.fitted(to: cost, monotoneStart: monotoneStart))
    default: return self
    }
  }

  /// Whether it stands for the method that costs least, whatever that is, and not for itself.
  var leavesTheChoice: Bool {
    switch self {
    case is GroupSolver: true
    case let solver as Refined: solver.base.leavesTheChoice
    default: false
    }
  }
}
