import Blocks
import FixedPoints
import LinearAlgebra
import Operators

/// The gradients of `Σ ⟨cotangent, output⟩` at an equilibrium, and how its adjoint was found.
public struct EquilibriumBackpropagation<S: Scalar>: Sendable {
  /// The gradients of the input and of all parameters.
  public let gradients: Gradients<S>
  /// The record of every iteration; empty where none was needed.
  public let records: [SolveRecord]
  /// Whether the adjoint of each sample was found.
  public let converged: [Bool]

  /// The failure of the first sample whose adjoint was not found, or nil.
  public var failure: NoEquilibrium? { records.failure }
}

extension EquilibriumModel {
  /// The gradients of `Σ ⟨cotangent, output⟩` for a cotangent of the output, `[batch, outputs]`: what `adjoint` and
  /// `gradients` find, in one backward pass that keeps no cotangent longer than needed.
  ///
  /// - Parameter solution: The equilibrium to differentiate at.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func backpropagate(
    _ cotangent: Matrix<S>, through solution: EquilibriumSolution<S>, by method: SolutionMethod,
    until rule: StoppingRule? = nil
  ) -> EquilibriumBackpropagation<S> {
    guard case .structured(let solver) = method, form == .blocks else {
      let point = linearization(at: solution)
      let adjoint = adjoint(at: point, cotangent: cotangent, by: method, until: rule)
      return EquilibriumBackpropagation(
        gradients: gradients(at: point, adjoint: adjoint), records: adjoint.records,
        converged: adjoint.converged)
    }
    var sweep = ReverseSweep(values: solution.state, input: solution.input)
    sweep.add(to: .node(output)) { $0 = cotangent }
    var records: [SolveRecord] = []
    for group in groups.reversed() {
      if group.isCyclic {
        let record = passCotangents(
          through: group, in: &sweep, at: solution, solver: solver, until: rule ?? roundingRule)
        records.append(record)
      } else {
        let index = group.members[0]
        let s = blocks[index].portCotangents(
          sweep.takeCotangent(of: index), at: ports(of: index, at: solution))
        pass(s, through: index, in: &sweep) { _ in true }
      }
    }
    return EquilibriumBackpropagation(
      gradients: sweep.takeGradients(), records: records, converged: records.converged(batch: cotangent.rows))
  }

  private func passCotangents(
    through group: DependencyGroup, in sweep: inout ReverseSweep<S>, at solution: EquilibriumSolution<S>,
    solver: any FixedPointSolver, until rule: StoppingRule
  ) -> SolveRecord {
    let e = group.members.map { sweep.takeCotangent(of: $0) }
    let ports = group.members.map { self.ports(of: $0, at: solution) }
    let (values, record) = adjoint(
      of: group, ports: ports, e: e, solver: solver, until: rule,
      refusals: solution.records.refusals(batch: solution.input.rows),
      factors: solution.factors[group.members[0]])
    let inside = Set(group.members)
    for (place, member) in group.members.enumerated() {
      pass(blocks[member].portCotangents(values[place], at: ports[place]), through: member, in: &sweep) {
        if case .node(let node) = $0 { !inside.contains(node) } else { true }
      }
    }
    return record
  }

  /// A block's ports at a solution, which stores those of the blocks that were evaluated once.
  private func ports(of index: Int, at solution: EquilibriumSolution<S>) -> [Matrix<S>] {
    (solution.ports.isEmpty ? nil : solution.ports[index])
      ?? blocks[index].preactivations(batch: solution.input.rows) {
        read($0, state: solution.state, input: solution.input)
      }
  }
}
