import ArgumentParser
import DeepEquilibrium

extension TestModelKind: ExpressibleByArgument {}

struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Test models with inputs, exact equilibria and gradients, for the tests of other libraries.",
    usage: "deq generate [--kind <kind>]… -o <folder> [<options>]",
    discussion: """
      Every model is a folder, mlp-0, mlp-1, …: network.json, its equilibrium model network.deq.json, and expected.json with \
      inputs, cotangents, outputs, states, adjoints and the gradients of all parameters; tensors.safetensors and \
      tensors.npz hold the same numbers and the parameters. index.json, written last, lists all models with the SHA-256 of each \
      file.

      Results are computed with about 32 digits and then rounded, so that each is the double nearest to the exact value; \
      error in expected.json bounds what is lost before that rounding. Weights and inputs are multiples of 1/1024, which \
      single precision holds too. The same options write the same bytes, on every machine.

      Examples:
        deq generate -o models                            one model of every kind
        deq generate --kind mondeq --count 20 --seed 1 --width 32 -o models
        deq fixtures models                               solves them all again, and compares
      """)

  @Option(
    help: ArgumentHelp(
      """
      A kind, once for each that is wanted: mlp, cnn, transformer, deq, mondeq or multiscale. (default: all)
      """))
  var kind: [TestModelKind] = []

  @Option(parsing: .unconditional, help: "How many models of each kind.")
  var count = 1

  @Option(parsing: .unconditional, help: "What decides all of them: the same seed, the same models.")
  var seed: UInt64 = 0

  @Option(parsing: .unconditional, help: "The width of layers and states, 2 to 256.")
  var width = 8

  @Option(parsing: .unconditional, help: "How many samples each model has.")
  var samples = 4

  @Option(name: .shortAndLong, help: "The folder to write to; it is made if it is missing.")
  var output: String

  @Flag(help: "Replace existing, different files.")
  var force = false

  @OptionGroup var threading: ThreadsOption

  @Flag(help: "Print the report as one JSON object.")
  var json = false

  func validate() throws {
    for (name, value, range) in [
      ("--count", count, 1...100_000), ("--width", width, TestModelSize.widths),
      ("--samples", samples, 1...10_000),
    ] where !range.contains(value) {
      throw ValidationError(
        "\(name): expected a number from \(range.lowerBound) to \(range.upperBound), found \(value)")
    }
    guard output != "-" else {
      throw ValidationError("--output: expected a folder, found standard output")
    }
  }

  func run() throws {
    threading.apply()
    let writing = TestModelWriting(
      set: TestModelSet(
        kinds: TestModelKind.allCases.filter { kind.isEmpty || kind.contains($0) }, count: count, seed: seed,
        size: TestModelSize(width: width, samples: samples)), folder: output, force: force)
    try show(try writing.run())
  }

  private func show(_ entries: [TestModelSet.Entry]) throws {
    let kinds = TestModelKind.allCases.filter { kind in entries.contains { $0.kind == kind } }
    guard !json else { return try writeToStandardOutput(try report(on: entries)) }
    var lines = Report()
    lines.sentence(
      "generated: \(output) holds \(text(entries.count, "model")) with exact equilibria and gradients")
    for kind in kinds {
      lines.row(kind.rawValue, "\(text(entries.count { $0.kind == kind }, "model")), \(kind.summary)")
    }
    lines.row(
      "error",
      "at most \(text(entries.map(\.error.largest).max() ?? 0)) before the numbers are rounded to doubles")
    lines.row("files", TestModel.File.allCases.map(\.rawValue).joined(separator: ", ") + " for each")
    lines.row("index", "\(output)/\(TestModelSet.indexName), with the SHA-256 of each file")
    try lines.write()
  }

  private func report(on entries: [TestModelSet.Entry]) throws -> String {
    try JSONText { (writer) throws(FileError) in
      try writer.heading(of: "generate")
      try writer.string("folder", output)
      try writer.string("seed", "\(seed)")
      try writer.integer("width", width)
      try writer.integer("samplesOfEach", samples)
      try writer.key("models")
      try writer.beginArray()
      for entry in entries {
        try writer.beginObject(.inLine)
        try writer.string("name", entry.name)
        try writer.string("kind", entry.kind.rawValue)
        try writer.key("error")
        try entry.error.write(to: &writer)
        try writer.end()
      }
      try writer.end()
    }.text
  }
}
