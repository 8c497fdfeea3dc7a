import Blocks
import FixedPoints
import LinearAlgebra
import Operators

/// A state on the way to an equilibrium, with what its derivative needs.
public struct TrajectoryState<S: Scalar>: Sendable {
  /// The number of iterations that the solver had made.
  public let iteration: Int
  /// For each sample the largest coordinate of |f(z) − z| there, among the iterated coordinates.
  public let residuals: [Double]
  /// The value of each block, `[batch, size]`: the state itself, or the result of its tracked updates.
  public let state: [Matrix<S>]
  /// The read-out block's value.
  public let output: Matrix<S>
  fileprivate let graph: UnrolledGraph<S>
}

/// The weights of losses on several states on the way to an equilibrium, larger for later states: fixed-point
/// correction (Bai, Geng, Savani and Kolter 2022, "Deep equilibrium optical flow estimation", section 4.2; the weights
/// are those of Geng and Kolter's TorchDEQ, 2023).
///
/// The loss is `Σ_k w_k ℓ(z_k)`, so that the cotangent of state k is `w_k ∂ℓ/∂z_k`.
public enum CorrectionWeights: Sendable, Equatable {
  /// γ^(n − 1 − k), 0 < γ ≤ 1; TorchDEQ's γ is 0.8.
  case exponential(Double)
  /// 1 − γ (n − 1 − k) / n, 0 ≤ γ ≤ 1; TorchDEQ's γ is 0.9.
  case linear(Double)
  /// 1.
  case constant

  /// The weight of state `index`, from 0, among `count` of them; the last weight is 1.
  public func weight(of index: Int, among count: Int) -> Double {
    let rest = count - 1 - index
    switch self {
    case .exponential(let base): return (0..<rest).reduce(1) { weight, _ in weight * base }
    case .linear(let slope): return 1 - slope * Double(rest) / Double(count)
    case .constant: return 1
    }
  }
}

extension EquilibriumModel {
  /// States on the way to the equilibria of `x`, `[batch, input]`, after given numbers of iterations: trajectory
  /// indexing, as in TorchDEQ's `indexing` (Geng and Kolter 2023, "TorchDEQ: a library for deep equilibrium models").
  ///
  /// Each cyclic group is iterated separately, on the values of earlier blocks after as many iterations; convergence is
  /// not checked. For `Picard`, plain iteration here, damped if it is, a state is the k-th iterate in any case. Other
  /// solvers return their best iterate after k iterations, and stop where they have converged.
  ///
  /// - Parameters:
  ///   - iterations: The numbers of iterations, in any order.
  ///   - start: The state to iterate from, a matrix for each block; zeros by default.
  ///   - steps: The number of tracked updates z ← (1 − τ) z + τ f(z) after each state; it is differentiated through
  ///     these only, and the state before them is held fixed. TorchDEQ has 1.
  ///   - damping: τ, above 0 and at most 1; TorchDEQ's `tau`.
  /// - Returns: A state for each of `iterations`, in their order.
  /// - Complexity: As many evaluations as the largest number of iterations for `Picard`, and as their sum for others;
  ///   memory for as many states as are tracked.
  public func trajectory(
    _ x: Matrix<S>, at iterations: [Int], by solver: any FixedPointSolver = Picard(),
    from start: [Matrix<S>]? = nil, tracking steps: Int = 1, damping: Double = 1
  ) -> [TrajectoryState<S>] {
    precondition(x.columns == inputSize, "samples of \(x.columns) numbers for an input of \(inputSize)")
    precondition(iterations.allSatisfy { $0 >= 0 } && steps >= 0, "a negative number of iterations")
    precondition(damping > 0 && damping <= 1, "a damping outside (0, 1]")
    return iterations.map { iteration in
      var graph = UnrolledGraph<S>(blocks: blocks.count, input: x)
      var residuals = [Double](repeating: 0, count: x.rows)
      for group in groups {
        guard group.isCyclic else {
          graph.append(group.members[0], of: self)
          continue
        }
        let state = blocks.indices.map { graph.value(of: $0) }
        let transition = GroupTransition(of: group, in: self, state: state, input: x)
        let beginning = Matrix(
          sideBySide: group.iterated.map { (start ?? zeroState(batch: x.rows))[$0] }, rows: x.rows)
        let z = transition.iterate(iteration, by: solver, from: beginning)
        let difference = transition.value(at: z) - z
        for row in residuals.indices {
          residuals[row] = max(residuals[row], Double(largestMagnitude(difference.row(row))))
        }
        graph.append(group, of: self, from: z, updates: steps, damping: damping)
      }
      let state = blocks.indices.map { graph.value(of: $0) }
      return TrajectoryState(
        iteration: iteration, residuals: residuals, state: state, output: state[output], graph: graph)
    }
  }

  /// The gradients of `Σ ⟨cotangent, output⟩` at a state on the way, for a cotangent `[batch, outputs]`, through its
  /// tracked updates and the explicit blocks: what TorchDEQ's autograd computes, the solve itself being held fixed.
  ///
  /// In either form a gradient is named after its entry's parameter, otherwise after its place.
  ///
  /// - Parameter state: A result of this model's `trajectory`.
  public func backpropagate(_ cotangent: Matrix<S>, through state: TrajectoryState<S>) -> Gradients<S> {
    state.graph.gradients(of: output, cotangent: cotangent)
  }
}

extension GroupTransition {
  /// The state after the given number of iterations of a solver.
  fileprivate func iterate(_ count: Int, by solver: any FixedPointSolver, from start: Matrix<S>) -> Matrix<S>
  {
    guard let plain = solver as? Picard else {
      return solver.solve(problem, from: start, until: .rounding(of: S.self, maximumIterations: count)).state
    }
    var z = start
    for _ in 0..<count {
      var next = value(at: z)
      if plain.damping != 1 {
        let difference = next - z
        next = z
        next.add(difference, scaledBy: S(plain.damping))
      }
      z = next
    }
    return z
  }
}
