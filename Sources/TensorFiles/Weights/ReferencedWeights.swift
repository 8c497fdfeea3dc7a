import FileAccess
import LinearAlgebra

/// References to the file that the weights were read from. Numbers without a file are written in the JSON, and so is all
/// of a model that has no weights from a file.
public final class ReferencedWeights: WeightsPlacement {
  public let file: String?
  public let digest: SHA256Digest?
  /// The weights file by every path under which it was opened.
  private let paths: Set<String>

  /// References from a JSON file to the one weights file of a model's tensors.
  ///
  /// - Parameters:
  ///   - target: The path of the JSON file; the weights file is named relative to its folder.
  ///   - requiresFile: Whether tensors of which none came from a file are refused, and not written in the JSON.
  /// - Throws: `FileError` of kind `badData` if the weights came from a pipe, from several files, or
  ///   from none although one is required.
  public init(to tensors: [Tensor<Double>], writtenTo target: String, requiresFile: Bool = true)
    throws(FileError)
  {
    let paths = Set(tensors.compactMap { ($0.source as? StoredTensor)?.path }).sorted()
    guard let path = paths.first else {
      guard tensors.isEmpty || !requiresFile else {
        throw FileError(.badData, file: target, "expected weights from a file to refer to, found none")
      }
      (self.paths, file, digest) = ([], nil, nil)
      return
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
