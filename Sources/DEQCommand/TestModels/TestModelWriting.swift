import DeepEquilibrium

/// The writing of a set of test models: every file gets its name once it is complete, and the index last.
struct TestModelWriting {
  let set: TestModelSet
  let folder: String
  let force: Bool

  /// Writes all files.
  ///
  /// Where a file is there already and --force is not given, all models are first compared with what is there, so that
  /// nothing is written beside a file that differs. A symbolic link within the folder is refused, since what it names may
  /// lie anywhere; the folder itself may be one.
  func run() throws -> [TestModelSet.Entry] {
    for path in [indexPath] + set.names.flatMap({ paths(of: $0.name) }) { try requireNoLink(path) }
    if !force, hasFiles {
      let entries = try entries { path, bytes in try requireSame(path, bytes) }
      try requireSame(indexPath, index(of: entries))
    }
    try makeFolder(folder)
    let written = try entries { path, bytes in
      try makeFolder(FileAccess.folder(of: path))
      try write(bytes, to: path)
    }
    try write(index(of: written), to: indexPath)
    return written
  }

  private var indexPath: String { path(TestModelSet.indexName) }

  private func path(_ name: String) -> String { folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)" }

  /// The folder of a model and its files.
  private func paths(of model: String) -> [String] {
    [path(model)] + TestModel.File.allCases.map { path("\(model)/\($0.rawValue)") }
  }

  /// Whether a file that is to be written, or the index, exists.
  private var hasFiles: Bool {
    AtomicFile.isRegular(indexPath)
      || set.names.contains { model in
        TestModel.File.allCases.contains { AtomicFile.isRegular(path("\(model.name)/\($0.rawValue)")) }
      }
  }

  /// Makes all models, one after the other, and passes each file to `body`.
  private func entries(_ body: (_ path: String, _ bytes: [UInt8]) throws -> Void) throws -> [TestModelSet
    .Entry]
  {
    let progress = Progress()
    defer { progress.finish() }
    return try set.names.enumerated().map { position, name in
      progress.show("\(position + 1) of \(set.names.count) models")
      let model = set.model(name.kind, at: name.index)
      let digests = try TestModel.File.allCases.map { file in
        let path = path("\(name.name)/\(file.rawValue)")
        let sink = MemorySink(named: path)
        try model.write(file, to: sink)
        try body(path, sink.bytes)
        return (file, SHA256Digest(of: sink.bytes))
      }
      return TestModelSet.Entry(name: name.name, model: model, digests: digests)
    }
  }

  private func index(of entries: [TestModelSet.Entry]) throws -> [UInt8] {
    let sink = MemorySink(named: indexPath)
    try set.writeIndex(of: entries, to: sink)
    return sink.bytes
  }

  private func write(_ bytes: [UInt8], to path: String) throws {
    try writeFiles(
      [(path, { sink throws(FileError) in try sink.write(bytes) })], force: force, followsLinks: false)
  }

  private func requireSame(_ path: String, _ bytes: [UInt8]) throws {
    guard AtomicFile.isRegular(path) else { return }
    guard try FileContents(reading: path, isInput: false).bytes == bytes else {
      throw FileError(
        .cannotCreate, file: path, "exists and differs from what would be written; --force replaces it")
    }
  }
}
