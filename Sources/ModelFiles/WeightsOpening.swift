import FileAccess
import ONNXImport
import TensorFiles

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
