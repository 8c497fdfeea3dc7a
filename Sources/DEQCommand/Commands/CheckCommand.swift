import ArgumentParser
import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Decides whether two models are the same function, with the same gradients.",
    discussion: """
      Each model is a network or an equilibrium model, as JSON or as ONNX, in any combination. Three questions are \
      answered apart: are they one function of the input, are the gradients of the input the same, and those of the \
      parameters that both have?

      proved: one function for every input, in exact arithmetic: by equal equations, bit for bit, or by equal values in \
      random finite fields, with the stated probability of an error.
      agrees: not proved, but outputs and gradients agree to rounding on every input that was tried, and a search found \
      none that tells the two apart.
      refuted: an input on which the outputs differ by more than rounding explains; the report has it, and both values.
      undecided: none of these: a value on one side only, several equilibria, rounding as large as the difference.

      Parameters are matched by name, then by their numbers and the units that they act on. A name, a missing name or \
      another orientation never refutes anything.

      Exit status 0 for proved and agrees, 1 for refuted, 2 for undecided, and for what is not proved where \
      --require-proof asks for it.

      With --manifest or --pattern many models are checked. Each check has the report that it has by itself, in the order \
      of the list; a line at the end sums them up, and the exit status is the worst one.

      Examples:
        deq check mlp.json mlp.deq.json
        deq check model.onnx optimised.onnx --range 0,1
        deq check --stack 1.json 2.json --against m.deq.json
        deq check a.json b.json --require-proof parameters
        deq check --pattern 'before/*.onnx' 'after/*.onnx' --jobs 4
        deq check --manifest pairs.txt --format junit --output deq.xml
      """)

  @Argument(help: "Two models, JSON or ONNX; with --stack the networks to stack; - is standard input.")
  var files: [String] = []

  @Flag(help: "Compare the stack of all files, each one's output being the next one's input, with --against.")
  var stack = false

  @Option(help: "The second model.")
  var against: String?

  @OptionGroup var tried: TriedInputs

  @Option(help: "The generic solver, which iterates on the whole state beside the structured one.")
  var solver = SolverName.picard

  @OptionGroup(title: "ONNX options") var onnx: ONNXOptions

  @OptionGroup(title: "Solver options") var solve: SolveOptions

  @Option(help: "The precision of the evaluation; a proof is always exact.")
  var precision = Precision.float64

  @Option(
    help: ArgumentHelp(
      "Exit with 2 unless the function is proved; with \"parameters\", for every value of the parameters.",
      valueName: "function|parameters"))
  var requireProof: RequiredProof?

  @Option(help: "Write what another program needs to repeat the proof.")
  var certificate: String?

  @Flag(help: "Replace an existing, different certificate or report.")
  var force = false

  @OptionGroup(title: "Many checks") var list: CheckListOptions

  @OptionGroup(title: "Report options") var report: CheckReportOptions

  @OptionGroup var reading: ReadingOptions

  @OptionGroup var threading: ThreadsOption

  @Flag(help: "Print the report as one JSON object, like --format json.")
  var json = false

  func validate() throws {
    try report.validate(json: json)
    if list.isRequested { return try validateList() }
    if stack {
      guard against != nil else {
        throw ValidationError("--stack: expected --against with the model to compare the stack with")
      }
    } else if files.count + (against == nil ? 0 : 1) != 2 {
      throw ValidationError(
        "expected two models, found \(text(files.count + (against == nil ? 0 : 1), "file")); --stack compares a stack"
      )
    }
  }

  /// Refuses the models and the certificate of one check where there is a list.
  private func validateList() throws {
    let models = files + [against].compactMap { $0 }
    if let model = models.first {
      throw ValidationError(
        "\(list.manifest == nil ? "--pattern" : "--manifest"): expected the models in the list alone, found \(quoted(model))"
      )
    }
    if stack { throw ValidationError("--stack: expected it on a line of the manifest") }
    if certificate != nil { throw ValidationError("--certificate: expected it on a line of the manifest") }
  }

  func run() throws {
    let form = report.form(json: json)
    if list.isRequested || (form != .text && form != .json) { return try runMany() }
    reading.apply()
    threading.apply()
    let (first, second) = try read()
    let checker = try checker(first, second)
    let progress = Progress()
    progress.show("comparing two models")
    let result = checker.check(first.model, against: second.model)
    progress.finish()
    let names = ReportNames(first: first.paths, second: second.paths[0])
    let written = try certificate.map { try writeCertificate(of: result, first, second, to: $0) }
    let status = status(of: result)
    var text = Report(to: report.output != nil && form == .text ? -1 : STDOUT_FILENO)
    result.describe(names, model: second.model.equilibrium ?? first.model.equilibrium, in: &text)
    if let written { text.row("certificate", written) }
    if form == .json {
      let provenance = ReportProvenance(
        command: "check", names: names, first: first.files, second: second.files, checker: checker,
        solve: solve)
      let json = try JSONText { (writer) throws(FileError) in
        try writeJSON(result, provenance, to: &writer)
      }.text
      guard let output = report.output else {
        try writeToStandardOutput(json)
        return try end(with: status)
      }
      try writeFile(json, to: output, force: force)
    } else if let output = report.output {
      try writeFile(text.contents, to: output, force: force)
      return try end(with: status)
    }
    if status != nil || !report.quiet { try text.write() }
    try end(with: status)
  }

  /// Ends the command; the report already states why.
  func end(with status: ExitStatus?) throws {
    if let status { throw CommandFailure(status) }
  }

  private func read() throws -> (first: NamedModel, second: NamedModel) {
    let second = against ?? files[files.count - 1]
    let rest = against == nil ? Array(files.dropLast()) : files
    try ModelArguments.requireOneStandardInput(rest + [second] + (tried.input.map { [$0] } ?? []))
    return (
      stack
        ? try ModelArguments.stack(of: rest, as: onnx.reading)
        : try ModelArguments.model(at: rest[0], as: onnx.reading),
      try ModelArguments.model(at: second, as: onnx.reading)
    )
  }

  private func checker(_ first: NamedModel, _ second: NamedModel) throws -> EquivalenceChecker {
    var checker = try tried.checker(solve, first, second)
    checker.solver = solve.solver(named: solver)
    checker.precision = precision
    return checker
  }

  private func status(of result: EquivalenceReport) -> ExitStatus? {
    switch result.verdict {
    case .refuted: .refuted
    case .undecided: .undecided
    case .proved, .agrees: requireProof?.isMet(by: result) ?? true ? nil : .undecided
    }
  }

  /// Writes what another program needs to repeat the proof; nothing without a proof.
  ///
  /// - Returns: The line about it for the report.
  private func writeCertificate(
    of result: EquivalenceReport, _ first: NamedModel, _ second: NamedModel, to path: String
  ) throws -> String {
    guard
      let certificate = Certificate(
        of: first.model, second.model, report: result.proof,
        identities: (first.identity, second.identity), seed: tried.seed)
    else {
      return result.isProvedToHaveSameEquations
        ? "none: a block has no value in the fields" : "none: nothing is proved"
    }
    try Interruption.removing(fileAt: path) { file in
      try file.write { (sink) throws(FileError) in
        try certificate.write(
          firstFiles: first.files, secondFiles: second.files, tool: "deq \(DEQ.version)", to: sink)
      }
      try requireReplaceable(file, force: force)
      try file.commit(replacing: force)
    }
    return path
  }
}

extension EquivalenceReport {
  /// The exit status of a command that made the model of this report.
  var statusOfConversion: ExitStatus? {
    if isAccepted { return nil }
    return verdict == .undecided ? .undecided : .refuted
  }
}

extension JudgedModel {
  /// The equilibrium model, if it is one.
  var equilibrium: EquilibriumModel<Double>? {
    if case .equilibrium(let model) = self { model } else { nil }
  }
}
