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
    abstract:
      "Converts a network, or a stack of networks, into the equilibrium model that is the same function.",
    discussion: """
      Several files are stacked in the order given: each one's output is the next one's input, and layers \
      are called 1.NAME, 2.NAME, …. What was written is read again and checked before it gets its name; \
      where the check does not accept it, nothing is kept. With -o - the model goes to standard output, and the \
      report to standard error.

      Examples:
        deq convert mlp.json                  writes mlp.deq.json
        deq convert cnn.onnx                  writes cnn.deq.json
        deq convert 1.json 2.json -o m.json   one model of both, stacked
      """)

  @Argument(help: "Networks or equilibrium models, as JSON or ONNX; - is standard input.")
  var networks: [String]

  @Option(
    name: .shortAndLong,
    help: "Where to write; - is standard output. (default: NAME.deq.json beside the first input)")
  var output: String?

  @Flag(help: "Write whole matrices Wz, Wx and b instead of blocks.")
  var matrix = false

  @OptionGroup var placement: WeightsOption

  @Flag(inversion: .prefixedNo, help: "Check what was written before keeping it.")
  var check = true

  @Flag(help: "Replace an existing, different file.")
  var force = false

  @OptionGroup var threading: ThreadsOption

  @Flag(help: "Print the report as one JSON object.")
  var json = false

  /// A matrix form larger than this is refused: as text it is up to three times as large, and read again it takes the
  /// memory of both.
  private static var largestMatrixForm: Int { 500_000_000 }

  func run() throws {
    threading.apply()
    let network = try ModelArguments.network(stacking: networks)
    let model = EquilibriumModel(converting: network)
    if matrix { try requireMatrixForm(of: model) }
    if check {
      try ModelArguments.requireFiniteNumbers(.network(network))
      try requireMemory(
        toCheck: network, model, samples: EquivalenceChecker().samples,
        remedy: "--no-check leaves the check out")
    }
    let target = output ?? Self.defaultOutput(for: networks[0])
    // A model on standard output would stand in the line of the progress.
    let progress = target == "-" ? nil : Progress()
    progress?.show("writing \(target)")
    defer { progress?.finish() }
    var result: EquivalenceReport?
    let file = ModelOutput(
      model: .equilibrium(model), form: form, target: target, weights: placement.weights, force: force)
    _ = try file.write(
      !check
        ? nil
        : { written in
          progress?.show("checking \(target) as written")
          result = try checked(network, written)
          return result!.isAccepted
        })
    progress?.finish()
    try report(model, result, target: target)
  }

  func validate() throws {
    if matrix, placement.weights != .inline {
      throw ValidationError(
        "--matrix spells all numbers out: expected --weights inline, found \(placement.weights.rawValue)")
    }
  }

  private var form: ModelForm { matrix ? .matrix : .blocks }

  private func checked(_ network: Network<Double>, _ written: ModelFile) throws -> EquivalenceReport {
    guard case .equilibrium(let model) = written else {
      preconditionFailure("an equilibrium model that reads back as a network")
    }
    return EquivalenceChecker().check(network, against: model)
  }

  private func report(
    _ model: EquilibriumModel<Double>, _ result: EquivalenceReport?, target: String
  ) throws {
    let names = ReportNames(networks: networks, model: target == "-" ? "standard output" : target)
    if json {
      let text = try JSONText { (writer) throws(FileError) in
        try writeJSON(result, command: "convert", names: names, to: &writer)
      }.text
      if target == "-" { writeToStandardError(text) } else { try writeToStandardOutput(text) }
    } else {
      var report = Report(to: target == "-" ? STDERR_FILENO : STDOUT_FILENO)
      if let result {
        result.describe(names, model: model, in: &report)
        if !result.isAccepted {
          report.row("written", "nothing: the model is kept only where the check accepts it")
        }
      } else {
        report.line("converted, not checked: \(names.model)")
        describeSize(of: model, in: &report)
      }
      if result?.isAccepted ?? true {
        report.line()
        for line in PatternPicture(model).lines { report.line(line) }
      }
      try report.write()
    }
    if let result, !result.isAccepted { throw CommandFailure(.refuted) }
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

  /// `NAME.deq.json` beside the input `NAME.json` or `NAME.onnx`; standard output for standard input.
  static func defaultOutput(for input: String) -> String {
    if input == "-" { return "-" }
    let isNamedByFormat = input.hasSuffix(".json") || input.hasSuffix(".onnx")
    return (isNamedByFormat ? String(input.dropLast(5)) : input) + ".deq.json"
  }
}
