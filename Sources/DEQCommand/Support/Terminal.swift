import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writes to standard error; a failure is ignored, since there is nowhere to report it.
func writeToStandardError(_ text: String) {
  try? DescriptorSink(STDERR_FILENO, named: "standard error").write(Array(text.utf8))
}

/// Whether a descriptor is a terminal that interprets escape sequences.
private func isTerminal(_ descriptor: Int32) -> Bool {
  let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? true
  return isatty(descriptor) == 1 && !isDumb
}

/// A report, collected and written at once.
struct Report {
  private var text = ""
  /// The labelled lines so far, for a report that is not on a terminal.
  private(set) var rows: [(label: String, text: String)] = []
  private let descriptor: Int32
  private let hasColour: Bool

  /// A report on standard output, or on standard error if a model is written to standard output.
  init(to descriptor: Int32 = STDOUT_FILENO) {
    let isForbidden = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
    self.descriptor = descriptor
    hasColour = isTerminal(descriptor) && !isForbidden
  }

  /// Adds the summary line, with the verdict in its colour.
  mutating func headline(_ verdict: Verdict, _ line: String) {
    text += "\(coloured(verdict)): \(oneLine(line))\n"
  }

  /// Adds a line; line breaks and escape sequences in names are neutralised.
  mutating func line(_ line: String = "") {
    text += oneLine(line) + "\n"
  }

  /// Adds a line of a labelled, aligned list.
  mutating func row(_ label: String, _ value: String) {
    rows.append((label, value))
    line("  " + label + String(repeating: " ", count: max(1, 13 - label.count)) + value)
  }

  /// The verdict in green, yellow or red, on a terminal with colours.
  private func coloured(_ verdict: Verdict) -> String {
    guard hasColour else { return verdict.rawValue }
    let code =
      switch verdict {
      case .proved: 32
      case .agrees: 33
      case .refuted, .undecided: 31
      }
    return "\u{1B}[1;\(code)m\(verdict.rawValue)\u{1B}[0m"
  }

  /// Writes everything; failures on standard error are ignored, since there is nowhere to report them.
  func write() throws(FileError) {
    if descriptor == STDERR_FILENO { return writeToStandardError(text) }
    try writeToStandardOutput(text)
  }
}

/// Writes to standard output.
func writeToStandardOutput(_ text: String) throws(FileError) {
  try DescriptorSink.standardOutput().write(Array(text.utf8))
}

/// The progress of long work, on standard error if that is a terminal.
struct Progress {
  private let isVisible = isTerminal(STDERR_FILENO)

  /// Shows the progress, in place of the previous text.
  func show(_ text: String) {
    if isVisible { writeToStandardError("\r\u{1B}[K\(oneLine(text))") }
  }

  /// Clears the line.
  func finish() {
    if isVisible { writeToStandardError("\r\u{1B}[K") }
  }
}
