import Blocks
import FixedPoints
import LinearAlgebra
import Operators

extension EquilibriumModel {
  /// Searches for the equilibrium of every sample of `x`, `[batch, input]`.
  ///
  /// - Parameters:
  ///   - start: The state to iterate from, a matrix for each block. By default zeros, and for a large cyclic group the
  ///     result of a solve in single precision.
  ///   - rule: When to stop; by default at rounding level, and at a residual of exactly 0 where the pattern of `W_z` is
  ///     nilpotent, so that Picard iteration reaches it.
  ///   - retention: What is kept of the blocks that are evaluated once, for `backpropagate`; a solver on the whole state
  ///     keeps everything.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func solve(
    _ x: Matrix<S>, by method: SolutionMethod, from start: [Matrix<S>]? = nil,
    until rule: StoppingRule? = nil, keeping retention: Retention = .everything
  ) -> EquilibriumSolution<S> {
    precondition(x.columns == inputSize, "samples of \(x.columns) numbers for an input of \(inputSize)")
    switch method {
    case .structured(let solver):
      return solveByStructure(
        x, solver: solver, from: start, until: rule ?? roundingRule, keeping: retention)
    case .whole(let solver):
      return solveWhole(
        x, solver: solver, from: start ?? zeroState(batch: x.rows), until: rule ?? wholeRule(for: solver))
    }
  }

  /// The equilibrium of every sample of `x`.
  ///
  /// - Throws: `NoEquilibrium` where one of them was not found.
  public func equilibrium(
    _ x: Matrix<S>, by method: SolutionMethod, from start: [Matrix<S>]? = nil, until rule: StoppingRule? = nil
  ) throws(NoEquilibrium) -> EquilibriumSolution<S> {
    let solution = solve(x, by: method, from: start, until: rule)
    if let failure = solution.failure { throw failure }
    return solution
  }

  /// At rounding level, with enough iterations for a contraction by 0.997.
  var roundingRule: StoppingRule { .rounding(of: S.self, maximumIterations: 10_000) }

  /// The stopping rule of a solver on the whole state: a residual of exactly 0 where the theorem guarantees it.
  func wholeRule(for solver: any FixedPointSolver) -> StoppingRule {
    if let picard = solver as? Picard, picard.damping == 1, let index = nilpotencyIndex {
      return .exact(maximumIterations: index)
    }
    return roundingRule
  }

  private func solveWhole(
    _ x: Matrix<S>, solver: any FixedPointSolver, from start: [Matrix<S>], until rule: StoppingRule
  ) -> EquilibriumSolution<S> {
    let transition = GroupTransition(of: everything, in: self, state: [], input: x)
    var solution = solver.solve(transition.problem, from: flatten(start, batch: x.rows), until: rule)
    solution.noteSingleStage()
    let state = unflatten(solution.state)
    for group in cyclicGroups {
      let transition = GroupTransition(of: group, in: self, state: state, input: x)
      let iterated = Matrix(sideBySide: group.iterated.map { state[$0] }, rows: x.rows)
      transition.judge(&solution.samples, at: iterated)
      _ = transition.refuseJumps(in: &solution.samples, at: iterated)
    }
    return EquilibriumSolution(
      input: x, state: state, output: output,
      records: [SolveRecord(blocks: blocks.map(\.name), solution: solution, rule: rule)])
  }

  /// All blocks as one group, every coordinate of which is iterated on.
  var everything: DependencyGroup {
    DependencyGroup(
      members: Array(blocks.indices), isCyclic: true, iterated: Array(blocks.indices), following: [])
  }

  @specialized(where S == Double)
  @specialized(where S == Float)
  private func solveByStructure(
    _ x: Matrix<S>, solver: any FixedPointSolver, from start: [Matrix<S>]?, until rule: StoppingRule,
    keeping retention: Retention
  ) -> EquilibriumSolution<S> {
    let readers = retention == .everything ? nil : lastReaders
    var state = [Matrix<S>](repeating: Matrix(rows: 0, columns: 0), count: blocks.count)
    var records: [SolveRecord] = []
    var ports = [[Matrix<S>]?](repeating: nil, count: blocks.count)
    var factors: [Int: [BalancedFactors<S>?]] = [:]
    for group in groups {
      if group.isCyclic {
        let solved = solveGroup(
          group, in: &state, input: x, solver: solver, from: start, until: rule,
          failures: records.failures(batch: x.rows))
        records.append(solved.record)
        factors[group.members[0]] = solved.factors
      } else {
        let index = group.members[0]
        let own = blocks[index].preactivations(batch: x.rows) { read($0, state: state, input: x) }
        state[index] = blocks[index].value(at: own)
        if retention != .output { ports[index] = own }
      }
      for member in group.members {
        for node in readers?.released(after: member) ?? [] { state[node] = Matrix(rows: 0, columns: 0) }
      }
    }
    return EquilibriumSolution(
      input: x, state: state, output: output, records: records, ports: ports, factors: factors)
  }

  /// Where a sweep releases values: those that no cyclic group has or reads, since its adjoint needs these.
  private var lastReaders: LastReaders {
    var kept: Set<Int> = [output]
    for group in cyclicGroups {
      kept.formUnion(group.members)
      for member in group.members { kept.formUnion(blocks[member].nodeSources) }
    }
    return LastReaders(order: groups.flatMap(\.members), sources: { blocks[$0].nodeSources }, keeping: kept)
  }

  /// Solves for the members of a cyclic group, with everything outside of it fixed at its value in `state`.
  ///
  /// - Parameter failures: How earlier groups have failed, by sample; a sample that reads them is not tried.
  private func solveGroup(
    _ group: DependencyGroup, in state: inout [Matrix<S>], input x: Matrix<S>, solver: any FixedPointSolver,
    from start: [Matrix<S>]?, until rule: StoppingRule, failures: [SampleOutcome?]
  ) -> (record: SolveRecord, factors: [BalancedFactors<S>?]) {
    let whole = GroupTransition(of: group, in: self, state: state, input: x)
    let rows = failures.indices.filter { failures[$0] == nil }
    let transition = rows.count == x.rows ? whole : whole.selecting(rows)
    let solver = solver.fitted(
      to: cost(of: group, samples: rows.count),
      monotoneStart: monotoneStart(for: group, state: state, input: x, rows: rows))
    let preparation = start == nil ? Preparation(of: transition, for: solver, until: rule) : nil
    let beginning = start.map { start in
      Matrix(sideBySide: group.iterated.map { start[$0] }, rows: x.rows).selectingRows(rows)
    }
    let last = LastEvaluation<S>()
    var problem = transition.problem(recording: last)
    var first = beginning ?? preparation!.start
    if let preparation, !preparation.isMade {
      first = Matrix(rows: rows.count, columns: first.columns)
      // f of zeros takes no product, but the members that follow from zeros need not be zero.
      if group.following.isEmpty { problem.known = (first, preparation.start) }
    }
    var solution = solver.solve(problem, from: first, until: rule)
    solution.noteSingleStage()
    var judged = transition.judge(&solution.samples, at: solution.state, knowing: last)
    solution.add(judged)
    if !rule.isCoarse(in: S.self) { transition.correct(&solution, &judged) }
    solution.evaluations += transition.refuseJumps(in: &solution.samples, at: solution.state)
    var factors = [BalancedFactors<S>?](repeating: nil, count: x.rows)
    for (row, own) in zip(rows, judged.factors) { factors[row] = own }
    if rows.count < x.rows { solution.spread(to: rows, failures: failures) }
    // The last evaluation was at the solution, unless samples ended at different iterations.
    let isKnown = last.sweep != nil && last.state == solution.state
    let values = isKnown ? last.sweep!.values.map { $0! } : whole.memberValues(at: solution.state)
    for (member, value) in zip(group.members, values) { state[member] = value }
    let record = SolveRecord(
      blocks: group.members.map { blocks[$0].name }, solution: solution, rule: rule,
      preparation: preparation,
      sweeps: group.following.isEmpty || isKnown ? 0 : 1)
    return (record, factors)
  }
}

extension FixedPointSolution {
  /// Records the only solver's work as the only stage, where the solver has recorded none; must be called before other
  /// stages are added.
  mutating func noteSingleStage() {
    if stages.isEmpty { stages = [SolveStage(self, reason: "as asked for")] }
  }

  /// Extends a solution for some samples to all: the others keep the outcome of the earlier failure, and a state of
  /// zeros.
  mutating func spread(to rows: [Int], failures: [SampleOutcome?]) {
    var all = Matrix<S>(rows: failures.count, columns: state.columns)
    for (position, row) in rows.enumerated() { all.replaceRow(row, with: state.row(position)) }
    var outcomes = samples.makeIterator()
    samples = failures.map { $0 ?? outcomes.next()! }
    state = all
  }
}
