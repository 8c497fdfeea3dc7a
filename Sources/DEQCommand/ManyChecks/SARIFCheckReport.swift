import DeepEquilibrium

/// SARIF 2.1.0 (OASIS, 2020), for code scanning: a result for each check that does not succeed, at the second model, with
/// the first one related to it.
struct SARIFCheckReport: CheckReport {
  private var records: [CheckRecord] = []

  /// The rules that results refer to, with what breaking them means.
  private static let rules: [(id: String, name: String, text: String)] = [
    (
      "refuted", "Refuted", "There is an input on which the two models differ by more than rounding explains."
    ),
    ("undecided", "Undecided", "The models are neither proved to be the same function nor shown to differ."),
    (
      "not-proved", "NotProved",
      "The models agree on every tested input, but a proof is required and there is none."
    ),
    ("failed", "Failed", "The check gave no verdict, since a file could not be read or resources ran out."),
  ]

  mutating func add(_ record: CheckRecord) -> String {
    if !record.isAccepted { records.append(record) }
    return ""
  }

  func finish(_ summary: CheckSummary) throws -> String {
    try JSONText { (writer) throws(FileError) in
      try writer.string(
        "$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json")
      try writer.string("version", "2.1.0")
      try writer.key("runs")
      try writer.beginArray()
      try writer.beginObject()
      try Self.writeTool(to: &writer)
      try writer.key("invocations")
      try writer.beginArray(.inLine)
      try writer.beginObject(.inLine)
      try writer.key("executionSuccessful")
      try writer.boolean(summary.failed == 0)
      try writer.integer("exitCode", Int(summary.worst?.rawValue ?? 0))
      try writer.end()
      try writer.end()
      try writer.key("results")
      try writer.beginArray()
      for record in records { try Self.write(record, to: &writer) }
      try writer.end()
      try writer.end()
      try writer.end()
    }.text
  }

  private static func writeTool(to writer: inout JSONWriter) throws(FileError) {
    try writer.key("tool")
    try writer.beginObject()
    try writer.key("driver")
    try writer.beginObject()
    try writer.string("name", "deq")
    try writer.string("version", DEQ.version)
    try writer.string("semanticVersion", DEQ.version)
    try writer.key("rules")
    try writer.beginArray()
    for rule in rules {
      try writer.beginObject(.inLine)
      try writer.string("id", rule.id)
      try writer.string("name", rule.name)
      for key in ["shortDescription", "fullDescription", "help"] {
        try write(message: rule.text, key, to: &writer)
      }
      try writer.key("defaultConfiguration")
      try writer.beginObject(.inLine)
      try writer.string("level", "error")
      try writer.end()
      try writer.end()
    }
    try writer.end()
    try writer.end()
    try writer.end()
  }

  private static func write(_ record: CheckRecord, to writer: inout JSONWriter) throws(FileError) {
    let rule = record.verdict == .agrees || record.verdict == .proved ? "not-proved" : record.outcome
    let lines =
      ["\(record.outcome): \(record.headline)"] + record.details.map { "\($0.label): \($0.text)" }
      + ["again: \(record.command)"]
    try writer.beginObject()
    try writer.string("ruleId", rule)
    try writer.integer("ruleIndex", rules.firstIndex { $0.id == rule } ?? 0)
    try writer.string("level", "error")
    try write(message: lines.map(oneLine).joined(separator: "\n"), "message", to: &writer)
    try writer.key("locations")
    try writer.beginArray(.inLine)
    if let file = record.file { try write(location: file, to: &writer) }
    try writer.end()
    try writer.key("relatedLocations")
    try writer.beginArray(.inLine)
    for file in record.models.dropLast() { try write(location: file, to: &writer) }
    try writer.end()
    try writer.key("partialFingerprints")
    try writer.beginObject(.inLine)
    let words = record.arguments.map { "\($0.utf8.count):\($0)" }.joined()
    try writer.string("arguments/v1", SHA256Digest(of: Array(words.utf8)).description)
    try writer.end()
    try writer.end()
  }

  private static func write(
    message: String, _ key: String, to writer: inout JSONWriter
  ) throws(FileError) {
    try writer.key(key)
    try writer.beginObject(.inLine)
    try writer.string("text", message)
    try writer.end()
  }

  private static func write(location file: String, to writer: inout JSONWriter) throws(FileError) {
    try writer.beginObject(.inLine)
    try writer.key("physicalLocation")
    try writer.beginObject(.inLine)
    try writer.key("artifactLocation")
    try writer.beginObject(.inLine)
    try writer.string("uri", uri(ofFile: file))
    try writer.end()
    // A model has no lines of interest; readers that show results in files want one all the same.
    try writer.key("region")
    try writer.beginObject(.inLine)
    try writer.integer("startLine", 1)
    try writer.end()
    try writer.end()
    try writer.end()
  }

  /// The reference of a file: a relative one stays relative, to the folder of the command, and an absolute one begins with
  /// `file://`. Bytes other than RFC 3986's unreserved ones and the slash are percent-encoded.
  static func uri(ofFile name: String) -> String {
    let digits = Array("0123456789ABCDEF")
    let encoded = systemName(name).dropLast().map { UInt8(bitPattern: $0) }.map { byte -> String in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: "/"):
        String(Unicode.Scalar(byte))
      default: "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }.joined()
    return (name.hasPrefix("/") ? "file://" : "") + encoded
  }
}
