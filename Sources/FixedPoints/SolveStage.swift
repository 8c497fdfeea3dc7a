import LinearAlgebra

/// What one solver of several did, when several are tried one after the other.
public struct SolveStage: Sendable, Equatable {
  /// The solver.
  public var solver: String
  /// Why it was tried.
  public var reason: String
  /// How many samples it was tried on.
  public var samples: Int
  /// How many of them it settled.
  public var settled: Int

  /// A stage of the given parts.
  public init(solver: String, reason: String, samples: Int, settled: Int) {
    self.solver = solver
    self.reason = reason
    self.samples = samples
    self.settled = settled
  }
}

extension SolveStage: CustomStringConvertible {
  /// One line: `newton, since anderson left 1: settled 1 of 1`.
  public var description: String { "\(solver), \(reason): settled \(settled) of \(samples)" }
}

extension FixedPointSolution {
  /// Tries the samples that are not settled with another solver, and takes what it settles. Of those that it does not,
  /// the attempt that brought the residual further down says why.
  ///
  /// - Parameters:
  ///   - reason: Why this solver is tried; by default since there are samples left.
  ///   - spared: Samples that are left as they are.
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
    if !names.contains(other.name) { solver += ", \(other.name)" }
    let settled = left.filter { samples[$0].reason == .converged }.count
    stages.append(
      SolveStage(
        solver: other.name, reason: reason ?? "what the one before left", samples: left.count,
        settled: settled))
    return singular
  }
}
