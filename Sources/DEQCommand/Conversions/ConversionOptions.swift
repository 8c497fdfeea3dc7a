import ArgumentParser
import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The options of `convert` and `recover` that say whether the result is checked and kept, and how it is reported.
///
/// It holds no other groups: in debug builds, the argument parser checks a group in a group about four times as often as
/// the group that holds it.
struct ConversionOptions: ParsableArguments {
  @Flag(inversion: .prefixedNo, help: "Check what was written before keeping it.")
  var check = true

  @Flag(help: "Replace an existing, different file.")
  var force = false

  @Flag(help: "Print the report as one JSON object.")
  var json = false

  /// The stream for reports on a model that is written to `target`: standard error where that is standard output.
  static func reportDescriptor(target: String) -> Int32 {
    target == "-" ? STDERR_FILENO : STDOUT_FILENO
  }

  /// Prints a text of a report on a model that is written to `target`.
  static func print(_ text: String, target: String) throws {
    if target == "-" { writeToStandardError(text) } else { try writeToStandardOutput(text) }
  }

  /// Prints a report on a model that was written to `target`, as text or JSON.
  ///
  /// - Throws: `CommandFailure` with the status that the check requires.
  func report(_ outcome: ConversionOutcome, target: String) throws {
    if json {
      let text = try JSONText { (writer) throws(FileError) in try outcome.writeKeys(to: &writer) }.text
      try Self.print(text, target: target)
    } else {
      try outcome.describe(to: Self.reportDescriptor(target: target))
    }
    if let status = outcome.status { throw CommandFailure(status) }
  }
}
