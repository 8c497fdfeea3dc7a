import DeepEquilibrium

/// JUnit's XML, as the servers of continuous integration read it: a test case for each check, a failure for what is
/// refuted, undecided or not proved where that is required, and an error for a check that gave no verdict.
struct JUnitCheckReport: CheckReport {
  private var cases = ""
  private var failures = 0
  private var errors = 0

  mutating func add(_ record: CheckRecord) -> String {
    let name = Self.escaped(record.arguments.map(ManifestWords.quoted).joined(separator: " "))
    let opening = "    <testcase classname=\"deq.check\" name=\"\(name)\""
    guard !record.isAccepted else {
      cases += "\(opening)/>\n"
      return ""
    }
    let element = record.verdict == nil ? "error" : "failure"
    if record.verdict == nil { errors += 1 } else { failures += 1 }
    let lines = record.details.map { "\($0.label): \($0.text)" } + ["again: \(record.command)"]
    let text = lines.map(Self.escaped).joined(separator: "\n")
    let message = Self.escaped(record.headline)
    cases +=
      "\(opening)>\n      <\(element) type=\"\(record.outcome)\" message=\"\(message)\">\(text)</\(element)>\n"
    cases += "    </testcase>\n"
    return ""
  }

  func finish(_ summary: CheckSummary) -> String {
    let counts = "tests=\"\(summary.count)\" failures=\"\(failures)\" errors=\"\(errors)\""
    return """
      <?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="deq check" \(counts)>
        <testsuite name="deq check" \(counts) skipped="0">
      \(cases)  </testsuite>
      </testsuites>

      """
  }

  /// Text for an element or an attribute. What XML 1.0 cannot hold, even as a reference, is spelled out.
  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in oneLine(text).unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\u{FFFE}", "\u{FFFF}": result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
