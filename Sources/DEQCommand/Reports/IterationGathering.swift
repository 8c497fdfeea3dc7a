import DeepEquilibrium

/// The iterations that a page plays, and the solvers that it compares, on one sample.
struct IterationGathering {
  /// The most work that is played, in multiplications: less than half a minute. A chain of 2,900 layers of 16
  /// takes as much; watching more than that takes minutes, since none of it stays in the caches.
  private static let mostWork = 2e10
  /// The largest number of iterations of blocks that read each other.
  private static let mostIterations = 256

  let model: EquilibriumModel<Double>
  /// The sample, `[1, input]`.
  let input: Matrix<Double>
  let seed: UInt64
  let solve: SolveOptions
  let isTimed: Bool

  // MARK: The theorem, played

  /// Both iterations, each from a random start.
  var play: ReportContents.Play {
    guard work <= Self.mostWork else {
      return .omitted(
        "The iteration is not played: watching every block would take \(text(work)) multiplications, more than "
          + "\(text(Self.mostWork)).")
    }
    let start = randomState(seed)
    let count = model.nilpotencyIndex ?? restingTime(from: start)
    var forward = IterationRecording(of: model, iterations: count)
    let state = model.iterate(at: input, from: start, count: count) { forward.observe($0, $1) }
    guard state.allSatisfy(\.isFinite), hasEquilibrium(state) else {
      return .recorded(forward: forward, adjoint: nil)
    }
    let point = model.linearization(at: state, input: input)
    let cotangent = Matrix<Double>(rows: 1, columns: model.outputSize, repeating: 1)
    let backwardStart = randomState(seed &+ 1)
    var adjoint = IterationRecording(of: model, iterations: count)
    model.iterateAdjoint(at: point, cotangent: cotangent, from: backwardStart, count: count) {
      adjoint.observe($0, $1)
    }
    return .recorded(forward: forward, adjoint: adjoint)
  }

  /// Numbers from −1 to 1 in every coordinate.
  private func randomState(_ seed: UInt64) -> [Matrix<Double>] {
    var generator = SeededGenerator(seed: seed)
    return model.blocks.map { block in
      Matrix(
        rows: 1, columns: block.size, elements: (0..<block.size).map { _ in 2 * generator.uniform() - 1 })
    }
  }

  /// How many iterations are shown of blocks that read each other: until rounding is reached, or the largest number.
  private func restingTime(from start: [Matrix<Double>]) -> Int {
    var resting: Int?
    model.iterate(at: input, from: start, count: Self.mostIterations) { iteration, residuals in
      if resting == nil, residuals.allSatisfy({ $0 <= 0x1p-50 }) { resting = iteration }
    }
    return min(Self.mostIterations, (resting ?? Self.mostIterations) + 2)
  }

  private func hasEquilibrium(_ state: [Matrix<Double>]) -> Bool {
    var largest = Double.infinity
    model.iterate(at: input, from: state, count: 0) { largest = $1.max() ?? 0 }
    return largest <= 1e-6
  }

  private var work: Double {
    var depth = [Double](repeating: 0, count: model.blocks.count)
    for group in model.groups where !group.isCyclic {
      let index = group.members[0]
      depth[index] = 1 + (model.blocks[index].nodeSources.map { depth[$0] }.max() ?? 0)
    }
    let isCyclic = model.nilpotencyIndex == nil
    return zip(model.blocks, depth).reduce(0) { sum, pair in
      // What a block and a term take besides, in the time of a multiplication.
      let own = pair.0.terms.reduce(1500 + pair.0.size) { $0 + 500 + $1.map.multiplications }
      return sum + Double(own) * (isCyclic ? Double(4 * Self.mostIterations) : 2 * pair.1)
    }
  }

  // MARK: The groups

  /// The groups of blocks that read each other, at most eight.
  var groups: [ReportContents.Group] {
    let cyclic = model.cyclicGroups.prefix(8)
    guard !cyclic.isEmpty else { return [] }
    let solution = model.solve(
      input, by: solve.settings().method, until: solve.settings().rule(of: Double.self))
    let solves = SolverName.allCases.map { name in
      let method = SolutionMethod.structured(solve.solver(named: name))
      let found = model.solve(input, by: method, until: solve.settings().rule(of: Double.self))
      let time =
        isTimed
        ? leastSeconds { _ = model.solve(input, by: method, until: solve.settings().rule(of: Double.self)) }
        : nil
      return (records: found.records, seconds: time)
    }
    return cyclic.enumerated().map { number, group in
      ReportContents.Group(
        blocks: group.members.map { model.blocks[$0].name },
        coordinates: group.members.reduce(0) { $0 + model.blocks[$1].size },
        wellPosedness: model.wellPosedness(of: group),
        spectrum: solution.converged[0] ? model.spectrum(of: group, at: solution.state, input: input) : nil,
        solves: solves.map { ReportContents.Solve(record: $0.records[number], seconds: $0.seconds) })
    }
  }

  /// The shortest of three runs.
  private func leastSeconds(_ body: () -> Void) -> Double {
    (0..<3).map { _ in seconds(ContinuousClock().measure(body)) }.min()!
  }
}
