import LinearAlgebra

/// What one solver did; several may be tried in succession.
public struct SolveStage: Sendable, Equatable {
  /// The number of samples that stopped for one reason.
  public struct Ending: Sendable, Equatable {
    /// Why they stopped.
    public var reason: StopReason
    /// Their number.
    public var samples: Int
  }

  /// The solver.
  public var solver: String
  /// Why it was tried.
  public var reason: String
  /// How many samples it was tried on.
  public var samples: Int
  /// Updates applied, the largest number over these samples.
  public var iterations: Int
  /// Evaluations of the transition, each on all of these samples.
  public var evaluations: Int
  /// The largest residual over these samples, ‖f(z) − z‖∞ where this solver left them.
  public var residual: Double
  /// How these samples ended, each reason once, in the order of the first sample that ended with it.
  public var endings: [Ending]
  /// The worst residual over these samples from update to update; for a solver of several problems, such as a homotopy,
  /// that of the last problem.
  public var trace: ResidualTrace

  /// How many of the samples it settled.
  public var settled: Int { endings.first { $0.reason == .converged }?.samples ?? 0 }

  /// What a solver did to find a solution.
  ///
  /// - Parameters:
  ///   - reason: Why it was tried.
  ///   - rows: The samples it was tried on, by their rows in the solution; all of them if nil.
  public init<S>(_ solution: FixedPointSolution<S>, reason: String, rows: [Int]? = nil) {
    let outcomes = rows.map { $0.map { solution.samples[$0] } } ?? solution.samples
    solver = solution.solver
    self.reason = reason
    samples = outcomes.count
    iterations = solution.iterations
    evaluations = solution.evaluations
    residual = outcomes.map(\.residual).max() ?? 0
    endings = []
    trace = solution.trace
    for outcome in outcomes {
      if let place = endings.firstIndex(where: { $0.reason == outcome.reason }) {
        endings[place].samples += 1
      } else {
        endings.append(Ending(reason: outcome.reason, samples: 1))
      }
    }
  }
}

extension SolveStage: CustomStringConvertible {
  /// One line: `newton, what the one before left: settled 1 of 2 in 7 updates, 1 singular`.
  public var description: String {
    let failures = endings.filter { $0.reason != .converged }.map { ", \($0.samples) \($0.reason)" }.joined()
    let count = iterations == 1 ? "1 update" : "\(iterations) updates"
    return "\(solver), \(reason): settled \(settled) of \(samples) in \(count)\(failures)"
  }
}

extension FixedPointSolution {
  /// Runs another solver on the unsettled samples, and adopts those that it settles. For the others, the attempt with
  /// the smaller residual gives the reason.
  ///
  /// - Parameters:
  ///   - reason: Why this solver is tried; by default because samples are left.
  ///   - spared: Samples that are not tried.
  /// - Returns: The samples for which this solver ended where I − J is singular.
  @discardableResult
  public mutating func improve(
    _ problem: FixedPointProblem<S>, by other: any FixedPointSolver, from start: Matrix<S>,
    until rule: StoppingRule, since reason: String? = nil, sparing spared: Set<Int> = []
  ) -> Set<Int> {
    let left = samples.indices.filter { samples[$0].reason != .converged && !spared.contains($0) }
    guard !left.isEmpty else { return [] }
    var part = problem.selecting?(left)
    part?.known = problem.known.map { ($0.state.selectingRows(left), $0.value.selectingRows(left)) }
    let attempt = other.solve(
      part ?? problem, from: part == nil ? start : start.selectingRows(left), until: rule)
    var singular: Set<Int> = []
    for (position, sample) in left.enumerated() {
      let row = part == nil ? sample : position
      let found = attempt.samples[row]
      if found.reason == .singular { singular.insert(sample) }
      guard found.reason == .converged || found.residual < samples[sample].residual else { continue }
      samples[sample] = found
      state.replaceRow(sample, with: attempt.state.row(row))
    }
    evaluations += attempt.evaluations
    iterations = max(iterations, attempt.iterations)
    let names = solver.split(separator: ", ").map(String.init)
    if !names.contains(attempt.solver) { solver += ", \(attempt.solver)" }
    stages.append(
      SolveStage(attempt, reason: reason ?? "what the one before left", rows: part == nil ? left : nil))
    return singular
  }
}
