import DeepEquilibrium

/// What `evaluate` computes on the way to an equilibrium.
struct TrajectorySettings {
  /// The numbers of iterations after which states are shown.
  let iterations: [Int]
  /// The solver that iterates.
  let solver: any FixedPointSolver
  /// The weights of a loss on each state; nil without such a loss.
  let weights: CorrectionWeights?
  /// The number of updates tracked after a state, and their damping; none without a loss on states.
  let updates: (count: Int, damping: Double)

  /// The weight of the state at a position; the equilibrium is the last state.
  func weight(of position: Int) -> Double? { weights?.weight(of: position, among: iterations.count + 1) }

  /// The states of a model on the way, for an input `[batch, input]`.
  func states<S: Scalar>(
    of model: EquilibriumModel<S>, at input: Matrix<S>, from start: [Matrix<S>]?
  ) -> [TrajectoryState<S>] {
    model.trajectory(
      input, at: iterations, by: solver, from: start, tracking: updates.count, damping: updates.damping)
  }

  /// Adds the gradients of the loss on all states, for a cotangent of the output.
  func correct<S: Scalar>(
    _ gradients: inout Gradients<S>, of model: EquilibriumModel<S>, states: [TrajectoryState<S>],
    cotangent: Matrix<S>
  ) {
    for (position, state) in states.enumerated() {
      guard let weight = weight(of: position) else { continue }
      var weighted = Matrix<S>(rows: cotangent.rows, columns: cotangent.columns)
      weighted.add(cotangent, scaledBy: S(weight))
      let own = model.backpropagate(weighted, through: state)
      gradients.input.add(own.input)
      for name in own.parameters.names { gradients.parameters.add(own.parameters[name]!, to: name) }
    }
  }
}

extension Evaluation {
  /// A state on the way, in double precision.
  struct StateOnTheWay {
    let iteration: Int
    let residual: Double
    let weight: Double?
    let updates: Int
    let output: Matrix<Double>
    let state: [(name: String, value: Matrix<Double>)]

    init<S: Scalar>(
      _ state: TrajectoryState<S>, at position: Int, of model: EquilibriumModel<S>,
      _ settings: TrajectorySettings
    ) {
      iteration = state.iteration
      residual = state.residuals.max() ?? 0
      weight = settings.weight(of: position)
      updates = settings.updates.count
      output = state.output.cast(to: Double.self)
      self.state = zip(model.blocks, state.state).map { ($0.name, $1.cast(to: Double.self)) }
    }

    /// Whether JSON can represent all of it.
    var isFinite: Bool { output.isFinite && state.allSatisfy { $0.value.isFinite } }
  }

  /// Writes the states on the way, if requested.
  func writeTrajectory(showing details: EvaluationDetails, to writer: inout JSONWriter) throws(FileError) {
    guard let trajectory else { return }
    try writer.key("trajectory")
    try writer.beginArray()
    for entry in trajectory {
      try writer.beginObject()
      try writer.integer("iteration", entry.iteration)
      try writer.anyNumber("residual", entry.residual)
      try writer.integer("updates", entry.updates)
      if let weight = entry.weight { try writer.anyNumber("weight", weight) }
      try writer.key("output")
      try writer.matrix(entry.output)
      if details.state {
        try writer.key("state")
        try writer.beginObject()
        for block in entry.state {
          try writer.key(block.name)
          try writer.matrix(block.value)
        }
        try writer.end()
      }
      try writer.end()
    }
    try writer.end()
  }
}
