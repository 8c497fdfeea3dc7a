import Synchronization

/// Notes the files that a model is read from while it is read, each once.
package final class InputFileLog: Sendable {
  private enum Contents {
    case inMemory(FileContents)
    case mapped(MappedFile)
  }

  private let noted: Mutex<[(path: String, contents: Contents)]> = Mutex([])

  /// No file so far.
  package init() {}

  /// Notes a file that stands in memory.
  package func note(_ contents: FileContents, at path: String) {
    note(.inMemory(contents), at: path)
  }

  /// Notes a file that is mapped.
  package func note(_ file: MappedFile, at path: String) {
    note(.mapped(file), at: path)
  }

  private func note(_ contents: Contents, at path: String) {
    noted.withLock { files in
      if !files.contains(where: { $0.path == path }) { files.append((path, contents)) }
    }
  }

  /// The files, in the order in which they were noted.
  ///
  /// - Complexity: Reads them.
  /// - Throws: `FileError` where a mapped file cannot be read.
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
