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
  /// - Parameters:
  ///   - solution: The equilibrium to differentiate at, which kept its ports. A caller that gives it away gives its
  ///     memory away block by block.
  ///   - sum: Gradients to which those of the parameters are added, nil for none.
  ///   - observe: Called for every block with the cotangents of its ports, which are not kept, and the values of the
  ///     blocks.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func backpropagate(
    _ cotangent: Matrix<S>, through solution: consuming EquilibriumSolution<S>, by method: SolutionMethod,
    until rule: StoppingRule? = nil, addingTo sum: consuming ParameterTensors<S>? = nil,
    observe: ((_ block: Int, _ portCotangents: [Matrix<S>], _ value: (Int) -> Matrix<S>) -> Void)? = nil
  ) -> EquilibriumBackpropagation<S> {
    guard case .structured(let solver) = method, form == .blocks else {
      let point = linearization(at: solution)
      let adjoint = adjoint(at: point, cotangent: cotangent, by: method, until: rule)
      if let observe {
        for (index, cotangents) in point.portCotangents(adjoint).enumerated() {
          observe(index, cotangents) { point.state[$0] }
        }
      }
      return EquilibriumBackpropagation(
        gradients: gradients(at: point, adjoint: adjoint), records: adjoint.records,
        converged: adjoint.converged)
    }
    var (state, ports): ([Matrix<S>], [[Matrix<S>]?]) = ([], [])
    swap(&state, &solution.state)
    swap(&ports, &solution.ports)
    var sweep = ReverseSweep(values: consume state, input: solution.input, addingTo: consume sum)
    sweep.add(to: .node(output)) { $0 = cotangent }
    var records: [SolveRecord] = []
    for group in groups.reversed() {
      if group.isCyclic {
        let record = passCotangents(
          through: group, in: &sweep, knowing: ports,
          refusals: solution.records.refusals(batch: solution.input.rows),
          factors: solution.factors[group.members[0]], solver: solver, until: rule ?? roundingRule,
          observe: observe)
        records.append(record)
      } else {
        let index = group.members[0]
        let own = (ports.isEmpty ? nil : ports[index]) ?? self.ports(of: index, in: &sweep)
        let s = blocks[index].portCotangents(
          sweep.takeCotangent(of: index, size: blocks[index].size), at: own)
        observe?(index, s) { sweep.value(of: .node($0)) { value(of: $0, knowing: ports) } }
        pass(s, through: index, in: &sweep, valueAgain: { value(of: $0, knowing: ports) }) { _ in true }
        if !ports.isEmpty, own.contains(where: ReverseSweep.releases) { ports[index] = nil }
      }
      for member in group.members { sweep.releaseValue(of: member) }
    }
    return EquilibriumBackpropagation(
      gradients: sweep.takeGradients(), records: records, converged: records.converged(batch: cotangent.rows))
  }

  private func passCotangents(
    through group: DependencyGroup, in sweep: inout ReverseSweep<S>, knowing known: [[Matrix<S>]?],
    refusals: [SampleOutcome?], factors: [BalancedFactors<S>?]?, solver: any FixedPointSolver,
    until rule: StoppingRule, observe: ((Int, [Matrix<S>], (Int) -> Matrix<S>) -> Void)?
  ) -> SolveRecord {
    let e = group.members.map { sweep.takeCotangent(of: $0, size: blocks[$0].size) }
    let ports = group.members.map { self.ports(of: $0, in: &sweep) }
    let (values, record) = adjoint(
      of: group, ports: ports, e: e, solver: solver, until: rule, refusals: refusals, factors: factors)
    let inside = Set(group.members)
    for (place, member) in group.members.enumerated() {
      let s = blocks[member].portCotangents(values[place], at: ports[place])
      observe?(member, s) { sweep.value(of: .node($0)) { value(of: $0, knowing: known) } }
      pass(s, through: member, in: &sweep, valueAgain: { value(of: $0, knowing: known) }) {
        if case .node(let node) = $0 { !inside.contains(node) } else { true }
      }
    }
    return record
  }

  /// A block's ports at the values that a sweep holds.
  private func ports(of index: Int, in sweep: inout ReverseSweep<S>) -> [Matrix<S>] {
    blocks[index].preactivations(batch: sweep.input.rows) { sweep.value(of: $0) }
  }

  /// A block's value from its ports; nil where they are not known.
  private func value(of index: Int, knowing ports: [[Matrix<S>]?]) -> Matrix<S>? {
    (ports.isEmpty ? nil : ports[index]).map { blocks[index].value(at: $0) }
  }
}
