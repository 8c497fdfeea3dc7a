import Blocks
import FixedPoints
import LinearAlgebra
import Operators

/// The solution `g` of the adjoint equation `g = Jᵀ g + e` (Theory, "Implicit differentiation").
public struct Adjoint<S: Scalar>: Sendable {
  /// g, a matrix `[batch, size]` for each block: for a converted network, backpropagation's `∂ℓ/∂z`.
  public let state: [Matrix<S>]
  /// The record of every iteration; empty where none was needed.
  public let records: [SolveRecord]
  /// Whether the adjoint of each sample was found.
  public let converged: [Bool]
  /// `s = φ'(p)ᵀ g`, the cotangents of every block's ports, where finding g needed them.
  let portCotangents: [[Matrix<S>]]?

  init(
    state: [Matrix<S>], portCotangents: [[Matrix<S>]]? = nil, records: [SolveRecord], batch: Int
  ) {
    self.portCotangents = portCotangents
    self.state = state
    self.records = records
    converged = records.converged(batch: batch)
  }

  /// The failure of the first sample whose adjoint was not found, or nil.
  public var failure: NoEquilibrium? { records.failure }
}

extension EquilibriumModel {
  /// Solves the adjoint equation at an equilibrium for a cotangent of the output, `[batch, outputs]`.
  ///
  /// - Parameter start: Where a solver on the whole state begins; zeros by default.
  public func adjoint(
    at point: Linearization<S>, cotangent: Matrix<S>, by method: SolutionMethod,
    from start: [Matrix<S>]? = nil, until rule: StoppingRule? = nil
  ) -> Adjoint<S> {
    switch method {
    case .structured(let solver):
      return adjointByStructure(at: point, cotangent, solver: solver, until: rule ?? roundingRule)
    case .whole(let solver):
      var e = zeroState(batch: cotangent.rows)
      e[output] = cotangent
      return adjointWhole(
        at: point, e, solver: solver, from: start ?? zeroState(batch: cotangent.rows),
        until: rule ?? wholeRule(for: solver))
    }
  }

  private func adjointWhole(
    at point: Linearization<S>, _ e: [Matrix<S>], solver: any FixedPointSolver, from start: [Matrix<S>],
    until rule: StoppingRule
  ) -> Adjoint<S> {
    let batch = point.input.rows
    let whole = GroupDerivative(of: everything, members: blocks, ports: point.ports, batch: batch)
    let rows = point.refusals.indices.filter { point.refusals[$0] == nil }
    let derivative = rows.count == batch ? whole : whole.selecting(rows)
    let e = flatten(e, batch: batch).selectingRows(rows)
    var solution = solver.solve(
      derivative.adjointProblem(adding: e), from: flatten(start, batch: batch).selectingRows(rows),
      until: rule)
    solution.noteSingleStage()
    if rows.count < batch { solution.spread(to: rows, failures: point.refusals) }
    return Adjoint(
      state: unflatten(solution.state),
      records: [SolveRecord(blocks: blocks.map(\.name), solution: solution, rule: rule)], batch: batch)
  }

  @specialized(where S == Double)
  @specialized(where S == Float)
  private func adjointByStructure(
    at point: Linearization<S>, _ cotangent: Matrix<S>, solver: any FixedPointSolver,
    until rule: StoppingRule
  ) -> Adjoint<S> {
    // In reverse order of the dependencies: at a group's turn, all its readers have added to its cotangent.
    let batch = point.input.rows
    var g = [Matrix<S>?](repeating: nil, count: blocks.count)
    g[output] = cotangent
    var portCotangents = [[Matrix<S>]](repeating: [], count: blocks.count)
    var records: [SolveRecord] = []
    for group in groups.reversed() {
      for member in group.members where g[member] == nil {
        g[member] = Matrix(rows: batch, columns: blocks[member].size)
      }
      if group.isCyclic {
        let solution = adjoint(
          of: group, ports: group.members.map { point.ports[$0] }, e: group.members.map { g[$0]! },
          solver: solver, until: rule, refusals: point.refusals, factors: point.factors[group.members[0]])
        for (member, value) in zip(group.members, solution.values) { g[member] = value }
        records.append(solution.record)
      }
      let inside = group.isCyclic ? Set(group.members) : []
      for member in group.members {
        let s = point.portCotangents(of: member, g[member]!)
        blocks[member].pullBack(s) { source, add in
          if case .node(let node) = source, !inside.contains(node) { add(&g[node]) }
        }
        portCotangents[member] = s
      }
    }
    return Adjoint(state: g.map { $0! }, portCotangents: portCotangents, records: records, batch: batch)
  }

  /// Solves `g_G = J_GGᵀ g_G + e_G` for a cyclic group G, given its members' ports at the equilibrium.
  ///
  /// - Parameters:
  ///   - refusals: Why a sample has no adjoint, or nil; those without one are not tried.
  ///   - factors: The factors of each sample's I − J that judged its equilibrium, where they are known.
  func adjoint(
    of group: DependencyGroup, ports: [[Matrix<S>]], e: [Matrix<S>], solver: any FixedPointSolver,
    until rule: StoppingRule, refusals: [SampleOutcome?], factors: [BalancedFactors<S>?]? = nil
  ) -> (values: [Matrix<S>], record: SolveRecord) {
    let members = group.members
    let batch = e[0].rows
    let whole = GroupDerivative(of: group, members: members.map { blocks[$0] }, ports: ports, batch: batch)
    let rows = refusals.indices.filter { refusals[$0] == nil }
    let derivative = rows.count == batch ? whole : whole.selecting(rows)
    let all = whole.gathered(e)
    let gathered = rows.count == batch ? all : all.selectingRows(rows)
    let solver = solver.fitted(to: cost(of: group, samples: rows.count))
    let known = rows.map { factors?[$0] }
    var preparation: Preparation<S>?
    var solution: FixedPointSolution<S>
    if solver.leavesTheChoice,
      let found = derivative.solutionByFactors(adding: gathered, known: known, until: rule)
    {
      solution = found
      solution.noteSingleStage()
      solution.improve(derivative.adjointProblem(adding: gathered), by: solver, from: gathered, until: rule)
    } else {
      let start = Preparation(of: derivative, adding: gathered, for: solver, until: rule)
      preparation = start
      solution = solver.solve(
        derivative.adjointProblem(adding: gathered), from: start.start, until: rule)
      solution.noteSingleStage()
      // A truncated series is meant to end early.
      if !(solver is TruncatedSeries) { derivative.refine(&solution, adding: gathered) }
    }
    if rows.count < batch { solution.spread(to: rows, failures: refusals) }
    return (
      whole.spread(solution.state, adding: e),
      SolveRecord(
        blocks: members.map { blocks[$0].name }, solution: solution, rule: rule, preparation: preparation,
        sweeps: derivative.hasFollowing ? 2 : 0)
    )
  }
}

extension EquilibriumModel {
  /// The gradients of `Σ ⟨cotangent, output⟩` from the adjoint at an equilibrium: `(∂f/∂θ)ᵀ g` for every
  /// parameter θ, and `(∂f/∂x)ᵀ g`.
  ///
  /// In block form a gradient is named by its entry's parameter, else by its place: `Wz[to,from]`, `Wx[to]`, `b[to]`.
  /// In matrix form the gradients are those of the whole `Wz`, `Wx` and `b`, including entries outside of the pattern.
  @specialized(where S == Double)
  @specialized(where S == Float)
  public func gradients(at point: Linearization<S>, adjoint: Adjoint<S>) -> Gradients<S> {
    var parameters = ParameterTensors<S>()
    let input = visitGradients(at: point, adjoint: adjoint, byNumbers: .max) { parameters = $0 }
    return Gradients(input: input, parameters: parameters)
  }

  /// Computes the same gradients, but hands those of the parameters over part by part, last blocks first, so that they
  /// need not be in memory all at once.
  ///
  /// - Parameters:
  ///   - numbers: A part ends as soon as it has so many numbers and no parameter of it occurs in the blocks to come.
  ///   - visit: Called for each part. The gradients of one part are complete, and each parameter is in one part.
  /// - Returns: The gradient of the input, `[batch, input]`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  package func visitGradients(
    at point: Linearization<S>, adjoint: Adjoint<S>, byNumbers numbers: Int = 1 << 20,
    _ visit: (ParameterTensors<S>) -> Void
  ) -> Matrix<S> {
    let cotangents = point.portCotangents(adjoint)
    var sweep = ReverseSweep(values: point.state, input: point.input)
    var ends = form == .matrix || numbers == .max ? [] : partEnds
    for group in groups.reversed() {
      for member in group.members { pass(cotangents[member], through: member, in: &sweep) { $0 == .input } }
      if ends.popLast() == true, sweep.gatheredNumbers >= numbers { visit(sweep.takeParameterGradients()) }
    }
    let last = sweep.takeGradients()
    if form == .matrix {
      visit(matrixGradients(cotangents, at: point))
    } else if !last.parameters.names.isEmpty {
      visit(last.parameters)
    }
    return last.input
  }

  /// For each group, whether no parameter occurs both in it, or a group after it, and in a group before it.
  private var partEnds: [Bool] {
    var first: [String: Int] = [:]
    var earliest = [Int](repeating: .max, count: groups.count)
    for (position, group) in groups.enumerated() {
      let entries = group.members.map { blocks[$0] }
      for name in entries.flatMap({ $0.terms.compactMap(\.parameter) + $0.offsets.compactMap(\.parameter) }) {
        earliest[position] = min(earliest[position], first[name, default: position])
        first[name] = first[name] ?? position
      }
    }
    var reached = Int.max
    return earliest.enumerated().reversed().map { position, own in
      reached = min(reached, own)
      return reached >= position
    }.reversed()
  }

  /// Passes the cotangents of a block's ports on to the sources selected by `isPassed`, and computes its entries'
  /// gradients.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func pass(
    _ s: [Matrix<S>], through index: Int, in sweep: inout ReverseSweep<S>,
    valueAgain: (Int) -> Matrix<S>? = { _ in nil }, to isPassed: (Source) -> Bool
  ) {
    let block = blocks[index]
    sweep.pass(
      s, through: block, at: index, to: isPassed, termPlace: { place(of: $0, in: block) },
      offsetPlace: { place(of: $0, in: block) }, valueAgain: valueAgain)
  }

  private func matrixGradients(
    _ cotangents: [[Matrix<S>]], at point: Linearization<S>
  ) -> ParameterTensors<S> {
    let batch = point.input.rows
    let s = Matrix(sideBySide: cotangents.flatMap { $0 }, rows: batch)
    var ofWz = Matrix<S>(rows: portCoordinates, columns: stateSize)
    ofWz.add(transposed: s, times: flatten(point.state, batch: batch))
    var ofWx = Matrix<S>(rows: portCoordinates, columns: inputSize)
    ofWx.add(transposed: s, times: point.input)
    var gradients = ParameterTensors<S>()
    gradients.add(Tensor(ofWz), to: "Wz")
    gradients.add(Tensor(ofWx), to: "Wx")
    gradients.add(Tensor(s.sumOfRows), to: "b")
    return gradients
  }
}

extension EquilibriumModel {
  /// The name of an entry by its place: `Wz[to,from]` or `Wx[to]`; with several ports, the port is added: `Wx[to.1]`.
  public func place(of term: Term<S>, in block: Block<S>) -> String {
    let node: String? = if case .node(let index) = term.source { blocks[index].name } else { nil }
    return block.placeLabels.entry(ofPort: term.port, fromNode: node)
  }

  /// The name of an entry of b by its place, `b[to]`.
  public func place(of offset: Offset<S>, in block: Block<S>) -> String {
    block.placeLabels.constant(ofPort: offset.port)
  }
}
