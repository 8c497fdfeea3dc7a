import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes to standard error; what cannot be written there cannot be reported anywhere.
func writeToStandardError(_ text: String) {
  var text = text
  text.withUTF8 { bytes in _ = write(2, bytes.baseAddress, bytes.count) }
}

/// The report on standard output: collected, and written in one go with every failure noticed.
struct Report {
  private var text = ""
  private let hasColour: Bool

  init() {
    let forbidden = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
    let dumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
    hasColour = isatty(1) == 1 && !forbidden && !dumb
  }

  /// Adds a line.
  mutating func line(_ line: String = "") {
    text += line + "\n"
  }

  /// Adds a line of a labelled, aligned list.
  mutating func row(_ label: String, _ value: String) {
    line("  " + label + String(repeating: " ", count: max(1, 13 - label.count)) + value)
  }

  /// The text in the colour of a verdict: green, yellow or red, on a terminal that has colours.
  func coloured(_ text: String, _ verdict: Verdict) -> String {
    guard hasColour else { return text }
    let code =
      switch verdict {
      case .proved: 32
      case .agrees: 33
      case .refuted, .undecided: 31
      }
    return "\u{1B}[1;\(code)m\(text)\u{1B}[0m"
  }

  /// Writes everything to standard output, or to standard error where the model itself goes to standard output.
  func write(toStandardError: Bool = false) throws(FileError) {
    if toStandardError {
      writeToStandardError(text)
    } else {
      try writeToStandardOutput(text)
    }
  }
}

/// Writes to standard output.
func writeToStandardOutput(_ text: String) throws(FileError) {
  try DescriptorSink.standardOutput().write(Array(text.utf8))
}

/// The progress of long work, on standard error, and only where that is a terminal.
struct Progress {
  private let isVisible = isatty(2) == 1

  /// Shows how far the work is, in place of what was shown before.
  func show(_ text: String) {
    if isVisible { writeToStandardError("\r\u{1B}[K\(text)") }
  }

  /// Takes the line away.
  func finish() {
    if isVisible { writeToStandardError("\r\u{1B}[K") }
  }
}
