import DeepEquilibrium

/// A model named on the command line, and the files that it was read from.
struct NamedModel {
  /// The paths as given; several for a stack.
  let paths: [String]
  /// The model.
  let model: JudgedModel
  /// Every file that was read for it.
  let files: [InputFile]

  /// The model as a network; an equilibrium model becomes its only layer.
  func network() throws -> Network<Double> {
    switch model {
    case .network(let network): return network
    case .equilibrium(let model): return try Network(model)
    }
  }

  /// The data that determine the challenge of a proof.
  var identity: [UInt8] { InputFile.identity(of: files).bytes }
}

/// Reads the files named on the command line.
enum ModelArguments {
  /// The model of one file.
  ///
  /// - Parameters:
  ///   - reading: How the graph of an ONNX file is read.
  ///   - finite: Whether the model is to be compared. If so, it may not contain infinities or NaN, and
  ///     the digests of its files are recorded, which reads them completely.
  static func model(
    at path: String, as reading: ONNXReading = ONNXReading(), finite: Bool = true
  ) throws -> NamedModel {
    guard finite else {
      return NamedModel(paths: [path], model: try ModelFile.read(path, as: reading).judged, files: [])
    }
    let (file, files) = try ModelFile.readNotingFiles(path, as: reading)
    try requireFiniteNumbers(file)
    return NamedModel(paths: [path], model: file.judged, files: files)
  }

  /// The stack of the files' networks in that order; an equilibrium model among them becomes a layer.
  static func stack(
    of paths: [String], as reading: ONNXReading = ONNXReading(), finite: Bool = true
  ) throws -> NamedModel {
    let models = try paths.map { try model(at: $0, as: reading, finite: finite) }
    do {
      return NamedModel(
        paths: paths, model: .network(try Network(stacking: models.map { try $0.network() })),
        files: models.flatMap(\.files))
    } catch let error as InvalidModel {
      throw CommandFailure(.badData, "\(paths.joined(separator: ", ")): \(error)")
    }
  }

  /// The stack of the files' networks in that order, which may contain infinities or NaN.
  static func network(stacking paths: [String]) throws -> Network<Double> {
    try requireOneStandardInput(paths)
    let networks = try paths.map { path in
      switch try ModelFile.read(path) {
      case .network(let network): network
      case .equilibrium(let model): try Network(model)
      }
    }
    do {
      return try Network(stacking: networks)
    } catch {
      throw CommandFailure(.badData, "\(paths.joined(separator: ", ")): \(error)")
    }
  }

  /// Refuses models whose weights files contain infinities or NaN; reads all weights.
  static func requireFiniteNumbers(_ models: ModelFile...) throws {
    for model in models { try model.requireFiniteNumbers() }
  }

  /// Standard input can be read only once.
  static func requireOneStandardInput(_ paths: [String]) throws {
    if paths.filter({ $0 == "-" }).count > 1 {
      throw CommandFailure(.usage, "expected - once at most, since standard input can be read once")
    }
  }
}

/// Writes a file atomically; an existing, different one is replaced only with force.
func writeFile(_ text: String, to path: String, force: Bool) throws {
  try writeFiles([(path, { sink throws(FileError) in try sink.write(Array(text.utf8)) })], force: force)
}

/// Writes one or two files atomically: both get their names once both are complete. Existing, different ones are
/// replaced only with force.
func writeFiles(
  _ files: [(path: String, write: (any ByteSink) throws(FileError) -> Void)], force: Bool,
  followsLinks: Bool = true
) throws {
  try Interruption.removing(fileAt: files[0].path, followsLink: followsLinks) { first in
    try first.write { (sink) throws(FileError) in try files[0].write(sink) }
    try requireReplaceable(first, force: force)
    guard files.count > 1 else { return try first.commit(replacing: force) }
    try Interruption.removing(fileAt: files[1].path, followsLink: followsLinks) { second in
      try second.write { (sink) throws(FileError) in try files[1].write(sink) }
      try requireReplaceable(second, force: force)
      let pair = AtomicPair(weights: first, description: second)
      try Interruption.putOff { try pair.commit(replacing: force) }
    }
  }
}

/// Refuses to replace an existing, different file without force, and one that an input was read from with force too.
func requireReplaceable(_ file: AtomicFile, force: Bool) throws(FileError) {
  guard try file.compareWithTarget() == .different else { return }
  guard !InputFiles.contain(file.path) else {
    throw FileError(
      .cannotCreate, file: file.path, "is a file that was read for this result; another -o leaves it in place"
    )
  }
  if !force { throw AtomicFile.exists(file.path) }
}
