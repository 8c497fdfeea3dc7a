import DeepEquilibrium

/// A report for people: a line for each check, and what it rests on where it does not succeed.
struct TextCheckReport: CheckReport {
  let isQuiet: Bool
  let descriptor: Int32

  func add(_ record: CheckRecord) -> String {
    if isQuiet, record.isAccepted { return "" }
    var report = Report(to: descriptor)
    if let verdict = record.verdict {
      report.headline(verdict, record.headline)
    } else {
      report.sentence("failed: \(record.headline)")
    }
    guard !record.isAccepted else { return report.contents }
    for (label, text) in record.details { report.row(label, text) }
    report.row("again", record.command)
    return report.contents
  }

  func finish(_ summary: CheckSummary) -> String {
    if isQuiet, summary.worst == nil { return "" }
    var report = Report(to: descriptor)
    report.sentence(summary.line)
    return report.contents
  }
}

/// JSON Lines: each check's own report on a line, with the key `check` added, and a last line that sums them up.
struct JSONLinesCheckReport: CheckReport {
  func add(_ record: CheckRecord) -> String { record.line + "\n" }
  func finish(_ summary: CheckSummary) throws -> String { try summary.jsonLine() + "\n" }
}

/// Workflow commands of GitHub Actions: an annotation for each check that does not succeed, and plain lines for others.
struct GitHubCheckReport: CheckReport {
  func add(_ record: CheckRecord) -> String {
    guard !record.isAccepted else { return Self.plain("\(record.outcome): \(record.headline)") + "\n" }
    let lines =
      ["\(record.outcome): \(record.headline)"] + record.details.map { "\($0.label): \($0.text)" }
      + ["again: \(record.command)"]
    let file = record.file.map { "file=\(Self.escapedProperty($0))," } ?? ""
    return "::error \(file)title=\(Self.escapedProperty("deq check: \(record.outcome)"))::"
      + Self.escapedData(lines.map(oneLine).joined(separator: "\n")) + "\n"
  }

  func finish(_ summary: CheckSummary) -> String {
    "::notice title=deq check::\(Self.escapedData(summary.line))\n"
  }

  /// A message, in which the runner would read a line break as the end of the command.
  static func escapedData(_ text: String) -> String {
    text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
  }

  /// The value of a property, which a comma or a colon would end besides.
  static func escapedProperty(_ text: String) -> String {
    escapedData(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
  }

  /// A line that is no command, whatever the names in it: the runner looks for `##[` anywhere.
  private static func plain(_ line: String) -> String { oneLine(line).replacing("##[", with: "## [") }
}

extension CheckRecord {
  /// The file that an annotation is about: the second model.
  var file: String? { models.last }
}

extension String {
  /// The text with each occurrence of a part replaced; the library's own needs all of Foundation.
  fileprivate func replacing(_ part: String, with other: String) -> String {
    var result = ""
    var rest = unicodeScalars[...]
    while !rest.isEmpty {
      if rest.starts(with: part.unicodeScalars) {
        result += other
        rest = rest.dropFirst(part.unicodeScalars.count)
      } else {
        result.unicodeScalars.append(rest.removeFirst())
      }
    }
    return result
  }
}
