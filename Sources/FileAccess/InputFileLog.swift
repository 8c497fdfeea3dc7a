import Synchronization

/// Records the files that a model is read from, each once.
package final class InputFileLog: Sendable {
  private enum Contents {
    case inMemory(FileContents)
    case mapped(MappedFile)
  }

  private let noted: Mutex<[(path: String, contents: Contents)]> = Mutex([])

  /// An empty log.
  package init() {}

  /// Forgets all files, before they are read again.
  package func clear() { noted.withLock { $0 = [] } }

  /// Records a file that is in memory.
  package func note(_ contents: FileContents, at path: String) {
    note(.inMemory(contents), at: path)
  }

  /// Records a file that is mapped.
  package func note(_ file: MappedFile, at path: String) {
    note(.mapped(file), at: path)
  }

  private func note(_ contents: Contents, at path: String) {
    noted.withLock { files in
      if !files.contains(where: { $0.path == path }) { files.append((path, contents)) }
    }
  }

  /// The files, in the order in which they were recorded.
  ///
  /// - Complexity: Reads every file.
  /// - Throws: `FileError` if a mapped file cannot be read.
  package func files() throws(FileError) -> [InputFile] {
    var files: [InputFile] = []
    for (path, contents) in noted.withLock({ $0 }) {
      let digest =
        switch contents {
        case .inMemory(let contents): SHA256Digest(of: contents.bytes)
        case .mapped(let file): try SHA256Digest(of: file)
        }
      files.append(InputFile(path: path, digest: digest))
    }
    return files
  }
}
