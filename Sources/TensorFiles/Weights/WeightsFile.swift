import FileAccess

/// A file that holds tensors by name, to which a model's JSON may refer.
package protocol WeightsFile: Sendable {
  /// The path that it was opened by.
  var path: String { get }

  /// The floating-point tensor of this name.
  ///
  /// - Throws: `FileError` of kind `badData` that names the file and the tensor, where there is none or its numbers are
  ///   of another type.
  func tensor(named name: String) throws(FileError) -> StoredTensor
}

extension SafetensorsFile: WeightsFile {}
