import FileAccess

/// A folder that holds one model, as repositories of models are laid out.
public enum ModelFolder {
  /// The endings of files that are models, and of files that may be something else, a configuration for example.
  private static let endings = [[".onnx", ".onnx.gz", ".nnet", ".nnet.gz"], [".json", ".json.gz"]]

  /// The path of a folder's only model; the path itself if it is no folder.
  ///
  /// Files that end in `.json` count only where there are no others.
  ///
  /// - Throws: `FileError` of kind `noInput` for a folder with no model or several.
  public static func model(at path: String) throws(FileError) -> String {
    guard isFolder(path) else { return path }
    let names = try namesInFolder(path)
    for endings in endings {
      let found = names.filter { name in endings.contains { name.hasSuffix($0) } }
      if found.count == 1 { return path + (path.hasSuffix("/") ? "" : "/") + found[0] }
      guard found.isEmpty else {
        let some = found.prefix(3).map { quoted($0) }.joined(separator: ", ") + (found.count > 3 ? ", …" : "")
        throw FileError(
          .noInput, file: path,
          "expected a file, or a folder with one model, found a folder with \(found.count): \(some)")
      }
    }
    throw FileError(
      .noInput, file: path,
      "expected a file, or a folder with one model, found a folder without .onnx, .nnet and .json")
  }
}
