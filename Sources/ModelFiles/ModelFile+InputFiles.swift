import FileAccess

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
