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
