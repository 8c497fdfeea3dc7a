import ArgumentParser
import DeepEquilibrium

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Puts the reports of deq check --shard together, or gives a report another form.",
    usage: "deq merge <files> ... [<options>]",
    discussion: """
      Each file has the JSON Lines that deq check --manifest FILE --shard K/N --json writes; standard input may have \
      several of them one after the other. The result is the report that the command without --shard writes, byte for \
      byte, and so is the exit status. Where a shard is missing, is incomplete since its worker was killed, or has other \
      checks than the first one, nothing is written, and the message says which shard has to be run again.

      Examples:
        deq merge shard-*.jsonl
        deq merge shard-*.jsonl --format junit --output deq.xml
      """)

  @Argument(help: "The reports of the shards, in any order; - is standard input.")
  var files: [String]

  @Flag(help: "Report on the shards that are there, although others are missing; not as JSON.")
  var partial = false

  @OptionGroup var report: CheckReportOptions

  @Flag(help: "Replace an existing, different output.")
  var force = false

  @Flag(help: "Print JSON Lines, like --format json.")
  var json = false

  func validate() throws {
    try report.validate(json: json)
    if partial, report.form(json: json) == .json {
      throw ValidationError("--partial: expected another form than JSON Lines, which stand for all checks")
    }
  }

  func run() throws {
    try ModelArguments.requireOneStandardInput(files)
    var shards = ShardReports()
    for file in files { try shards.read(file) }
    let (records, summary) = try shards.merged(partial: partial)
    var output = CheckReportOutput(report, json: json)
    for record in records { try output.add(record) }
    try output.finish(summary)
    if let file = report.output { try writeFile(output.fileContents, to: file, force: force) }
    if let worst = summary.worst { throw CommandFailure(worst) }
  }
}
