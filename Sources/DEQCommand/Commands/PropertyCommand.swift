import ArgumentParser
import DeepEquilibrium

struct PropertyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "property",
    abstract: "Property test: random networks are converted, checked, written and read again.",
    discussion: """
      Every case must be proved, in block form and in matrix form, as re-read from what was written, and no number may \
      contradict the proof; and the network itself must read back bit for bit. Where summands meet in one number of a matrix and their sum is \
      rounded, the matrix form is another model, which must agree. The first case that fails is shrunk, and the smallest \
      network that still fails is written to property-SEED-CASE.json in the current folder.
      """)

  @Option(help: "How many networks.")
  var cases = 200

  @Option(help: "What decides all of them: the same seed, the same networks.")
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
    var generator = NetworkGenerator()
    generator.maximumDepth = maxDepth
    generator.maximumWidth = maxWidth
    let progress = Progress()
    var summary = PropertySummary()
    for number in 0..<cases {
      if number % 16 == 0 { progress.show("\(number) of \(cases) networks, all proved") }
      let caseSeed = mix64(seed &+ mix64(UInt64(number)))
      let network = generator.network(seed: caseSeed)
      if let fault = try PropertyCase(network, seed: caseSeed, solve: solve).fault(&summary) {
        progress.finish()
        let failure = try failure(network, number: number, caseSeed: caseSeed, fault: fault)
        try write(.failed(failure, seed: seed))
        throw CommandFailure(.refuted)
      }
    }
    progress.finish()
    try write(.passed(summary, cases: cases, seed: seed))
  }

  private func write(_ report: PropertyReport) throws {
    if json { return try writeToStandardOutput(report.json(solve)) }
    var lines = Report()
    report.describe(in: &lines)
    try lines.write()
  }

  /// The case that failed, with the smallest network that still fails, which is written to a file.
  private func failure(
    _ network: Network<Double>, number: Int, caseSeed: UInt64, fault: String
  ) throws -> PropertyFailure {
    var ignored = PropertySummary()
    let smallest = network.shrunk { candidate in
      (try? PropertyCase(candidate, seed: caseSeed, solve: solve).fault(&ignored)) != .some(nil)
    }
    let path = "property-\(seed)-\(number).json"
    let sink = MemorySink(named: path)
    try ModelFile.network(smallest).write(to: sink)
    try writeFile(String(decoding: sink.bytes, as: UTF8.self), to: path, force: true)
    return PropertyFailure(number: number, fault: fault, smallest: smallest, path: path)
  }
}

/// One random network, and the property that it must have.
private struct PropertyCase {
  let network: Network<Double>
  let seed: UInt64
  let solve: SolveOptions

  init(_ network: Network<Double>, seed: UInt64, solve: SolveOptions) {
    self.network = network
    self.seed = seed
    self.solve = solve
  }

  /// What is wrong, or nil.
  func fault(_ summary: inout PropertySummary) throws -> String? {
    summary.add(network)
    guard case .network(let again) = try reread(.network(network)) else {
      return "the network reads back as another format"
    }
    let model = EquilibriumModel(converting: network)
    for form in [ModelForm.blocks, .matrix] {
      guard case .equilibrium(let written) = try reread(.equilibrium(model), as: form) else {
        return "the model reads back as another format"
      }
      var checker = EquivalenceChecker()
      checker.seed = seed
      checker.solving = solve.settings()
      checker.solver = solve.solver(named: .picard)
      // The matrix form is the same model: its proof is new, its numbers need fewer samples.
      checker.samples = form == .blocks ? 8 : 3
      let report = checker.check(again, against: written)
      summary.add(report)
      if form == .matrix, !model.hasExactMatrices {
        summary.rounded += 1
        if report.isAccepted { continue }
      }
      if !report.isFaultless { return fault(of: report, form) }
    }
    guard network.isIdentical(to: again) else { return "the network reads back changed" }
    return nil
  }

  private func fault(of report: EquivalenceReport, _ form: ModelForm) -> String {
    let form = form == .matrix ? "matrix form" : "block form"
    return "\(form) \(report.verdict.rawValue)" + (report.fault.map { ": \($0)" } ?? "")
  }

  private func reread(_ model: ModelFile, as form: ModelForm? = nil) throws -> ModelFile {
    let sink = MemorySink(named: "random network")
    try model.write(as: form, to: sink)
    return try ModelFile.read(FileContents(sink.bytes, named: "random network"))
  }
}
