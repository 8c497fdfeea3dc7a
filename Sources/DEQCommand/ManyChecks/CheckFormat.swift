import ArgumentParser
import DeepEquilibrium

/// The forms of a report on checks.
enum CheckFormat: String, ExpressibleByArgument, CaseIterable {
  /// For people.
  case text
  /// For programs: one object for one check, and JSON Lines for several.
  case json
  /// For servers of continuous integration: JUnit's XML.
  case junit
  /// For GitHub Actions: workflow commands, which become annotations.
  case github
  /// For code scanning: SARIF 2.1.0.
  case sarif
}

/// A report on several checks that grows with each record.
protocol CheckReport {
  /// What a record adds at once.
  mutating func add(_ record: CheckRecord) throws -> String
  /// What follows the last record.
  mutating func finish(_ summary: CheckSummary) throws -> String
}

extension CheckFormat {
  /// An empty report of this form.
  ///
  /// - Parameters:
  ///   - quiet: Whether it leaves out checks that succeed, and the summary if all do; for `text`.
  ///   - descriptor: Where a text goes, which has colour on a terminal; -1 for a file.
  func report(quiet: Bool, to descriptor: Int32) -> any CheckReport {
    switch self {
    case .text: TextCheckReport(isQuiet: quiet, descriptor: descriptor)
    case .json: JSONLinesCheckReport()
    case .junit: JUnitCheckReport()
    case .github: GitHubCheckReport()
    case .sarif: SARIFCheckReport()
    }
  }
}

/// The form of a report, and where it goes.
struct CheckReportOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      The form of the report: text, json (with --manifest and --pattern JSON Lines, a line for each check), junit, github \
      (annotations of GitHub Actions) or sarif. (default: text)
      """, valueName: "form"))
  var format: CheckFormat?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "Write the report to a file; standard output then has the text, unless that is the form.",
      valueName: "file"))
  var output: String?

  @Flag(help: "Print nothing about a check that succeeds.")
  var quiet = false

  /// Whether one of them is on the command line.
  var isGiven: Bool { format != nil || output != nil || quiet }

  /// The form that is meant, with `--json` as a short name of one.
  func form(json: Bool) -> CheckFormat { format ?? (json ? .json : .text) }

  /// Refuses options that exclude each other.
  func validate(json: Bool) throws {
    if json, let format, format != .json {
      throw ValidationError("--json: expected no other --format, found \(format.rawValue)")
    }
    if quiet, output == nil, form(json: json) != .text {
      throw ValidationError("--quiet: expected a report as text, found \(form(json: json).rawValue)")
    }
    if output == "-" {
      throw ValidationError("--output: expected a file, found -; without it, standard output")
    }
  }
}
