import DeepEquilibrium

/// Reads the files named on the command line.
enum ModelArguments {
  /// The network that the files make when stacked in that order; an equilibrium model among them is a layer.
  static func network(stacking paths: [String]) throws -> Network<Double> {
    try requireOneStandardInput(paths)
    let networks = try paths.map { try network(at: $0) }
    do {
      return try Network(stacking: networks)
    } catch {
      throw CommandFailure(.badData, "\(paths.joined(separator: ", ")): \(error)")
    }
  }

  private static func network(at path: String) throws -> Network<Double> {
    switch try ModelFile.read(path) {
    case .network(let network): return network
    case .equilibrium(let model): return try Network(model)
    }
  }

  /// Refuses models whose weights files hold infinities or NaN; reads all weights.
  static func requireFiniteNumbers(_ models: ModelFile...) throws {
    for model in models { try model.requireFiniteNumbers() }
  }

  /// Standard input can be read once.
  static func requireOneStandardInput(_ paths: [String]) throws {
    if paths.filter({ $0 == "-" }).count > 1 {
      throw CommandFailure(.usage, "expected - once at most, since standard input can be read once")
    }
  }

  /// The solver of this name.
  static func solver(named name: SolverName) -> any FixedPointSolver {
    switch name {
    case .picard: Picard()
    case .anderson: Anderson()
    case .broyden: Broyden()
    case .newton: Newton()
    }
  }
}

/// Writes a file in one step; an existing, different one is replaced by force only.
func writeFile(_ text: String, to path: String, force: Bool) throws {
  try Interruption.removing(fileAt: path) { file in
    try file.write { (sink) throws(FileError) in try sink.write(Array(text.utf8)) }
    try requireReplaceable(file, force: force)
    try file.commit()
  }
}

/// Refuses to replace an existing, different file without force.
func requireReplaceable(_ file: AtomicFile, force: Bool) throws {
  if try file.compareWithTarget() == .different, !force {
    throw FileError(
      .cannotCreate, file: file.path, "exists and differs from what would be written; --force replaces it")
  }
}
