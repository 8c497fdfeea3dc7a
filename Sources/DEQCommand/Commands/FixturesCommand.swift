import ArgumentParser
import DeepEquilibrium

struct FixturesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fixtures",
    abstract: "Fixture regression: converts every fixture again and compares with what was recorded.",
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
    let folders = try Folder.fixtures(under: folder)
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

  /// The result of one fixture. What cannot be read in it is its fault, and the others are still run.
  private func result(of folder: String) throws -> FixtureResult {
    do {
      return try FixtureRun(folder: folder, solve: solve).result(recording: record)
    } catch let error as FileError where error.kind == .badData || error.kind == .noInput {
      return FixtureResult(name: folder, fault: error.description)
    } catch let error as CommandFailure where error.status == .badData || error.status == .noInput {
      return FixtureResult(name: folder, fault: error.message)
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
      report.line("  \(result.name)\(space)\(state)\(result.isRecorded ? ", recorded" : "")")
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

/// How a fixture fared.
struct FixtureResult {
  let name: String
  /// What is wrong, in one line; nil where nothing is.
  var fault: String?
  /// The largest difference from the expected values, relative to the scale of each quantity.
  var worst: Double?
  /// Whether the DEQ file was rewritten.
  var isRecorded = false
}

/// One fixture: its files, and what is asked of them.
private struct FixtureRun {
  /// How far from the expected values a number may be, relative to the scale of its quantity.
  static let tolerance = 1e-12

  let folder: String
  let solve: SolveOptions

  func result(recording: Bool) throws -> FixtureResult {
    var result = FixtureResult(name: folder)
    let paths = try Folder.networks(in: folder)
    let network = try ModelArguments.network(stacking: paths)
    let target = ConvertCommand.defaultOutput(for: paths[0])
    let sink = MemorySink(named: target)
    try ModelFile.equilibrium(EquilibriumModel(converting: network)).write(to: sink)
    guard case .equilibrium(let model) = try ModelFile.read(FileContents(sink.bytes, named: target)) else {
      preconditionFailure("an equilibrium model that reads back as a network")
    }
    var checker = EquivalenceChecker()
    checker.solving = solve.settings()
    checker.solver = solve.solver(named: .picard)
    let report = checker.check(network, against: model)
    guard report.isFaultless else {
      result.fault = "\(report.verdict.rawValue)" + (report.fault.map { ": \($0)" } ?? "")
      return result
    }
    if let fault = try compareBytes(sink.bytes, with: target, recording: recording, &result) {
      result.fault = fault
      return result
    }
    let expected = try ExpectedResults.read(FileContents(reading: folder + "/expected.json"))
    result.fault = try compare(network, model, with: expected, &result)
    return result
  }

  private func compareBytes(
    _ bytes: [UInt8], with target: String, recording: Bool, _ result: inout FixtureResult
  ) throws -> String? {
    let recorded = Folder.exists(target) ? try FileContents(reading: target).bytes : nil
    if recorded == bytes { return nil }
    guard recording else {
      guard let recorded else { return "\(target): not recorded; deq fixtures --record writes it" }
      let place =
        zip(recorded, bytes).enumerated().first { $1.0 != $1.1 }?.offset ?? min(recorded.count, bytes.count)
      return "\(target): byte \(place) differs from the conversion"
    }
    try writeFile(String(decoding: bytes, as: UTF8.self), to: target, force: true)
    result.isRecorded = true
    return nil
  }

  /// Compares both models with the expected values.
  private func compare(
    _ network: Network<Double>, _ model: EquilibriumModel<Double>, with expected: ExpectedResults,
    _ result: inout FixtureResult
  ) throws -> String? {
    let settings = solve.settings()
    let (method, rule) = (settings.method, settings.rule(of: Double.self))
    let x = expected.samples.input
    guard x.columns == network.inputSize else {
      return "expected.json: input: expected rows of \(network.inputSize) numbers, found \(x.columns)"
    }
    let pass = network.forward(x, solvingBy: method, until: rule)
    let solution = model.solve(x, by: method, until: rule)
    if let failure = pass.failure ?? solution.failure { return "\(failure)" }
    var comparison = FixtureComparison(tolerance: Self.tolerance)
    comparison.compare("output", expected.results.output, network: pass.output, model: solution.output)
    if let cotangent = expected.samples.cotangent, let gradients = expected.results.gradients {
      guard cotangent.columns == network.outputSize else {
        return
          "expected.json: cotangent: expected rows of \(network.outputSize) numbers, found \(cotangent.columns)"
      }
      let back = network.backpropagate(cotangent, through: pass, solvingBy: method, until: rule)
      let point = model.linearization(at: solution)
      let adjoint = model.adjoint(at: point, cotangent: cotangent, by: method, until: rule)
      if let failure = back.failure ?? adjoint.failure { return "adjoint: \(failure)" }
      comparison.compare(
        gradients, network: back.gradients, model: model.gradients(at: point, adjoint: adjoint))
    }
    result.worst = comparison.worst
    return comparison.fault
  }
}

/// Compares quantities with their expected values, each relative to its own scale.
private struct FixtureComparison {
  let tolerance: Double
  private(set) var worst = 0.0
  private(set) var fault: String?

  init(tolerance: Double) {
    self.tolerance = tolerance
  }

  mutating func compare(
    _ name: String, _ expected: Matrix<Double>, network: Matrix<Double>, model: Matrix<Double>
  ) {
    compare(name, Tensor(expected), Tensor(network), of: "network")
    compare(name, Tensor(expected), Tensor(model), of: "equilibrium model")
  }

  mutating func compare(_ expected: Gradients<Double>, network: Gradients<Double>, model: Gradients<Double>) {
    compare("gradient of input", expected.input, network: network.input, model: model.input)
    let missing = network.parameters.names.filter { expected.parameters[$0] == nil }
    if let name = missing.first { note("expected.json: no gradient of \(name)") }
    for name in expected.parameters.names {
      let tensor = expected.parameters[name]!
      compare("gradient of \(name)", tensor, network.parameters[name], of: "network")
      compare("gradient of \(name)", tensor, model.parameters[name], of: "equilibrium model")
    }
  }

  private mutating func compare(
    _ name: String, _ expected: Tensor<Double>, _ found: Tensor<Double>?, of side: String
  ) {
    guard let found, found.shape == expected.shape else {
      return note(
        "\(name): expected shape \(expected.shape), found \(found.map { "\($0.shape)" } ?? "none") in the \(side)"
      )
    }
    let scale = largestMagnitude(expected.elements[...])
    for (index, (a, b)) in zip(expected.elements, found.elements).enumerated() where a != b {
      let difference = abs(a - b) / max(scale, .leastNormalMagnitude)
      worst = max(worst, difference.isNaN ? .infinity : difference)
      if !(difference <= tolerance) { note("\(name)[\(index)]: expected \(a), found \(b) in the \(side)") }
    }
  }

  private mutating func note(_ text: String) {
    if fault == nil { fault = text }
  }
}
