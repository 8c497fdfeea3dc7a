import DeepEquilibrium

/// The result of one check of several, with the line of JSON that holds it.
struct CheckRecord {
  /// Its place in the whole list, from 1.
  let number: Int
  /// What follows `deq check` on its command line.
  let arguments: [String]
  /// Its exit status.
  let status: Int
  /// The models' names, the second one last.
  let models: [String]
  /// Proved, agrees, refuted or undecided; nil where the check has failed.
  let verdict: Verdict?
  /// The sentence that says the result, without the verdict.
  let headline: String
  /// What the verdict rests on where it is not proved, a line each, with a label.
  let details: [(label: String, text: String)]
  /// The whole record as one line of JSON.
  let line: String

  /// Whether the check is one that succeeds.
  var isAccepted: Bool { status == 0 }

  /// `proved`, …, or `failed`.
  var outcome: String { verdict?.rawValue ?? "failed" }

  /// The command that gives the whole report.
  var command: String { "deq check " + arguments.map(ManifestWords.quoted).joined(separator: " ") }

  /// The exit status as the command's own.
  var exitStatus: ExitStatus? {
    status == 0 ? nil : ExitStatus(rawValue: Int32(clamping: status)) ?? .noMemory
  }
}

// MARK: From a process that has ended

extension CheckRecord {
  /// The record of a check whose process has ended.
  init(of check: ListedCheck, ending: CheckProcess.Ending) throws {
    let status = ending.status ?? ExitStatus.noMemory.rawValue
    let heading = try Self.heading(check, Int(status))
    var line = heading + ", \"failure\": \(try Self.failure(of: ending))}"
    let report = String(decoding: ending.output, as: UTF8.self)
    // The keys that every report begins with are those of the record; the others follow it.
    let own = try Self.onOneLine(
      JSONText { (writer) throws(FileError) in try writer.heading(of: "check") }.text
    ).dropLast()
    if ending.status != nil, !report.isEmpty {
      let report = Self.onOneLine(report)
      if report.hasPrefix(own + ", ") { line = heading + report.dropFirst(own.count) }
    }
    try self.init(parsing: Array(line.utf8), of: "the report of a check")
  }

  /// The keys of the record's own, without the brace at their end.
  private static func heading(_ check: ListedCheck, _ status: Int) throws -> String {
    let text = try JSONText { (writer) throws(FileError) in
      try writer.heading(of: "check")
      try writer.key("check")
      try writer.beginObject(.inLine)
      try writer.integer("number", check.number)
      try writer.strings("arguments", check.arguments)
      try writer.integer("status", status)
      try writer.end()
    }.text
    return String(onOneLine(text).dropLast())
  }

  /// The message of a process that gave no report, as a string of JSON.
  private static func failure(of ending: CheckProcess.Ending) throws -> String {
    var message = oneLine(String(decoding: ending.errors.suffix(2000), as: UTF8.self))
    if let document = try? JSONDocument(FileContents(ending.errors, named: "")),
      let error = try? JSONObject(document.root, keys: nil).optional("error"),
      let text = try? JSONObject(error, keys: nil).optional("message")?.string()
    {
      message = text
    } else if ending.signal != 0 {
      message = "the process was ended by signal \(ending.signal)" + (message.isEmpty ? "" : ": \(message)")
    } else if message.isEmpty {
      message = "the process ended with status \(ending.status ?? 0) and no report"
    }
    return escaped(message)
  }

  /// JSON on one line: a line break is never within a string.
  private static func onOneLine(_ text: String) -> String {
    var line = ""
    for part in text.split(separator: "\n") {
      let part = part.drop { $0 == " " }
      if line.last == "," { line += " " }
      line += part
    }
    return line
  }
}

// MARK: From a line of JSON

extension CheckRecord {
  /// A record as it was written.
  ///
  /// - Throws: `FileError` if the line is no record of a check.
  init(parsing bytes: [UInt8], of file: String) throws(FileError) {
    let document = try JSONDocument(FileContents(bytes, named: file))
    try self.init(JSONObject(document.root, keys: nil), line: String(decoding: bytes, as: UTF8.self))
  }

  /// A record, of which `line` is the text.
  init(_ object: JSONObject, line: String) throws(FileError) {
    let check = try JSONObject(object.required("check"), keys: ["number", "arguments", "status"])
    number = try check.required("number").size(atMost: Int.max)
    arguments = try check.required("arguments").elements("arguments").map { value throws(FileError) in
      try value.string()
    }
    status = try check.required("status").extent()
    self.line = line
    if let failure = object.optional("failure") {
      let command = try? CheckCommand.parse(RequiredProof.completed(arguments))
      models = command.map { $0.files + [$0.against].compactMap { $0 } } ?? []
      (verdict, headline, details) = (nil, try failure.string(), [])
      return
    }
    let word = try object.required("verdict")
    guard let verdict = Verdict(rawValue: try word.string()) else { throw word.expected("a verdict") }
    self.verdict = verdict
    headline = try object.required("headline").string()
    models = try Self.models(object.required("first")) + Self.models(object.required("second"))
    details = try Self.details(of: object, verdict, status)
  }

  /// The names of one side of a report.
  private static func models(_ side: JSONValue) throws(FileError) -> [String] {
    try JSONObject(side, keys: nil).required("models").elements("models").map { value throws(FileError) in
      try value.string()
    }
  }

  /// What the verdict rests on where it is not proved.
  private static func details(
    of report: JSONObject, _ verdict: Verdict, _ status: Int
  ) throws(FileError) -> [(label: String, text: String)] {
    var details: [(label: String, text: String)] = []
    if verdict != .refuted, verdict != .undecided, status != 0 {
      details.append(("required", "a proof, by --require-proof"))
    }
    let function = try JSONObject(report.required("function"), keys: nil)
    if status != 0, let difference = function.optional("difference") {
      let found = try JSONObject(difference, keys: nil)
      let row = found.optional("row").map { " row \($0.summary)" } ?? ""
      let column = found.optional("column").map { " column \($0.summary)" } ?? ""
      let values = try "\(found.required("first").string()) and \(found.required("second").string())"
      details.append(("not proved", try "\(found.required("place").string())\(row)\(column): \(values)"))
    } else if status != 0, let reason = function.optional("reason") {
      details.append(("not proved", try reason.string()))
    }
    if let example = report.optional("counterexample") {
      let found = try JSONObject(JSONObject(example, keys: nil).required("difference"), keys: nil)
      let place = try "\(found.required("quantity").string())[\(found.required("index").summary)]"
      details.append(
        ("where", try "\(place): \(found.required("first").summary) and \(found.required("second").summary)"))
    }
    for warning in try report.required("warnings").elements("warnings") {
      details.append(("warning", try warning.string()))
    }
    return details
  }
}
