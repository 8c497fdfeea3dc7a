import DeepEquilibrium

/// How `evaluate` evaluates, beside the model and its samples.
struct EvaluationSettings {
  /// How equilibria and adjoints are found, and when a sample has converged.
  let solve: SolveSettings
  /// Where the iteration begins: a value for each block, or nil for where the solver begins by itself.
  var start: [Matrix<Double>]?
  /// What stands for the gradients; nil for exact ones.
  var estimate: GradientEstimate?
  /// What is asked of the way to the equilibrium; nil for nothing.
  var trajectory: TrajectorySettings?
  /// Whether the spectral radius of J is estimated at every equilibrium.
  var wantsSpectralRadius = false
  /// Whether solves are repeated to take their time.
  var isTimed = false
}

/// What `evaluate` found, in double precision whatever it was found in.
struct Evaluation {
  /// How one sample ended, forward or backward, over all iterations that it took part in.
  struct Ending {
    /// `converged`, or why it did not in the first iteration that failed.
    let reason: StopReason
    /// Updates applied, in all iterations.
    let iterations: Int
    /// The largest residual.
    let residual: Double

    /// The ending of a sample in these iterations; converged where there was none.
    init(of sample: Int, in records: [SolveRecord]) {
      let outcomes = records.map { $0.samples[sample] }
      reason = outcomes.map(\.reason).first { $0 != .converged } ?? .converged
      iterations = outcomes.reduce(0) { $0 + $1.iterations }
      residual = outcomes.map(\.residual).max() ?? 0
    }
  }

  /// The output of every sample, `[batch, output]`; rows of samples without an equilibrium mean nothing.
  var output: Matrix<Double>
  /// The value of each block of an equilibrium model, with its name.
  var state: [(name: String, value: Matrix<Double>)] = []
  /// What the solvers did to get there.
  var forward: [SolveRecord] = []
  /// The gradients, those of parameters summed over `differentiated`; the input's have a row for each of these.
  var gradients: Gradients<Double>?
  /// What the solvers did for the gradients of the samples in `adjointRows`.
  var adjoint: [SolveRecord] = []
  /// The samples whose adjoints were looked for, in the order of the outcomes in `adjoint`.
  var adjointRows: [Int] = []
  /// The samples that have gradients: those with an equilibrium and an adjoint.
  var differentiated: [Int] = []
  /// The estimates of the spectral radius of J, for each sample.
  var spectralRadii: [SpectralRadius]?
  /// The states on the way, where they were asked for.
  var trajectory: [StateOnTheWay]?
  /// The least time of a solve and of its differentiation, in seconds.
  var seconds: (forward: Double, adjoint: Double?)?

  /// Whether each sample has reached its equilibrium.
  var converged: [Bool] {
    (0..<output.rows).map { sample in forward.allSatisfy { $0.samples[sample].reason == .converged } }
  }
}
