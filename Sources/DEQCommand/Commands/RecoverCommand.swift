import ArgumentParser
import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct RecoverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover",
    abstract:
      "Turns an equilibrium model whose blocks do not read each other in a cycle back into a network.",
    discussion: """
      Every block becomes a layer; of a converted network that is the network itself, up to the names of layers \
      that were composed of several blocks. What was written is read again and checked against the model before it \
      gets its name.

      Example:
        deq recover mlp.deq.json -o mlp.json
      """)

  @Argument(help: "The equilibrium model; - is standard input.")
  var model: String

  @Option(
    name: .shortAndLong,
    help: "Where to write; - is standard output. (default: NAME.network.json beside NAME.deq.json)")
  var output: String?

  @OptionGroup var placement: WeightsOption

  @Flag(inversion: .prefixedNo, help: "Check what was written before keeping it.")
  var check = true

  @Flag(help: "Replace an existing, different file.")
  var force = false

  @OptionGroup(title: "Solver options of the check") var solve: SolveOptions

  @OptionGroup var reading: ReadingOptions

  @OptionGroup var threading: ThreadsOption

  @Flag(help: "Print the report as one JSON object.")
  var json = false

  func run() throws {
    reading.apply()
    threading.apply()
    let source = try ModelArguments.model(at: model, finite: check)
    guard let equilibrium = source.model.equilibrium else {
      throw CommandFailure(.badData, "\(model): format: expected \"equilibrium\", found a network")
    }
    let network: Network<Double>
    do { network = try Network(recovering: equilibrium) } catch {
      throw CommandFailure(.badData, "\(model): \(error)")
    }
    var checker = solve.checker
    if check {
      try fitIntoMemory(
        &checker, toCheck: source.model, .network(network), isAskedFor: false)
    }
    let target = output ?? Self.defaultOutput(for: model)
    var result: EquivalenceReport?
    var files: [InputFile] = []
    let file = ModelOutput(
      model: .network(network), form: nil, target: target, weights: placement.weights, force: force)
    _ = try file.write(
      !check
        ? nil
        : { written in
          files = written.files
          checker.identities = ModelIdentities(
            first: source.identity, second: InputFile.identity(of: files).bytes)
          result = checker.check(source.model, against: written.model.judged)
          return result!.isAccepted
        })
    let provenance = ReportProvenance(
      command: "recover",
      names: ReportNames(first: [model], second: target == "-" ? "standard output" : target),
      first: source.files, second: files, checker: check ? checker : nil, solve: solve)
    try report(network, equilibrium, result, provenance, isBeside: target == "-")
  }

  /// `NAME.network.json` beside `NAME.deq.json`; standard output for standard input.
  static func defaultOutput(for input: String) -> String {
    if input == "-" { return "-" }
    let input = (try? ModelFolder.model(at: input)) ?? input
    for suffix in [".deq.json", ".json"] where input.hasSuffix(suffix) {
      return input.dropLast(suffix.count) + ".network.json"
    }
    return input + ".network.json"
  }

  private func report(
    _ network: Network<Double>, _ equilibrium: EquilibriumModel<Double>, _ result: EquivalenceReport?,
    _ provenance: ReportProvenance, isBeside: Bool
  ) throws {
    if json {
      let text = try JSONText { (writer) throws(FileError) in
        try writeJSON(result, provenance, to: &writer)
      }.text
      if isBeside { writeToStandardError(text) } else { try writeToStandardOutput(text) }
    } else {
      var report = Report(to: isBeside ? STDERR_FILENO : STDOUT_FILENO)
      if let result {
        result.describe(provenance.names, model: equilibrium, in: &report)
        if !result.isAccepted {
          report.row("written", "nothing: the network is kept only where the check accepts it")
        }
      } else {
        report.sentence("recovered, not checked: \(provenance.names.second)")
      }
      report.row("layers", "\(text(network.layers.count)), at most \(network.depth) one after the other")
      try report.write()
    }
    if let status = result?.statusOfConversion { throw CommandFailure(status) }
  }
}
