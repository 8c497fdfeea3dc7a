import ArgumentParser
import DeepEquilibrium
import Regression

struct FixturesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fixtures",
    abstract: "Fixture regression: converts every fixture again and compares with what was recorded.",
    usage: "deq fixtures [<folder>] [<options>]",
    discussion: """
      A fixture is a folder with expected.json and a network: mlp.json, network.json, network.onnx, or 1.json, 2.json, … to \
      be stacked. The conversion must equal the recorded .deq.json byte for byte, must be proved, and both \
      models must give the expected outputs and gradients to \(FixtureRun.tolerance) of their scale.
      """)

  @Argument(help: "The folder that holds the fixtures.")
  var folder = "Fixtures"

  @Flag(help: "Rewrite the .deq.json files; expected values are never rewritten.")
  var record = false

  @OptionGroup(title: "Solver options") var solve: SolveOptions

  @OptionGroup var threading: ThreadsOption

  @Flag(help: "Print the report as one JSON object.")
  var json = false

  func run() throws {
    threading.apply()
    let folders = try FixtureFolder.paths(under: folder)
    if folders.isEmpty {
      throw CommandFailure(.noInput, "\(folder): expected folders with expected.json, found none")
    }
    let progress = Progress()
    var results: [FixtureResult] = []
    for (number, folder) in folders.enumerated() {
      progress.show("\(number + 1) of \(folders.count): \(folder)")
      results.append(try result(of: folder))
    }
    progress.finish()
    if json { try writeToStandardOutput(jsonReport(results)) } else { try humanReport(results).write() }
    if results.contains(where: { $0.fault != nil }) { throw CommandFailure(.refuted) }
  }

  /// The result of one fixture, whose recorded model is rewritten on request.
  private func result(of folder: String) throws -> FixtureResult {
    let run = FixtureRun(folder: folder, judgedBy: solve.checker)
    guard record else { return try run.result() }
    return try run.result { bytes, target in
      try writeFile(String(decoding: bytes, as: UTF8.self), to: target, force: true)
    }
  }

  private func humanReport(_ results: [FixtureResult]) -> Report {
    var report = Report()
    let failed = results.filter { $0.fault != nil }.count
    let worst = results.compactMap(\.worst).max() ?? 0
    let width = results.map(\.name.count).max() ?? 0
    if failed == 0 {
      report.headline(
        .proved, "\(text(results.count, "fixture")), at most \(text(worst)) of scale from the expected values"
      )
    } else {
      report.headline(.refuted, "\(failed) of \(text(results.count, "fixture"))")
    }
    for result in results {
      let space = String(repeating: " ", count: width - result.name.count + 2)
      let state = result.fault ?? "proved, \(text(result.worst ?? 0)) of scale"
      report.sentence("  \(result.name)\(space)\(state)\(result.isRecorded ? ", recorded" : "")", margin: 4)
    }
    return report
  }

  private func jsonReport(_ results: [FixtureResult]) throws -> String {
    try JSONText { (writer) throws(FileError) in
      try writer.heading(of: "fixtures")
      let failed = results.contains { $0.fault != nil }
      try solve.write(solver: nil, to: &writer)
      try writer.string("verdict", (failed ? Verdict.refuted : .proved).rawValue)
      try writer.key("fixtures")
      try writer.beginArray()
      for result in results {
        try writer.beginObject(.inLine)
        try writer.string("name", result.name)
        if let fault = result.fault { try writer.string("fault", fault) }
        if let worst = result.worst { try writer.anyNumber("worst", worst) }
        try writer.key("recorded")
        try writer.boolean(result.isRecorded)
        try writer.end()
      }
      try writer.end()
    }.text
  }
}
