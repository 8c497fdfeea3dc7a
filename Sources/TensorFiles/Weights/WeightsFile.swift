/// A file that holds tensors by name, to which a model's JSON may refer.
protocol WeightsFile: Sendable {
  /// The path that it was opened by.
  var path: String { get }

  /// The floating-point tensor of this name.
  ///
  /// - Throws: `FileError` of kind `badData` that names the file and the tensor, where there is none or its numbers are
  ///   of another type.
  func tensor(named name: String) throws(FileError) -> StoredTensor
}

extension SafetensorsFile: WeightsFile {}

/// Opens a weights file: a safetensors file, or an ONNX model.
///
/// - Throws: `FileError`.
func openWeights(_ path: String, noting files: InputFileLog? = nil) throws(FileError) -> any WeightsFile {
  // A header's length may begin with any byte, those of ONNX models too.
  let file = try MappedFile(path)
  files?.note(file, at: path)
  let isSafetensors = path.hasSuffix(".safetensors") || file.withBytes(SafetensorsHeader.isPlausible)
  if !isSafetensors, ONNXReader.recognizes(name: path, firstByte: file.withBytes { $0.first }) {
    return try ONNXWeights(file, noting: files)
  }
  return try SafetensorsFile(file)
}
