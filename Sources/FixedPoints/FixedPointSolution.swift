import LinearAlgebra

/// What a solver returns for a batch: the states, and for every sample why it stopped.
public struct FixedPointSolution<S: Scalar>: Sendable {
  /// The final states, `[batch, N]`. Only rows whose outcome is `.converged` are fixed points.
  public var state: Matrix<S>
  /// The outcome of every sample, one per row of `state`.
  public var samples: [SampleOutcome]
  /// The number of updates applied, the largest over the samples.
  public var iterations: Int
  /// The number of calls of the transition, each on the whole batch.
  public var evaluations: Int
  /// The batch's worst residual from iteration to iteration, in bounded memory.
  public var trace: ResidualTrace
  /// The name of the solver.
  public var solver: String
  /// What each of several solvers did; empty for a single solver, which the other properties describe.
  public var stages: [SolveStage] = []

  /// Whether every sample converged; true of an empty batch.
  public var converged: Bool { samples.allSatisfy { $0.reason == .converged } }

  /// A solution of the given parts.
  public init(
    state: Matrix<S>, samples: [SampleOutcome], iterations: Int, evaluations: Int, trace: ResidualTrace,
    solver: String
  ) {
    self.state = state
    self.samples = samples
    self.iterations = iterations
    self.evaluations = evaluations
    self.trace = trace
    self.solver = solver
  }
}

extension FixedPointSolution {
  /// What is returned for one sample if a path from its start, with this residual, does not arrive.
  static func unsolved(
    at start: Matrix<S>, residual: Double, reason: StopReason = .outOfIterations, iterations: Int,
    evaluations: Int, solver: String
  ) -> FixedPointSolution {
    let outcome = SampleOutcome(reason: reason, iterations: iterations, residual: residual)
    var trace = ResidualTrace()
    trace.record(iteration: 0, residual: residual)
    return FixedPointSolution(
      state: start, samples: [outcome], iterations: iterations, evaluations: evaluations, trace: trace,
      solver: solver)
  }
}

/// The solution of a batch whose samples are solved one after the other, each from its own row of `start`.
///
/// - Parameters:
///   - solver: The name of the solver where there is no sample; otherwise the solutions name it.
///   - solve: The solution for the sample of a row, given its start `[1, N]`.
/// - Returns: All states and outcomes, with the trace of the last sample.
func sampleBySample<S: Scalar>(
  _ start: Matrix<S>, solver: String, _ solve: (_ row: Int, _ start: Matrix<S>) -> FixedPointSolution<S>
) -> FixedPointSolution<S> {
  var solution = FixedPointSolution(
    state: start, samples: [], iterations: 0, evaluations: 0, trace: ResidualTrace(), solver: solver)
  var names: [String] = []
  for row in 0..<start.rows {
    let one = solve(row, start.selectingRows([row]))
    if !names.contains(one.solver) { names.append(one.solver) }
    solution.state.replaceRow(row, with: one.state.row(0))
    solution.samples += one.samples
    solution.iterations = max(solution.iterations, one.iterations)
    solution.evaluations += one.evaluations
    solution.trace = one.trace
  }
  if !names.isEmpty { solution.solver = names.joined(separator: ", ") }
  return solution
}
