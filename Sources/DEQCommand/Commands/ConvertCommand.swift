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
        deq convert 1.json 2.json -o m.json   one model of both, stacked
      """)

  @Argument(help: "Networks or equilibrium models, as JSON; - is standard input.")
  var networks: [String]

  @Option(
    name: .shortAndLong,
    help: "Where to write; - is standard output. (default: NAME.deq.json beside the first input)")
  var output: String?

  @Flag(help: "Write whole matrices Wz, Wx and b instead of blocks.")
  var matrix = false

  @Flag(inversion: .prefixedNo, help: "Check what was written before keeping it.")
  var check = true

  @Flag(help: "Replace an existing, different file.")
  var force = false

  @Flag(help: "Print the report as one JSON object.")
  var json = false

  /// A matrix form larger than this is refused: as text it is up to three times as large, and read again as JSON
  /// more than eight times.
  private static var largestMatrixForm: Int { 500_000_000 }

  func run() throws {
    let network = try ModelArguments.network(stacking: networks)
    let model = EquilibriumModel(converting: network)
    if matrix { try requireMatrixForm(of: model) }
    if check {
      try requireMemory(
        toCheck: network, model, samples: EquivalenceChecker().samples,
        remedy: "--no-check leaves the check out")
    }
    let target = output ?? Self.defaultOutput(for: networks[0])
    if target == "-" {
      try convertToStandardOutput(network, model)
    } else {
      try convert(network, model, to: target)
    }
  }

  private var form: ModelForm { matrix ? .matrix : .blocks }

  private func convert(_ network: Network<Double>, _ model: EquilibriumModel<Double>, to target: String)
    throws
  {
    let progress = Progress()
    defer { progress.finish() }
    progress.show("writing \(target)")
    let result = try Interruption.removing(fileAt: target) { file in
      guard let temporary = file.temporaryPath else {
        // A device or a pipe: nothing to read again, so the bytes are checked on their way.
        return try writeChecked(network, model, named: target) { bytes throws(FileError) in
          try file.write { sink throws(FileError) in try sink.write(bytes) }
          try file.commit()
        }
      }
      try file.write { (sink) throws(FileError) in
        try ModelFile.equilibrium(model).write(as: form, to: sink)
      }
      try requireReplaceable(file, force: force)
      if check { progress.show("checking \(target) as written") }
      let written = check ? try FileContents(FileContents(reading: temporary).bytes, named: target) : nil
      let result = try written.map { try checked(network, $0) }
      if result?.isAccepted ?? true { try file.commit() } else { file.discard() }
      return result
    }
    progress.finish()
    try report(model, result, target: target)
  }

  private func convertToStandardOutput(_ network: Network<Double>, _ model: EquilibriumModel<Double>) throws {
    let result = try writeChecked(network, model, named: "standard output") { bytes throws(FileError) in
      try DescriptorSink.standardOutput().write(bytes)
    }
    try report(model, result, target: "-")
  }

  /// Hands the bytes of the model to `write` once they have been read again and accepted.
  private func writeChecked(
    _ network: Network<Double>, _ model: EquilibriumModel<Double>, named name: String,
    to write: ([UInt8]) throws(FileError) -> Void
  ) throws -> EquivalenceReport? {
    let sink = MemorySink(named: name)
    try ModelFile.equilibrium(model).write(as: form, to: sink)
    let result = check ? try checked(network, FileContents(sink.bytes, named: name)) : nil
    if result?.isAccepted ?? true { try write(sink.bytes) }
    return result
  }

  private func checked(_ network: Network<Double>, _ written: FileContents) throws -> EquivalenceReport {
    guard case .equilibrium(let model) = try ModelFile.read(written) else {
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
    let (size, inputs) = (Double(model.stateSize), Double(model.inputSize))
    let bytes = 8 * size * (size + inputs + 1)
    if bytes > Double(Self.largestMatrixForm) {
      throw CommandFailure(
        .cannotCreate,
        "--matrix: Wz, Wx and b of \(text(model.stateSize)) coordinates take \(text(bytes: Int(bytes))), "
          + "more than the \(text(bytes: Self.largestMatrixForm)) that are allowed; the block form has no such limit"
      )
    }
    guard model.hasMatrixForm else {
      throw CommandFailure(.badData, "--matrix: a block of several ports has no rows in one Wz")
    }
  }

  /// `NAME.deq.json` beside the input `NAME.json`; standard output for standard input.
  static func defaultOutput(for input: String) -> String {
    if input == "-" { return "-" }
    return (input.hasSuffix(".json") ? String(input.dropLast(5)) : input) + ".deq.json"
  }
}
