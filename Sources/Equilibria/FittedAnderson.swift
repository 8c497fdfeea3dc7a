import FixedPoints
import LinearAlgebra
import Operators

/// Anderson acceleration with a memory fitted to the transition: as many differences as can be combined at the cost of
/// one evaluation.
///
/// More memory usually takes fewer evaluations, down to those of GMRES on a linear problem (Walker & Ni 2011, theorem
/// 2.2). It costs about six multiplications for each coordinate and difference, which does not pay for a sparse map.
public struct FittedAnderson: FixedPointSolver {
  /// The smallest memory, also used where the costs are unknown, and the largest.
  static let memories = 5...60
  /// The memory below which acceleration pauses where it saves less than it costs.
  private static let restingLimit = 16

  /// The acceleration.
  public init() {}

  /// `anderson`.
  public var name: String { Anderson().name }

  public func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    Anderson(memory: Self.memories.lowerBound).solve(problem, from: start, until: rule)
  }

  /// The acceleration for a transition with these costs.
  func fitted(to cost: EvaluationCost) -> Anderson {
    let one = Double(max(1, 6 * cost.coordinates)) / Double(max(1, cost.multiplications))
    let affordable = Int(min(1 / one, Double(Self.memories.upperBound)))
    let memory = max(affordable, Self.memories.lowerBound)
    let isCheap = affordable >= Self.restingLimit
    return Anderson(memory: memory, combinationCost: isCheap ? 0 : min(1, Double(memory) * one))
  }
}

/// The cost of one evaluation of a group's transition for a sample.
struct EvaluationCost {
  /// The coordinates iterated on.
  var coordinates: Int
  /// The duration of the evaluation, as the number of multiplications that a matrix product does in that time.
  var multiplications: Int
}

extension EquilibriumModel {
  /// The cost of a product with the Jacobian of a group, or of an evaluation of its transition, for a sample: the maps,
  /// about sixteen multiplications for each coordinate of a port, and 4,000 for each block of any size. Several samples
  /// share the weights that a product reads, and the blocks: sixteen take about as long as one.
  func cost(of group: DependencyGroup, samples: Int) -> EvaluationCost {
    let sharing = max(1, min(samples, 16))
    let products = group.members.reduce(0) { sum, member in
      blocks[member].terms.reduce(sum) { $0 + $1.map.multiplications }
    }
    let ports = group.members.reduce(0) { $0 + blocks[$1].portSizes.reduce(0, +) }
    return EvaluationCost(
      coordinates: group.iterated.reduce(0) { $0 + blocks[$1].size },
      multiplications: products / sharing + 16 * ports + 4_000 * group.members.count / max(1, samples))
  }
}

extension FixedPointSolver {
  /// The solver for a transition with these costs: itself, unless it can be fitted.
  ///
  /// - Parameter monotoneStart: The start that a certified monotone group offers, computed on demand.
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

  /// Whether it represents the cheapest method rather than itself.
  var leavesTheChoice: Bool {
    switch self {
    case is GroupSolver: true
    case let solver as Refined: solver.base.leavesTheChoice
    default: false
    }
  }
}
