import ArgumentParser
import DeepEquilibrium
import Regression

struct PropertyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "property",
    abstract: "Property test: random networks are converted, checked, written and read again.",
    usage: "deq property [<options>]",
    discussion: """
      Every case must be proved, in block form and in matrix form, as re-read from what was written, and no number may \
      contradict the proof; and the network itself must read back bit for bit. Where summands meet in one number of a matrix and their sum is \
      rounded, the matrix form is another model, which must agree. The first case that fails is shrunk, and the smallest \
      network that still fails is written to property-SEED-CASE.json in the current folder.
      """)

  @Option(help: "How many networks.")
  var cases = 200

  @Option(parsing: .unconditional, help: "What decides all of them: the same seed, the same networks.")
  var seed: UInt64 = 0

  @Option(help: "The most layers of a network.")
  var maxDepth = 8

  @Option(help: "The largest width of a layer.")
  var maxWidth = 12

  @OptionGroup(title: "Solver options") var solve: SolveOptions

  @OptionGroup var threading: ThreadsOption

  @Flag(help: "Print the report as one JSON object.")
  var json = false

  func validate() throws {
    guard (1...10_000_000).contains(cases) else {
      throw ValidationError("--cases: expected a number from 1 to 10000000, found \(cases)")
    }
    guard (1...10_000).contains(maxDepth) else {
      throw ValidationError("--max-depth: expected a number from 1 to 10000, found \(maxDepth)")
    }
    guard (1...4096).contains(maxWidth) else {
      throw ValidationError("--max-width: expected a number from 1 to 4096, found \(maxWidth)")
    }
  }

  func run() throws {
    threading.apply()
    var run = PropertyRun(cases: cases, seed: seed)
    run.checker = solve.checker
    run.generator.maximumDepth = maxDepth
    run.generator.maximumWidth = maxWidth
    let progress = Progress()
    let result = try run.result { number in
      if number % 16 == 0 { progress.show("\(number) of \(cases) networks, all proved") }
    }
    progress.finish()
    switch result {
    case .passed(let summary): try write(.passed(summary, cases: cases, seed: seed))
    case .failed(let failure):
      let path = "property-\(seed)-\(failure.number).json"
      let sink = MemorySink(named: path)
      try ModelFile.network(failure.smallest).write(to: sink)
      try writeFile(String(decoding: sink.bytes, as: UTF8.self), to: path, force: true)
      try write(.failed(failure, path: path, seed: seed))
      throw CommandFailure(.refuted)
    }
  }

  private func write(_ report: PropertyReport) throws {
    if json { return try writeToStandardOutput(report.json(solve)) }
    var lines = Report()
    report.describe(in: &lines)
    try lines.write()
  }
}
