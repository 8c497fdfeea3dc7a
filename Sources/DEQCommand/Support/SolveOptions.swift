import ArgumentParser
import DeepEquilibrium

/// How equilibria and adjoints are found, as the command line says.
struct SolveOptions: ParsableArguments {
  @Option(help: "How equilibria are found: along the dependency graph, or by a solver on the whole state.")
  var solver = MethodName.structured

  @Option(
    help: ArgumentHelp(
      """
      A sample has converged where the residual of each coordinate is this multiple of the magnitudes that f adds \
      up in it. (default: what rounding allows)
      """, valueName: "number"))
  var tolerance: Double?

  @Option(
    help: ArgumentHelp("A residual that is small enough of a state of any size.", valueName: "number"))
  var absoluteTolerance: Double?

  @Option(
    help: ArgumentHelp(
      "How many updates a sample may take; 0 only measures the start. (default: 10000)", valueName: "count"))
  var maximumIterations: Int?

  @Option(
    help: ArgumentHelp(
      """
      How many steps the solver remembers. (default: 5 with anderson, 30 with broyden, 40 with newton, as many as pay \
      with structured)
      """, valueName: "count"))
  var memory: Int?

  @Option(
    help: ArgumentHelp(
      "The share of a residual that is added at each update, with picard, anderson and structured. (default: 1)",
      valueName: "number"))
  var damping: Double?

  func validate() throws {
    try requireTolerance(tolerance, "--tolerance")
    try requireTolerance(absoluteTolerance, "--absolute-tolerance")
    if let maximumIterations, !(0...1_000_000_000).contains(maximumIterations) {
      throw ValidationError(
        "--maximum-iterations: expected a number from 0 to 1000000000, found \(maximumIterations)")
    }
    if let memory {
      guard solver != .picard else { throw ValidationError("--memory: picard remembers no steps") }
      guard (1...1000).contains(memory) else {
        throw ValidationError("--memory: expected a number from 1 to 1000, found \(memory)")
      }
    }
    if let damping {
      guard solver != .broyden, solver != .newton else {
        throw ValidationError(
          "--damping: \(solver.rawValue) is not damped; picard, anderson and structured are")
      }
      guard damping > 0, damping <= 1 else {
        throw ValidationError("--damping: expected a number above 0 and at most 1, found \(damping)")
      }
    }
  }

  private func requireTolerance(_ tolerance: Double?, _ name: String) throws {
    guard let tolerance, !(tolerance >= 0 && tolerance.isFinite) else { return }
    throw ValidationError("\(name): expected a finite number of at least 0, found \(tolerance)")
  }

  /// The method with its parameters.
  var method: SolutionMethod {
    let anderson = Anderson(memory: memory ?? 5, damping: damping ?? 1)
    switch solver {
    case .structured:
      // Without a wish, the memory that fits the price of an evaluation.
      return memory == nil && damping == nil ? .standard : .structured(GroupSolver(first: anderson))
    case .picard: return .whole(Picard(damping: damping ?? 1))
    case .anderson: return .whole(anderson)
    case .broyden: return .whole(Broyden(memory: memory ?? 30))
    case .newton: return .whole(Newton(krylovMemory: memory ?? 40))
    }
  }

  /// When a sample has converged in precision `S`, where anything was asked for; else nil, for what the model's own
  /// structure suggests.
  func rule<S: Scalar>(of precision: S.Type) -> StoppingRule? {
    guard tolerance != nil || absoluteTolerance != nil || maximumIterations != nil else { return nil }
    var rule = StoppingRule.rounding(of: precision, maximumIterations: maximumIterations ?? 10_000)
    // Who names one tolerance means that one; beside a relative one, states of nothing but zeros have to end too.
    if let tolerance { rule.relativeTolerance = tolerance }
    if tolerance != nil || absoluteTolerance != nil { rule.polishedShare = 1 }
    if let absoluteTolerance {
      rule.absoluteTolerance = absoluteTolerance
      rule.relativeTolerance = tolerance ?? 0
    }
    return rule
  }
}
