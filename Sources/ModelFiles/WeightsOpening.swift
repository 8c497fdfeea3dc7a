import FileAccess
import ONNXImport
import TensorFiles

/// Opens a weights file: a safetensors file, or an ONNX model.
///
/// - Parameters:
///   - digest: The digest that the file must have; nil if the description gives none.
///   - description: The file that refers to it, for messages.
/// - Throws: `FileError`.
func openWeights(
  _ path: String, digest: SHA256Digest?, describedBy description: String, noting files: InputFileLog? = nil
) throws(FileError) -> any WeightsFile {
  let named = try MappedFile(path)
  let file: MappedFile?
  if let digest { file = try fileWithDigest(digest, named: named) } else { file = named }
  files?.note(file ?? named, at: path)
  let weights = try weights(in: file ?? named, noting: files)
  guard file != nil else {
    throw FileError(
      .badData, file: description, place: "weights_sha256",
      "expected the digest of \(path), found another: these are not the weights that belong to this file")
  }
  return weights
}

/// The file with this digest: the named one, or the one under the second name that weights have while a writer
/// replaces them and their description; nil if there is none.
private func fileWithDigest(
  _ digest: SHA256Digest, named: MappedFile
) throws(FileError) -> MappedFile? {
  if try SHA256Digest(of: named) == digest { return named }
  guard let file = try? MappedFile(AtomicPair.alternative(to: named.path, digest: digest)),
    try SHA256Digest(of: file) == digest
  else { return nil }
  return file
}

private func weights(in file: MappedFile, noting files: InputFileLog?) throws(FileError) -> any WeightsFile {
  // The header's length may begin with any byte, including the first byte of an ONNX model.
  let isSafetensors =
    file.withBytes(SafetensorsHeader.isPlausible) || file.count < 8 && file.path.hasSuffix(".safetensors")
  if !isSafetensors, ONNXReader.recognizes(name: file.path, firstByte: file.withBytes { $0.first }) {
    return try ONNXWeights(file, noting: files)
  }
  // An error must not show what is in a file that is none of a model's.
  guard isSafetensors else {
    throw FileError(.badData, file: file.path, "expected a safetensors file or an ONNX model, found neither")
  }
  return try SafetensorsFile(file)
}
