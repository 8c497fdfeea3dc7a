import FileAccess
import TensorFiles

/// Files of other programs that hold models, recognised by their first bytes: what they are, and the line that turns
/// them into a file that can be read.
enum ForeignFormat {
  /// The error for a file of another program; nil for a file that is none.
  static func refusal(of contents: FileContents) -> FileError? {
    guard let (kind, remedy) = recognize(contents) else { return nil }
    return FileError(
      .badData, file: contents.name, "expected a network or an equilibrium model, found \(kind); \(remedy)")
  }

  /// Whether a file whose first byte an ONNX model could have may be of another program.
  static func isPossible(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count > 8 && (bytes[4..<8].elementsEqual("TFL3".utf8) || SafetensorsHeader.isPlausible(bytes))
  }

  private static func recognize(_ contents: FileContents) -> (kind: String, remedy: String)? {
    let bytes = contents.bytes
    let name = isPlain(contents.name) ? contents.name : "FILE"
    if ZipArchive.magics.contains(where: { bytes.starts(with: $0) }) { return archive(contents, name) }
    if bytes.starts(with: NumPyArray.magic) {
      return ("a NumPy array", "an .npz of weights can be converted")
    }
    if bytes.starts(with: [0x89] + Array("HDF\r\n".utf8)) { return ("an HDF5 file of Keras", keras(name)) }
    if bytes.starts(with: Array("GGUF".utf8)) { return ("a GGUF file", gguf(name)) }
    if bytes.count > 8, Array(bytes[4..<8]) == Array("TFL3".utf8) {
      return ("a TFLite model", "python -m tf2onnx.convert --tflite \(name) --output \(stem(name)).onnx")
    }
    if bytes.first == 0x80, bytes.count > 2, (2...5).contains(bytes[1]) {
      return ("a pickle, which runs code when it is opened", pickle(name))
    }
    if bytes.withUnsafeBytes(SafetensorsHeader.isPlausible) {
      return (
        "a file of weights without a network",
        "deq convert \(name) --activation relu makes one of weights of linear layers"
      )
    }
    return nil
  }

  private static func archive(_ contents: FileContents, _ name: String) -> (kind: String, remedy: String)? {
    guard let members = try? ZipArchive(contents).names else { return nil }
    if members.contains(where: { $0.hasSuffix("data.pkl") }) { return ("a file of PyTorch", pickle(name)) }
    if members.contains("config.json") { return ("a file of Keras", keras(name)) }
    if members.contains(where: { $0.hasSuffix(".npy") }) {
      return (
        "NumPy arrays without a network",
        "deq convert \(name) --activation relu makes one of weights of linear layers"
      )
    }
    return nil
  }

  /// Whether a name can stand in a command as it is: nothing in it ends a string, or means something to a shell.
  private static func isPlain(_ name: String) -> Bool {
    let plain = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/+@")
    return !name.hasPrefix("-") && name.allSatisfy(plain.contains)
  }

  /// The path without its ending.
  private static func stem(_ name: String) -> String {
    let start = name.lastIndex(of: "/") ?? name.startIndex
    guard let dot = name[start...].lastIndex(of: "."), dot > start else { return name }
    return String(name[..<dot])
  }

  private static func pickle(_ name: String) -> String {
    "python -c \"import torch, safetensors.torch as s; s.save_file(torch.load('\(name)', weights_only=True), "
      + "'\(stem(name)).safetensors')\" saves a state dict; torch.onnx.export(network, x, '\(stem(name)).onnx') a network"
  }

  private static func keras(_ name: String) -> String {
    "python -c \"import keras; keras.models.load_model('\(name)').export('\(stem(name)).onnx', format='onnx')\""
  }

  private static func gguf(_ name: String) -> String {
    "python -c \"import gguf, safetensors.numpy as s; s.save_file({t.name: gguf.dequantize(t.data, t.tensor_type) "
      + "for t in gguf.GGUFReader('\(name)').tensors}, '\(stem(name)).safetensors')\""
  }
}
