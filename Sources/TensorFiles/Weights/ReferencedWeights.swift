import FileAccess
import LinearAlgebra

/// References to the file that the weights were read from. Numbers without a file are written in the JSON.
public final class ReferencedWeights: WeightsPlacement {
  public let file: String?
  public let digest: SHA256Digest?
  /// The weights file by every path under which it was opened.
  private let paths: Set<String>

  /// References from a JSON file to the one weights file of a model's tensors.
  ///
  /// - Parameter target: The path of the JSON file; the weights file is named relative to its folder.
  /// - Throws: `FileError` of kind `badData` if the weights came from no file, from a pipe, or from several
  ///   files.
  public init(to tensors: [Tensor<Double>], writtenTo target: String) throws(FileError) {
    let paths = Set(tensors.compactMap { ($0.source as? StoredTensor)?.path }).sorted()
    guard let path = paths.first else {
      throw FileError(.badData, file: target, "expected weights from a file to refer to, found none")
    }
    guard paths.allSatisfy({ realPath($0) == realPath(path) }) else {
      throw FileError(
        .badData, file: target,
        "expected weights from one file to refer to, found \(paths.joined(separator: ", "))")
    }
    guard firstByte(ofRegularFile: path) != nil else {
      throw FileError(
        .badData, file: target, "expected weights from a file to refer to, found them in a pipe, \(path)")
    }
    self.paths = Set(paths)
    file = relativePath(to: path, fromFolderOf: target)
    digest = try SHA256Digest(ofFileAt: path)
  }

  public func reference(to tensor: Tensor<Double>, name: String) -> String? {
    guard let stored = tensor.source as? StoredTensor, paths.contains(stored.path),
      stored.shape == tensor.shape
    else {
      return nil
    }
    return stored.name
  }
}
