import ArgumentParser
import DeepEquilibrium

/// A generic solver, by its name on the command line.
enum SolverName: String, ExpressibleByArgument, CaseIterable {
  case picard, anderson, broyden, newton
}

/// A solver, or the structured solve along the dependency graph.
enum MethodName: String, ExpressibleByArgument, CaseIterable {
  case structured, picard, anderson, broyden, newton
}

extension Precision: ExpressibleByArgument {}
