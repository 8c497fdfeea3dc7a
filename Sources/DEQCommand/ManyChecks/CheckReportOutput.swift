import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A report on several checks, being written: in its form to standard output; or in its form to a file, and as text to
/// standard output.
struct CheckReportOutput {
  private var form: any CheckReport
  /// The text beside a file.
  private var text: (any CheckReport)?
  private let isFile: Bool
  /// What is to be in the file.
  private(set) var fileContents = ""

  init(_ options: CheckReportOptions, json: Bool) {
    let format = options.form(json: json)
    isFile = options.output != nil
    form = format.report(quiet: options.quiet && !isFile, to: isFile ? -1 : STDOUT_FILENO)
    text = isFile && format != .text ? CheckFormat.text.report(quiet: options.quiet, to: STDOUT_FILENO) : nil
  }

  /// Writes what a record adds.
  mutating func add(_ record: CheckRecord) throws {
    try write(form.add(record), text?.add(record))
  }

  /// Writes the end.
  mutating func finish(_ summary: CheckSummary) throws {
    try write(form.finish(summary), text?.finish(summary))
  }

  private mutating func write(_ formed: String, _ text: String?) throws {
    if isFile {
      fileContents += formed
      if let text, !text.isEmpty { try writeToStandardOutput(text) }
    } else if !formed.isEmpty {
      try writeToStandardOutput(formed)
    }
  }
}
