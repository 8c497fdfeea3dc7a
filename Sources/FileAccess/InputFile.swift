/// A file that a model was read from, and which contents it had.
public struct InputFile: Sendable, Hashable {
  /// The path that it was opened by; `-` is standard input.
  public let path: String
  /// SHA-256 of its bytes.
  public let digest: SHA256Digest

  /// A file with these contents.
  public init(path: String, digest: SHA256Digest) {
    self.path = path
    self.digest = digest
  }

  /// What stands for all files of a model: SHA-256 of their digests, one behind the other.
  public static func identity(of files: [InputFile]) -> SHA256Digest {
    SHA256Digest(of: files.flatMap(\.digest.bytes))
  }
}

extension ModelFile {
  /// Reads a model as `read` does, and says which files were read for it: the model's own, then its weights files, and
  /// behind an ONNX file its external data, in the order in which the file first refers to them.
  ///
  /// - Complexity: Reads every byte of all these files, weights that nobody asks for too.
  /// - Throws: `FileError`, as `read` does.
  public static func readNotingFiles(
    _ path: String
  ) throws(FileError) -> (model: ModelFile, files: [InputFile]) {
    let log = InputFileLog()
    let model = try read(path, formats: Format.allCases, noting: log)
    return (model, try log.files())
  }

  /// Reads a model from a file that is in memory, as `read` does, and says which files were read for it.
  ///
  /// - Parameter weights: The path of the weights file, where it is not the one that the contents name.
  /// - Throws: `FileError`, as `read` does.
  public static func readNotingFiles(
    _ contents: FileContents, weights: String? = nil
  ) throws(FileError) -> (model: ModelFile, files: [InputFile]) {
    let log = InputFileLog()
    log.note(contents, at: contents.name)
    let model = try read(contents, formats: Format.allCases, weights: weights, noting: log)
    return (model, try log.files())
  }
}
