import FileAccess
import LinearAlgebra
import TensorFiles

extension ModelFile {
  /// Refuses infinities and NaN among the numbers that stand in weights files, which reading has not looked at; those in
  /// the JSON have been refused already.
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
