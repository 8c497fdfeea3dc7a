import ArgumentParser
import DeepEquilibrium

/// One check of several: what follows `deq check` on its command line.
struct ListedCheck {
  /// Its place in the whole list, from 1.
  let number: Int
  /// The options of all checks, then its own models and options.
  let arguments: [String]
  /// The files that the arguments name.
  let files: [String]
}

/// The checks that a manifest or a pair of patterns lists.
struct CheckList {
  /// All of them, in order; those of one shard are a part.
  let all: [ListedCheck]
  /// The part that is to be run.
  let shard: Shard

  /// The checks of the shard, in order.
  var selected: [ListedCheck] { all.filter { shard.contains($0.number) } }

  /// SHA-256 of everything that the list asks for: shards of one list have the same.
  var digest: SHA256Digest {
    let words = all.map { check in check.arguments.map { "\($0.utf8.count):\($0)" }.joined() + "\n" }
    return SHA256Digest(of: Array(words.joined().utf8))
  }

  /// The checks of a manifest: one a line, empty lines and comments aside.
  ///
  /// - Parameter options: The options that all of them share.
  /// - Throws: `FileError` naming the line of a check that the command would not accept.
  init(manifest path: String, options: [String], shard: Shard) throws {
    let contents = try FileContents(reading: path)
    guard contents.bytes.first != UInt8(ascii: "{"), !contents.bytes.contains(0) else {
      throw FileError(
        .badData, file: contents.name,
        "expected a manifest, a line with two models for each check, found a model")
    }
    var bytes = contents.bytes[...]
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    let twoModels = TwoModels(options: options)
    var checks: [ListedCheck] = []
    for (index, line) in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .enumerated()
    {
      let words = try ManifestWords.words(of: text(ofSystemName: line), at: index + 1, of: contents.name)
      guard !words.isEmpty else { continue }
      let files =
        try twoModels.files(of: words)
        ?? Self.files(of: options + words, at: "\(index + 1)", of: contents.name)
      checks.append(ListedCheck(number: checks.count + 1, arguments: options + words, files: files))
    }
    guard !checks.isEmpty else {
      throw FileError(
        .badData, file: contents.name, "expected a line with two models for each check, found none")
    }
    (all, self.shard) = (checks, shard)
  }

  /// A check for each text that makes one of two patterns the name of a file.
  ///
  /// - Parameter options: The options that all of them share.
  init(_ patterns: [String], options: [String], shard: Shard) throws {
    let (first, second) = try (FilePattern(patterns[0]), FilePattern(patterns[1]))
    // Where a name fits both patterns, as model.deq.json fits *.json and *.deq.json, it is a second one.
    let texts = try Set(first.texts().filter { second.text(in: first.name(with: $0)) == nil })
      .union(second.texts())
    guard !texts.isEmpty else {
      throw CommandFailure(
        .noInput, "--pattern: expected files like \(patterns[0]) or \(patterns[1]), found none")
    }
    let twoModels = TwoModels(options: options)
    all = try texts.sorted().enumerated().map { index, text in
      let names = [first.name(with: text), second.name(with: text)]
      let files = try twoModels.files(of: names) ?? Self.files(of: options + names, at: "", of: "--pattern")
      return ListedCheck(number: index + 1, arguments: options + names, files: files)
    }
    self.shard = shard
  }

  /// The files that the arguments of a check name.
  ///
  /// - Throws: `FileError` for arguments that the command would refuse later, or that ask for many checks themselves.
  private static func files(of arguments: [String], at place: String, of file: String) throws -> [String] {
    do {
      return try files(of: arguments)
    } catch {
      let message = CheckCommand.message(for: error).split(whereSeparator: \.isNewline).first ?? ""
      let isHelp = CheckCommand.exitCode(for: error) == .success
      throw FileError(
        .badData, file: file, place: place,
        isHelp ? "expected the arguments of a check, found a request for help" : String(message))
    }
  }
}

extension CheckList {
  /// The files that the arguments of a check name.
  ///
  /// - Throws: What the parser says of arguments that it does not accept, and `ValidationError`.
  fileprivate static func files(of arguments: [String]) throws -> [String] {
    let check = try CheckCommand.parse(RequiredProof.completed(arguments))
    if check.list.isRequested || check.report.isGiven || check.json {
      throw ValidationError("expected options of one check, found one of the list or of the report")
    }
    let files = check.files + [check.against, check.tried.input].compactMap { $0 }
    if files.contains("-") { throw ValidationError("expected files, found - for standard input") }
    return files
  }

  /// Checks of two models without options of their own: the options of all checks are parsed once for all of them, since
  /// parsing takes a millisecond.
  private struct TwoModels {
    /// The files that the options name; nil where two models after the options are not accepted as such.
    private let shared: [String]?

    init(options: [String]) {
      let names = ["first", "second"]
      let files = (try? CheckList.files(of: options + names)) ?? []
      shared = files.starts(with: names) ? Array(files.dropFirst(names.count)) : nil
    }

    /// The files of a check with these words after the options; nil where they have to be parsed.
    func files(of words: [String]) -> [String]? {
      guard let shared, words.count == 2, !words.contains(where: { $0.hasPrefix("-") }) else { return nil }
      return words + shared
    }
  }
}

/// A part of a list of checks, `K/N` on the command line: every N-th check, beginning with the K-th.
struct Shard: ExpressibleByArgument, Equatable {
  /// The number of the part, from 1.
  let number: Int
  /// The number of parts.
  let count: Int

  /// The whole list.
  static let whole = Shard(number: 1, count: 1)

  init(number: Int, count: Int) {
    (self.number, self.count) = (number, count)
  }

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let count = parts[1], (1...1_000_000).contains(count),
      (1...count).contains(number)
    else { return nil }
    self.init(number: number, count: count)
  }

  /// Whether the check of this number belongs to the part.
  func contains(_ check: Int) -> Bool { (check - 1) % count == number - 1 }
}
