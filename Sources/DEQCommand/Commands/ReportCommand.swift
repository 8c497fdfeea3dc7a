import ArgumentParser
import DeepEquilibrium

struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes a page with pictures: the verdict, the block matrix, and the theorem played.",
    discussion: """
      One file of HTML that loads nothing else, for light and dark screens and for paper: the verdict with its three \
      questions, as check gives it; the block matrix of Wz to scale; the residual of every block after every iteration of \
      z ← f(z, x), and of the adjoint; the spectrum and the solvers of blocks that read each other; how the gradient of \
      every parameter agrees; which inputs were tried; and the command that makes the page again.

      Of two models the page compares both, of more each with the first. A network alone is compared with the \
      equilibrium model that it converts to; an equilibrium model alone is solved on two paths. Drawn is the first \
      equilibrium model, else the first network as one.

      Exit status as of check: 0 for proved and agrees, 1 for refuted, 2 for undecided; the page is written in any case.

      Examples:
        deq report mlp.json                                writes mlp.report.html
        deq report before.onnx after.onnx -o report.html
        deq report implicit.json --timings
      """)

  @Argument(help: "Networks or equilibrium models, as JSON or ONNX; - is standard input.")
  var models: [String]

  @Option(
    name: .shortAndLong,
    help: "Where to write; - is standard output. (default: NAME.report.html beside the first model)")
  var output: String?

  @OptionGroup var tried: TriedInputs

  @Flag(help: "Add how long things take on this machine; the page then differs from run to run.")
  var timings = false

  @Flag(help: "Replace an existing, different file.")
  var force = false

  @OptionGroup(title: "ONNX options") var onnx: ONNXOptions

  @OptionGroup(title: "Solver options") var solve: SolveOptions

  @OptionGroup var reading: ReadingOptions

  @OptionGroup var threading: ThreadsOption

  func validate() throws {
    if models.count > 16 {
      throw ValidationError("expected at most 16 models on one page, found \(models.count)")
    }
  }

  func run() throws {
    reading.apply()
    threading.apply()
    try ModelArguments.requireOneStandardInput(models + (tried.input.map { [$0] } ?? []))
    let named = try models.map { try ModelArguments.model(at: $0, as: onnx.reading) }
    let progress = Progress()
    let contents = try ReportGathering(command: self, models: named).contents { progress.show($0) }
    progress.finish()
    let target = output ?? Self.defaultOutput(for: models[0])
    let page = HTMLReport(contents).html
    if target == "-" {
      try writeToStandardOutput(page)
    } else {
      try writeFile(page, to: target, force: force)
      var report = Report()
      for comparison in contents.comparisons where !comparison.isOfOneModel {
        report.headline(comparison.result.verdict, comparison.headline)
      }
      report.sentence("report: \(target), \(text(bytes: page.utf8.count))")
      try report.write()
    }
    if let status = status(of: contents.comparisons) { throw CommandFailure(status) }
  }

  /// `NAME.report.html` beside `NAME.json`; standard output for standard input.
  static func defaultOutput(for input: String) -> String {
    if input == "-" { return "-" }
    let suffix = [".json", ".onnx"].first { input.hasSuffix($0) && input.count > $0.count }
    return (suffix.map { String(input.dropLast($0.count)) } ?? input) + ".report.html"
  }

  private func status(of comparisons: [ReportContents.Comparison]) -> ExitStatus? {
    let verdicts = comparisons.filter { !$0.isOfOneModel }.map(\.result.verdict)
    if verdicts.contains(.refuted) { return .refuted }
    return verdicts.contains(.undecided) ? .undecided : nil
  }
}
