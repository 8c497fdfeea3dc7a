import ArgumentParser
import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Converts networks into the equilibrium models that are the same functions.",
    discussion: """
      Each file is converted for itself, into NAME.deq.json beside it; where one fails, the others go on, and the exit \
      status is the worst of all. With --stack the files are one network, in the order given: each one's output is the \
      next one's input, and layers are called 1.NAME, 2.NAME, …. What was written is read again and checked before it \
      gets its name; where the check does not accept it, nothing is kept. With -o - the model goes to standard output, \
      and the report to standard error.

      Examples:
        deq convert mlp.json                          writes mlp.deq.json
        deq convert *.onnx                            a model beside each of them
        deq convert --stack 1.json 2.json -o m.json   one model of both, stacked
        deq convert weights.safetensors --activation relu   linear layers as a state dict has them; .npz too
        deq convert --transition f.onnx               a model trained elsewhere: f(z, x), the state first
      """)

  @Argument(help: "Networks or equilibrium models, as JSON or ONNX; - is standard input.")
  var networks: [String]

  @Flag(help: "Stack all files into one model.")
  var stack = false

  @Flag(
    help: """
      Read a model that was trained elsewhere, as its transition f(z, x) in ONNX: two inputs, the state first; its output \
      is the state, a second output, or what a second file makes of z, or of z and x.
      """)
  var transition = false

  @Option(
    help: ArgumentHelp(
      """
      Read files of weights alone, .safetensors or .npz with NAME.weight and NAME.bias of linear layers, as networks \
      with this activation between the layers.
      """, valueName: "name"))
  var activation: String?

  @Option(
    name: .shortAndLong,
    help: "Where to write one model; - is standard output. (default: NAME.deq.json beside the first input)")
  var output: String?

  @Flag(help: "Write whole matrices Wz, Wx and b instead of blocks.")
  var matrix = false

  @OptionGroup var placement: WeightsOption

  @OptionGroup(title: "ONNX options") var onnx: ONNXOptions

  @Flag(inversion: .prefixedNo, help: "Check what was written before keeping it.")
  var check = true

  @Flag(help: "Replace an existing, different file.")
  var force = false

  @OptionGroup(title: "Solver options of the check") var solve: SolveOptions

  @OptionGroup var reading: ReadingOptions

  @OptionGroup var threading: ThreadsOption

  @Flag(help: "Print the report as one JSON object.")
  var json = false

  func validate() throws {
    if matrix, placement.weights != .inline {
      throw ValidationError(
        "--matrix spells all numbers out: expected --weights inline, found \(placement.weights.rawValue)")
    }
    if activation != nil, stack {
      throw ValidationError("--activation: expected files of weights, each a network, found --stack")
    }
    if transition {
      guard networks.count <= 2 else {
        throw ValidationError(
          "--transition: expected a transition, and perhaps its read-out, found \(networks.count) files")
      }
      if networks.contains("-") {
        throw ValidationError("--transition: expected a file, found standard input")
      }
      if stack || activation != nil {
        throw ValidationError(
          "--transition: expected no other way of reading, found \(stack ? "--stack" : "--activation")")
      }
    }
    if !stack, !transition, networks.count > 1, output != nil {
      throw ValidationError(
        "-o: expected one network, found \(networks.count); --stack makes one model of several")
    }
  }

  func run() throws {
    reading.apply()
    threading.apply()
    try ModelArguments.requireOneStandardInput(networks)
    if stack || transition || networks.count == 1 {
      let conversion = Conversion(command: self, paths: networks)
      let outcome = try conversion.run()
      if json {
        try write(try JSONText { (writer) throws(FileError) in try outcome.writeKeys(to: &writer) }.text)
      } else {
        try outcome.describe(to: reportDescriptor)
      }
      if let status = outcome.status { throw CommandFailure(status) }
    } else {
      try runEach()
    }
  }

  /// Converts each file separately, and ends with the worst status.
  private func runEach() throws {
    var outcomes: [(path: String, outcome: Result<ConversionOutcome, CommandFailure>)] = []
    for path in networks {
      do {
        let outcome = try Conversion(command: self, paths: [path]).run()
        if !json { try outcome.describe(to: reportDescriptor) }
        outcomes.append((path, .success(outcome)))
      } catch let error as FileError {
        outcomes.append((path, .failure(CommandFailure(DEQ.exitStatus(of: error.kind), error.description))))
      } catch let error as CommandFailure {
        outcomes.append((path, .failure(error)))
      }
      if case .failure(let failure) = outcomes[outcomes.count - 1].outcome {
        writeToStandardError(DEQ.complaint(oneLine(failure.message), failure.status))
      }
    }
    let summary = ConversionSummary(outcomes: outcomes)
    if json { try write(try summary.json) } else { try writeToStandardOutput(summary.line + "\n") }
    if let status = summary.worst { throw CommandFailure(status) }
  }

  private func write(_ text: String) throws {
    if reportDescriptor == STDERR_FILENO {
      writeToStandardError(text)
    } else {
      try writeToStandardOutput(text)
    }
  }

  /// The stream for reports: standard error where a model is written to standard output.
  private var reportDescriptor: Int32 {
    let target = output ?? Self.defaultOutput(for: networks[0])
    return target == "-" ? STDERR_FILENO : STDOUT_FILENO
  }

  /// `NAME.deq.json` beside the input `NAME.json`, `NAME.onnx`, `NAME.nnet`, `NAME.safetensors` or `NAME.npz`, which `.gz`
  /// may follow; for a folder, beside its only model; standard output for standard input.
  static func defaultOutput(for input: String) -> String {
    if input == "-" { return "-" }
    let input = (try? ModelFolder.model(at: input)) ?? input
    let name = input.hasSuffix(".gz") ? String(input.dropLast(3)) : input
    let ending = [".json", ".onnx", ".nnet", ".safetensors", ".npz"].first(where: name.hasSuffix)
    return name.dropLast(ending?.count ?? 0) + ".deq.json"
  }
}

/// One conversion: of a file, or of a stack of files.
private struct Conversion {
  let command: ConvertCommand
  let paths: [String]

  /// A larger matrix form is refused: as text it is up to three times as large, and reading it again takes the memory
  /// of both.
  private static var largestMatrixForm: Int { 500_000_000 }

  func run() throws -> ConversionOutcome {
    let source = try read()
    let network = try source.network()
    let model = EquilibriumModel(converting: network)
    if command.matrix { try requireMatrixForm(of: model) }
    var checker = command.solve.checker
    if command.check {
      try fitIntoMemory(
        &checker, toCheck: .network(network), .equilibrium(model), isAskedFor: false)
    }
    let target = command.output ?? ConvertCommand.defaultOutput(for: paths[0])
    // A model on standard output would mix with the progress line.
    let progress = target == "-" ? nil : Progress()
    progress?.show("writing \(target)")
    defer { progress?.finish() }
    var result: EquivalenceReport?
    var files: [InputFile] = []
    let file = ModelOutput(
      model: .equilibrium(model), form: command.matrix ? .matrix : .blocks, target: target,
      weights: command.placement.weights, force: command.force,
      requiresWeightsFile: paths.allSatisfy { $0 == "-" || $0.hasSuffix(".json") })
    _ = try file.write(
      !command.check
        ? nil
        : { written in
          progress?.show("checking \(target) as written")
          files = written.files
          checker.identities = ModelIdentities(
            first: source.identity, second: InputFile.identity(of: files).bytes)
          result = checker.check(.network(network), against: written.model.judged)
          return result!.isAccepted
        })
    let provenance = ReportProvenance(
      command: "convert",
      names: ReportNames(first: paths, second: target == "-" ? "standard output" : target),
      first: source.files, second: files, checker: command.check ? checker : nil,
      solve: command.solve)
    return ConversionOutcome(model: model, result: result, provenance: provenance)
  }

  private func read() throws -> NamedModel {
    if let activation = try command.activation.map(Self.activation) {
      let (network, files) = try MultilayerPerceptron.read(paths[0], activation: activation)
      if command.check { try ModelArguments.requireFiniteNumbers(.network(network)) }
      return NamedModel(paths: paths, model: .network(network), files: files)
    }
    if command.transition {
      let model = try TransitionReading(paths: paths, reading: command.onnx.reading).read()
      if command.check, case .equilibrium(let own) = model.model {
        try ModelArguments.requireFiniteNumbers(.equilibrium(own))
      }
      return model
    }
    if command.stack {
      return try ModelArguments.stack(of: paths, as: command.onnx.reading, finite: command.check)
    }
    return try ModelArguments.model(at: paths[0], as: command.onnx.reading, finite: command.check)
  }

  /// The activation of a name, with its attributes at their defaults.
  private static func activation(named name: String) throws -> any Nonlinearity {
    let names = NonlinearityRegistry.activations.filter { $0.schema.hasDefaults }.map { $0.typeName }
    guard names.contains(name), let type = NonlinearityRegistry.type(named: name) else {
      throw CommandFailure(
        .usage,
        "--activation: expected one of \(names.joined(separator: ", ")), found \(quoted(name))"
          + suggestion(for: name, among: names))
    }
    return try type.init([:])
  }

  private func requireMatrixForm(of model: EquilibriumModel<Double>) throws {
    let (rows, columns) = (Double(model.portCoordinates), Double(model.stateSize + model.inputSize))
    let bytes = 8 * rows * (columns + 1)
    if bytes > Double(Self.largestMatrixForm) {
      throw CommandFailure(
        .cannotCreate,
        "--matrix: Wz, Wx and b of \(text(model.portCoordinates)) rows take \(text(bytes: Int(bytes))), "
          + "more than the \(text(bytes: Self.largestMatrixForm)) that are allowed; the block form has no such limit"
      )
    }
  }
}

/// The result of one conversion.
private struct ConversionOutcome {
  let model: EquilibriumModel<Double>
  /// The report of the check; nil if there was none.
  let result: EquivalenceReport?
  let provenance: ReportProvenance

  /// The exit status that it requires; nil for success.
  var status: ExitStatus? { result?.statusOfConversion }

  func writeKeys(to writer: inout JSONWriter) throws(FileError) {
    try writeJSON(result, provenance, to: &writer)
  }

  func describe(to descriptor: Int32) throws {
    var report = Report(to: descriptor)
    if let result {
      result.describe(provenance.names, model: model, in: &report)
      if !result.isAccepted {
        report.row("written", "nothing: the model is kept only where the check accepts it")
      }
    } else {
      report.sentence("converted, not checked: \(provenance.names.second)")
      describeSize(of: model, in: &report)
    }
    if status == nil {
      report.line()
      report.draw(PatternPicture(model))
    }
    try report.write()
  }
}

/// The results of several conversions.
private struct ConversionSummary {
  let outcomes: [(path: String, outcome: Result<ConversionOutcome, CommandFailure>)]

  /// The worst status; nil for success.
  var worst: ExitStatus? {
    outcomes.reduce(nil) { worst, entry in
      switch entry.outcome {
      case .success(let outcome): ExitStatus.worse(worst, outcome.status)
      case .failure(let failure): ExitStatus.worse(worst, failure.status)
      }
    }
  }

  /// The number of conversions with each result, `proved`, `unchecked` or `failed`, most important first.
  private var counts: [(name: String, count: Int)] {
    let names = ["proved", "agrees", "unchecked", "undecided", "refuted", "failed"]
    let found = outcomes.map { entry in
      switch entry.outcome {
      case .success(let outcome): outcome.result?.verdict.rawValue ?? "unchecked"
      case .failure: "failed"
      }
    }
    return names.map { name in (name, found.count { $0 == name }) }.filter { $0.count > 0 }
  }

  /// One line: `3 files: 2 proved, 1 failed`.
  var line: String {
    "\(text(outcomes.count, "file")): "
      + counts.map { "\(text($0.count)) \($0.name)" }.joined(separator: ", ")
  }

  /// One object with a report for each file.
  var json: String {
    get throws {
      try JSONText { (writer) throws(FileError) in
        try writer.heading(of: "convert")
        try writer.key("conversions")
        try writer.beginArray()
        for (path, outcome) in outcomes {
          try writer.beginObject()
          switch outcome {
          case .success(let outcome): try outcome.writeKeys(to: &writer)
          case .failure(let failure):
            try writer.string("path", path)
            try writer.integer("status", Int(failure.status.rawValue))
            try writer.string("failure", failure.message)
          }
          try writer.end()
        }
        try writer.end()
        try writer.key("summary")
        try writer.beginObject(.inLine)
        for (name, count) in counts { try writer.integer(name, count) }
        try writer.end()
      }.text
    }
  }
}

extension ModelFile {
  /// The model as a side of a comparison.
  var judged: JudgedModel {
    switch self {
    case .network(let network): .network(network)
    case .equilibrium(let model): .equilibrium(model)
    }
  }
}
