import DeepEquilibrium

/// The reports of the shards of one list, put together.
struct ShardReports {
  /// A shard's report, which its last line has completed.
  private struct Part {
    let file: String
    let records: [CheckRecord]
    let listed: Int
    let digest: String
    let shard: Shard
  }

  private var parts: [Part] = []

  /// Reads the shards of a file, one after the other: each has a line for every check, and a last one.
  ///
  /// - Throws: `FileError` if a line is not one of such a report, or if the last shard is incomplete.
  mutating func read(_ path: String) throws {
    let contents = try FileContents(reading: path)
    var records: [CheckRecord] = []
    var number = 0
    for line in contents.bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      number += 1
      if line.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }) { continue }
      let name = "\(contents.name): line \(number)"
      guard line.count > 1 else {
        throw FileError(
          .badData, file: name,
          "expected a line of deq check --manifest … --json, found another report or file")
      }
      let object = try JSONObject(JSONDocument(FileContents(Array(line), named: name)).root, keys: nil)
      if object.optional("checks") != nil {
        try append(Self.part(object, records, named: name, of: contents.name))
        records = []
      } else {
        records.append(try CheckRecord(object, line: String(decoding: line, as: UTF8.self)))
      }
    }
    if !records.isEmpty || number <= 1 {
      throw FileError(
        .badData, file: contents.name,
        "expected a last line with the summary, found \(text(records.count, "check")) without one: the shard has to be run again"
      )
    }
  }

  /// The records in order, and their summary.
  ///
  /// - Parameter partial: Whether shards may be missing.
  /// - Throws: `CommandFailure` if shards are missing that may not be.
  func merged(partial: Bool) throws -> (records: [CheckRecord], summary: CheckSummary) {
    let first = parts[0]
    let missing = Set(1...first.shard.count).subtracting(parts.map(\.shard.number)).sorted()
    guard missing.isEmpty || partial else {
      let names = missing.prefix(8).map { "\($0)/\(first.shard.count)" }.joined(separator: ", ")
      throw CommandFailure(
        .badData,
        "expected all \(first.shard.count) shards, found none for \(names)\(missing.count > 8 ? ", …" : "")")
    }
    var summary = CheckSummary(
      listed: first.listed, digest: first.digest, shard: parts.count == 1 ? first.shard : .whole)
    let records = parts.flatMap(\.records).sorted { $0.number < $1.number }
    for record in records { summary.add(record) }
    return (records, summary)
  }

  private mutating func append(_ part: Part) throws {
    if let first = parts.first {
      guard part.digest == first.digest, part.listed == first.listed else {
        throw FileError(
          .badData, file: part.file,
          "expected a shard of the same checks as in \(first.file), found one of other models or options")
      }
      guard part.shard.count == first.shard.count else {
        throw FileError(
          .badData, file: part.file,
          "expected one of \(first.shard.count) shards as in \(first.file), found one of \(part.shard.count)")
      }
    }
    guard let twin = parts.first(where: { $0.shard == part.shard }) else { return parts.append(part) }
    // A shard that ran twice is no harm where both runs say the same.
    guard twin.records.map(\.line) == part.records.map(\.line) else {
      throw FileError(
        .badData, file: part.file,
        "expected the same report as in \(twin.file), for both are of shard \(part.shard.number)/\(part.shard.count), found another"
      )
    }
  }

  /// The shard that a last line completes.
  private static func part(
    _ object: JSONObject, _ records: [CheckRecord], named name: String, of file: String
  ) throws(FileError) -> Part {
    let checks = try JSONObject(object.required("checks"), keys: ["count", "sha256"])
    let shard = try JSONObject(object.required("shard"), keys: ["number", "count"])
    let count = try shard.required("count").size(atMost: 1_000_000)
    let part = Part(
      file: file, records: records, listed: try checks.required("count").size(atMost: Int.max),
      digest: try checks.required("sha256").string(),
      shard: Shard(number: try shard.required("number").size(atMost: count), count: count))
    let expected = (1...part.listed).filter(part.shard.contains)
    guard records.map(\.number) == expected else {
      throw FileError(
        .badData, file: name,
        "expected the \(expected.count) checks of shard \(part.shard.number)/\(count) in order, "
          + "found \(records.count): the shard has to be run again")
    }
    return part
  }
}
