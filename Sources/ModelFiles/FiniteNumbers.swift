import FileAccess
import LinearAlgebra
import TensorFiles

extension ModelFile {
  /// Refuses infinities and NaN in weights files, whose numbers have not been read yet. The JSON reader has
  /// already refused those in the JSON.
  ///
  /// - Throws: `FileError` of kind `badData` that names the file, the tensor and the number.
  /// - Complexity: Reads all weights.
  public func requireFiniteNumbers() throws(FileError) {
    for tensor in tensors {
      guard let stored = tensor.source as? StoredTensor, !allFinite(tensor.elements) else { continue }
      let index = tensor.elements.firstIndex { !$0.isFinite } ?? 0
      throw FileError(
        .badData, file: stored.path, place: quoted(stored.name),
        "expected finite numbers, found \(tensor.elements[index]) at position \(index)")
    }
  }
}
