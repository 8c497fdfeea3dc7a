import ArgumentParser
import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The options that `convert` and `recover` share: where the result goes, how it is checked and reported.
struct ConversionOptions: ParsableArguments {
  @OptionGroup var placement: WeightsOption

  @Flag(inversion: .prefixedNo, help: "Check what was written before keeping it.")
  var check = true

  @Flag(help: "Replace an existing, different file.")
  var force = false

  @OptionGroup(title: "Solver options of the check") var solve: SolveOptions

  @OptionGroup var reading: ReadingOptions

  @OptionGroup var threading: ThreadsOption

  @Flag(help: "Print the report as one JSON object.")
  var json = false

  /// Applies the settings of the whole process: memory, outside files, threads.
  func apply() {
    reading.apply()
    threading.apply()
  }

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
