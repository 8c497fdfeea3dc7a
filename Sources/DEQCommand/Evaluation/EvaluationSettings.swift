import DeepEquilibrium

/// The settings of `evaluate`, besides the model and its samples.
struct EvaluationSettings {
  /// How equilibria and adjoints are found, and when a sample has converged.
  let solve: SolveSettings
  /// The start of the iteration: a value for each block, or nil for the solver's default.
  var start: [Matrix<Double>]?
  /// The estimate of the gradients; nil for exact ones.
  var estimate: GradientEstimate?
  /// What is requested of the states on the way to the equilibrium; nil for nothing.
  var trajectory: TrajectorySettings?
  /// Whether the adjoint of every block is kept, as the state is.
  var wantsState = false
  /// Whether the spectral radius of J is estimated at every equilibrium.
  var wantsSpectralRadius = false
  /// Whether solves are repeated to measure their time.
  var isTimed = false
}

/// The result of `evaluate`, in double precision whatever the precision of the computation.
struct Evaluation {
  /// How one sample ended, forward or backward, over all of its iterations.
  struct Ending {
    /// `converged`, or the reason in the first iteration that failed.
    let reason: StopReason
    /// Updates applied, in all iterations.
    let iterations: Int
    /// The largest residual.
    let residual: Double

    /// The ending of a sample in these iterations; converged if there were none.
    init(of sample: Int, in records: [SolveRecord]) {
      let outcomes = records.map { $0.samples[sample] }
      reason = outcomes.map(\.reason).first { $0 != .converged } ?? .converged
      iterations = outcomes.reduce(0) { $0 + $1.iterations }
      residual = outcomes.map(\.residual).max() ?? 0
    }
  }

  /// The output of every sample, `[batch, output]`; rows of samples without an equilibrium are meaningless.
  var output: Matrix<Double>
  /// The value of each block of an equilibrium model, with its name.
  var state: [(name: String, value: Matrix<Double>)] = []
  /// The adjoint of each block, in the order of `state`, with a row for each of `differentiated`; nil if not requested.
  var adjointState: [Matrix<Double>]?
  /// The records of the iterations.
  var forward: [SolveRecord] = []
  /// The gradients, those of parameters summed over `differentiated`; the input's have a row for each of these.
  var gradients: Gradients<Double>?
  /// The records of the adjoint iterations of the samples in `adjointRows`.
  var adjoint: [SolveRecord] = []
  /// The samples whose adjoints were solved for, in the order of the outcomes in `adjoint`.
  var adjointRows: [Int] = []
  /// The samples that have gradients: those with an equilibrium and an adjoint.
  var differentiated: [Int] = []
  /// The samples that have an output and an adjoint, and a gradient that is not finite.
  var gradientsBeyondNumbers: [Int] = []
  /// The estimates of the spectral radius of J, for each sample.
  var spectralRadii: [SpectralRadius]?
  /// The states on the way, if requested.
  var trajectory: [StateOnTheWay]?
  /// The shortest time of a solve and of its differentiation, in seconds.
  var seconds: (forward: Double, adjoint: Double?)?

  /// Whether each sample's equilibrium was found.
  var converged: [Bool] {
    (0..<output.rows).map { sample in forward.allSatisfy { $0.samples[sample].reason == .converged } }
  }

  /// Whether each sample has a result: an equilibrium, and an output of finite numbers.
  var hasResult: [Bool] {
    zip(converged, 0...).map { isConverged, sample in
      isConverged && output.row(sample).allSatisfy(\.isFinite)
    }
  }

  /// The samples with an equilibrium whose numbers are not finite, and what is not: an infinity has no row in JSON.
  var samplesBeyondNumbers: [(sample: Int, what: String)] {
    var found: [(sample: Int, what: String)] = []
    for (sample, isConverged) in converged.enumerated() where isConverged {
      if let number = output.row(sample).first(where: { !$0.isFinite }) {
        found.append((sample, "the output is not finite for sample \(sample): \(number)"))
      } else if gradientsBeyondNumbers.contains(sample) {
        found.append((sample, "the gradient of input is not finite for sample \(sample)"))
      }
    }
    return found
  }
}
