import FileAccess
import ONNXImport

extension ModelFile {
  /// Reads a model as `read` does, and returns the files that were read for it: the model's own, then its
  /// weights files, each ONNX file followed by its external data, in the order of first reference.
  ///
  /// - Complexity: Reads every byte of all these files, including unused weights.
  /// - Throws: `FileError`, as `read` does.
  public static func readNotingFiles(
    _ path: String, as reading: ONNXReading = ONNXReading()
  ) throws(FileError) -> (model: ModelFile, files: [InputFile]) {
    let log = InputFileLog()
    let model = try read(path, as: reading, formats: Format.allCases, noting: log)
    return (model, try log.files())
  }

  /// Reads a model from a file in memory, as `read` does, and returns the files that were read for it.
  ///
  /// - Parameter weights: The path of the weights file, if it is not the one that the contents name.
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
