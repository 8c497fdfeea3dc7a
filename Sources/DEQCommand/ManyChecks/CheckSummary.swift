import DeepEquilibrium

/// What several checks came to: how many had which outcome, and the worst exit status.
struct CheckSummary {
  /// The number of checks of the whole list.
  let listed: Int
  /// What the list asks for, by its digest.
  let digest: String
  /// The part of the list that was run.
  let shard: Shard
  private var found: [String: Int] = [:]
  /// The worst status; nil for success.
  private(set) var worst: ExitStatus?

  init(listed: Int, digest: String, shard: Shard) {
    (self.listed, self.digest, self.shard) = (listed, digest, shard)
  }

  /// Counts a record.
  mutating func add(_ record: CheckRecord) {
    found[record.outcome, default: 0] += 1
    worst = ExitStatus.worse(worst, record.exitStatus)
  }

  /// How many checks were run.
  var count: Int { found.values.reduce(0, +) }

  /// How many failed, without a verdict.
  var failed: Int { found["failed"] ?? 0 }

  /// The numbers of checks with each outcome, those with none left out.
  var counts: [(name: String, count: Int)] {
    ["proved", "agrees", "undecided", "refuted", "failed"].compactMap { name in found[name].map { (name, $0) }
    }
  }

  /// One line: `12 checks: 10 proved, 2 refuted`.
  var line: String {
    let part =
      (count == listed ? "" : " of \(text(listed))")
      + (shard == .whole ? "" : ", shard \(shard.number)/\(shard.count)")
    let outcomes = counts.map { "\(text($0.count)) \($0.name)" }.joined(separator: ", ")
    return "\(text(count, "check"))\(part)" + (outcomes.isEmpty ? "" : ": \(outcomes)")
  }

  /// The last line of JSON Lines, without which a report is known to be incomplete.
  func jsonLine() throws -> String {
    let text = try JSONText { (writer) throws(FileError) in
      try writer.heading(of: "check")
      try writer.key("checks")
      try writer.beginObject(.inLine)
      try writer.integer("count", listed)
      try writer.string("sha256", digest)
      try writer.end()
      try writer.key("shard")
      try writer.beginObject(.inLine)
      try writer.integer("number", shard.number)
      try writer.integer("count", shard.count)
      try writer.end()
      try writer.key("summary")
      try writer.beginObject(.inLine)
      for (name, count) in counts { try writer.integer(name, count) }
      try writer.end()
      try writer.integer("status", Int(worst?.rawValue ?? 0))
    }.text
    return text.split(separator: "\n").map { $0.drop { $0 == " " } }.reduce(into: "") { line, part in
      line += (line.last == "," ? " " : "") + part
    }
  }
}
