import ArgumentParser
import DeepEquilibrium

/// The command-line options for when equilibria and adjoints are accepted, and for their solvers' parameters: the same
/// for every command that solves.
struct SolveOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      A sample has converged where the residual of each coordinate is this multiple of the magnitudes that f adds \
      up in it. (default: what rounding allows)
      """, valueName: "number"))
  var tolerance: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("A residual that is small enough of a state of any size.", valueName: "number"))
  var absoluteTolerance: Double?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "How many updates a sample may take; 0 only measures the start. (default: 10000)", valueName: "count"))
  var maximumIterations: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      """
      How many steps the solver remembers. (default: 5 with anderson, 30 with broyden, 40 with newton, as many as pay \
      with structured)
      """, valueName: "count"))
  var memory: Int?

  @Option(
    parsing: .unconditional,
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
    if let memory, !(1...1000).contains(memory) {
      throw ValidationError("--memory: expected a number from 1 to 1000, found \(memory)")
    }
    if let damping, !(damping > 0 && damping <= 1) {
      throw ValidationError("--damping: expected a number above 0 and at most 1, found \(damping)")
    }
  }

  private func requireTolerance(_ tolerance: Double?, _ name: String) throws {
    guard let tolerance, !(tolerance >= 0 && tolerance.isFinite) else { return }
    throw ValidationError("\(name): expected a finite number of at least 0, found \(tolerance)")
  }

  /// Refuses parameters that the only solver of a command does not have.
  func requireParameters(of solver: MethodName) throws {
    if memory != nil, solver == .picard { throw ValidationError("--memory: picard remembers no steps") }
    if damping != nil, solver == .broyden || solver == .newton {
      throw ValidationError(
        "--damping: \(solver.rawValue) is not damped; picard, anderson and structured are")
    }
  }
}

// MARK: The settings that the options describe

extension SolveOptions {
  /// How equilibria are found, and when they are accepted.
  func settings(by name: MethodName = .structured) -> SolveSettings {
    var settings = SolveSettings(by: method(named: name))
    settings.relativeTolerance = tolerance
    settings.absoluteTolerance = absoluteTolerance
    settings.maximumIterations = maximumIterations
    return settings
  }

  private func method(named name: MethodName) -> SolutionMethod {
    if let solver = SolverName(rawValue: name.rawValue) { return .whole(self.solver(named: solver)) }
    // Without the option, the memory that fits the cost of an evaluation.
    return memory == nil && damping == nil
      ? .standard : .structured(GroupSolver(first: solver(named: .anderson)))
  }

  /// A generic solver, with the parameters that apply to it.
  func solver(named name: SolverName) -> any FixedPointSolver {
    switch name {
    case .picard: Picard(damping: damping ?? 1)
    case .anderson: Anderson(memory: memory ?? 5, damping: damping ?? 1)
    case .broyden: Broyden(memory: memory ?? 30)
    case .newton: Newton(krylovMemory: memory ?? 40)
    }
  }

  /// A checker whose solves use these options, the generic ones by Picard iteration.
  var checker: EquivalenceChecker {
    var checker = EquivalenceChecker()
    checker.solving = settings()
    checker.solver = solver(named: .picard)
    return checker
  }

  /// The given options as on the command line.
  var words: [String] {
    var words: [String] = []
    if let tolerance { words += ["--tolerance", "\(tolerance)"] }
    if let absoluteTolerance { words += ["--absolute-tolerance", "\(absoluteTolerance)"] }
    if let maximumIterations { words += ["--maximum-iterations", "\(maximumIterations)"] }
    if let memory { words += ["--memory", "\(memory)"] }
    if let damping { words += ["--damping", "\(damping)"] }
    return words
  }

  /// Writes the given options as the value of `options` in an open report.
  ///
  /// - Parameter solver: The solver, in the command's own terms; nil where it cannot be chosen.
  func write(solver: String?, to writer: inout JSONWriter) throws(FileError) {
    try writer.key("options")
    try writer.beginObject(.inLine)
    if let solver { try writer.string("solver", solver) }
    if let tolerance { try writer.anyNumber("tolerance", tolerance) }
    if let absoluteTolerance { try writer.anyNumber("absoluteTolerance", absoluteTolerance) }
    if let maximumIterations { try writer.integer("maximumIterations", maximumIterations) }
    if let memory { try writer.integer("memory", memory) }
    if let damping { try writer.anyNumber("damping", damping) }
    try writer.end()
  }
}
