import ArgumentParser
import DeepEquilibrium

/// The states on the way to an equilibrium that `evaluate` shows, and the weights of a loss on them.
struct TrajectoryOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Add the states after these numbers of iterations, in each cyclic group from --start or zeros: of plain ones, damped by \
      --damping, or of the solver that --solver names; includes --json.
      """, valueName: "counts"))
  var atIterations: IterationCounts?

  @Option(
    help: ArgumentHelp(
      """
      Fixed-point correction: add to the gradients those of the same loss on the states of --at-iterations, with weights that \
      grow towards the equilibrium's, which is 1: exponential:BASE, linear:SLOPE or constant. Behind each state one update is \
      tracked, or those of --gradients phantom.
      """, valueName: "weights"))
  var correction: CorrectionChoice?

  func validate() throws {
    if correction != nil, atIterations == nil {
      throw ValidationError("--correction: expected --at-iterations with the states that it is about")
    }
  }

  /// What is requested of the states on the way; nil for nothing.
  func settings(
    by name: MethodName, _ solve: SolveOptions, _ gradients: GradientChoice
  ) -> TrajectorySettings? {
    atIterations.map { iterations in
      TrajectorySettings(
        iterations: iterations.counts,
        solver: solve.solver(named: SolverName(rawValue: name.rawValue) ?? .picard),
        weights: correction?.weights, updates: correction == nil ? (0, 1) : gradients.trackedUpdates)
    }
  }

  /// Refuses estimates that are not made of updates.
  func requireUpdates(of gradients: GradientChoice) throws {
    if correction != nil, case .neumann = gradients.estimate {
      throw ValidationError(
        "--correction: expected gradients through updates, exact, jacobian-free or phantom, found \(gradients.name)"
      )
    }
  }
}

/// Numbers of iterations on the command line: `3,7,20`.
struct IterationCounts: ExpressibleByArgument {
  /// The numbers, as given.
  let counts: [Int]

  init?(argument: String) {
    let words = argument.split(separator: ",", omittingEmptySubsequences: false)
    counts = words.compactMap { Int($0) }
    guard counts.count == words.count, counts.count <= 1000, counts.allSatisfy((0...1_000_000).contains)
    else {
      return nil
    }
  }
}

/// The weights of a fixed-point correction on the command line: `exponential:0.8`, `linear:0.9`, `constant`.
struct CorrectionChoice: ExpressibleByArgument {
  /// The weights.
  let weights: CorrectionWeights

  init?(argument: String) {
    let words = argument.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    let number = words.count == 2 ? Double(words[1]) : nil
    switch (words[0], number) {
    case ("exponential", let base?) where base > 0 && base <= 1: weights = .exponential(base)
    case ("linear", let slope?) where slope >= 0 && slope <= 1: weights = .linear(slope)
    case ("constant", nil) where words.count == 1: weights = .constant
    default: return nil
    }
  }
}
