import Equilibria
import FixedPoints
import LinearAlgebra

// The generic path: an equilibrium model solved on the whole state, beside the default way of solving it.
extension Measuring {
  /// The equilibrium model that is solved on the whole state: the second, or the first if only that is one.
  private var wholeModel: (model: EquilibriumModel<Double>, isFirst: Bool)? {
    switch (models.first, models.second) {
    case (_, .equilibrium(let model)): (model, false)
    case (.equilibrium(let model), _): (model, true)
    default: nil
    }
  }

  /// Solves an equilibrium model on the whole state from random starts, forward and adjoint, and compares
  /// with the default path of the same model: a test of the solvers and of implicit differentiation.
  mutating func compareWhole(
    _ all: Differentiated, _ inputs: inout TestInputs, _ sums: inout PassSums
  ) {
    guard let (model, isFirst) = wholeModel else { return }
    let solver = settings.solver
    guard passes.allowsWholeState else {
      result.notes.append(
        "\(solver.name) on the whole state left out: a sample of \(passes.numbersPerSample) numbers is too large"
      )
      return
    }
    let affordable = Int(min(settings.workBudget / model.costOfWholeSolve, Double(all.batch.x.rows)))
    guard affordable > 0 else {
      result.notes.append(
        "\(solver.name) on the whole state left out: one sample would exceed the work budget")
      return
    }
    var all = all
    // Two paths of one model are compared at rounding level, at whatever tolerance the models are compared.
    let solving = settings.solving.toRounding
    var sides = sides
    if settings.solving.hasTolerance {
      sides = (Side(models.first, solving: solving), Side(models.second, solving: solving))
      all = Differentiated(all.batch.evaluated(Array(all.batch.samples.indices), by: sides, in: passes))
    }
    if affordable < all.batch.x.rows {
      result.notes.append(
        "\(solver.name) on the whole state: \(affordable) of \(all.batch.x.rows) samples, for the work budget"
      )
      all = Differentiated(all.batch.evaluated(Array(0..<affordable), by: sides, in: passes))
    }
    let isExact = model.isReachedExactly(by: solver)
    let run = PathRun(
      model.cast(to: S.self), all.batch.x, all.batch.cotangent,
      by: .whole(isExact ? solver : Refined(solver)),
      from: inputs.normal(rows: affordable, columns: model.stateSize),
      adjointFrom: inputs.normal(rows: affordable, columns: model.stateSize),
      // A contraction by 0.98 converges within this limit. A slower one becomes a note, since this path
      // decides nothing.
      patience: settings.solving.maximumIterations ?? (isExact ? nil : 2_000))
    let path = EvaluationPath.whole(solver: solver.name)
    result.solves.append(
      PathRecord(path: path, forward: run.solution.records, adjoint: run.adjoint.records))
    if let failure = run.solution.failure {
      result.notes.append("\(solver.name): \(failure); not compared")
    } else {
      compare(run, with: all, isFirst: isFirst, path: path, &sums)
    }
  }

  private mutating func compare(
    _ run: PathRun<S>, with all: Differentiated, isFirst: Bool, path: EvaluationPath, _ sums: inout PassSums
  ) {
    let usual = isFirst ? (all.batch.first, all.first) : (all.batch.second, all.second)
    appendRows(.output, usual.0.output, run.solution.output, all, path: path, &sums)
    if let failure = run.adjoint.failure {
      result.notes.append("\(path.description): adjoint: \(failure); gradients not compared")
      return
    }
    var parts: [[Discrepancy]] = []
    let input = run.visitGradients { parameters in
      parts.append(
        parameters.names.compactMap { name in
          guard let expected = usual.1.gradients.parameters[name] else { return nil }
          return comparison.worst(
            .parameterGradient(first: name, second: name), path: path,
            first: expected.cast(to: Double.self).elements,
            second: parameters[name]!.cast(to: Double.self).elements, sample: nil, neighbours: nil)
        })
    }
    appendRows(.inputGradient, usual.1.gradients.input, input, all, path: path, &sums)
    sums.whole += parts.reversed().joined()
  }

  private mutating func appendRows(
    _ quantity: Quantity, _ expected: Matrix<S>, _ found: Matrix<S>, _ all: Differentiated,
    path: EvaluationPath, _ sums: inout PassSums
  ) {
    sums.whole += worst(
      of: all.batch.samples.enumerated().map { row, sample in
        comparison.worst(
          quantity, path: path, first: expected.row(row).map { Double($0) },
          second: found.row(row).map { Double($0) }, sample: sample, neighbours: nil)
      })
  }
}

extension EquilibriumModel<Double> {
  /// The cost of one solve on the whole state for each sample, in multiplications: evaluations of the
  /// transition, forward and adjoint, times its multiplications and an overhead for each block.
  fileprivate var costOfWholeSolve: Double {
    let products = blocks.reduce(0.0) { sum, block in
      block.terms.reduce(sum) { $0 + Double($1.map.multiplications) }
    }
    let evaluations = Double(nilpotencyIndex ?? 100) + 1
    return 3 * evaluations * (products + 4000 * Double(blocks.count))
  }

  /// Whether a solver reaches the fixed point exactly, by the theorem.
  fileprivate func isReachedExactly(by solver: any FixedPointSolver) -> Bool {
    nilpotencyIndex != nil && (solver as? Picard)?.damping == 1
  }
}
