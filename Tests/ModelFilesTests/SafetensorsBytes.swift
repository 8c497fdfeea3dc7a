import FileAccess
import ModelFiles
import ONNXImport
import TensorFiles

/// Safetensors files made by hand, right and wrong ones.
enum SafetensorsBytes {
  /// A header and what stands behind it.
  static func file(_ header: String, data: [UInt8] = [], length: UInt64? = nil) -> [UInt8] {
    let text = Array(header.utf8)
    return withUnsafeBytes(of: (length ?? UInt64(text.count)).littleEndian) { Array($0) } + text + data
  }

  /// A file with one tensor, `"a"`.
  static func one(
    dtype: String = "\"F32\"", shape: String = "[2]", offsets: String = "[0,8]", more: String = "",
    data: Int = 8
  ) -> [UInt8] {
    file(
      "{\"a\":{\"dtype\":\(dtype),\"shape\":\(shape),\"data_offsets\":\(offsets)\(more)}}",
      data: [UInt8](repeating: 0, count: data))
  }

  /// Three tensors of different types, a string, an odd length of header: 1.5 and −2, 0.5 as a half, 258 as 16 bits.
  static let sample: [UInt8] = file(
    """
    {"__metadata__":{"format":"pt"},"b":{"dtype":"F16","shape":[],"data_offsets":[8,10]},\
    "a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"c":{"dtype":"I16","shape":[1],"data_offsets":[10,12]},\
    "e":{"dtype":"F64","shape":[0,7],"data_offsets":[10,10]}}
    """,
    data: [0, 0, 0xC0, 0x3F, 0, 0, 0, 0xC0, 0, 0x38, 2, 1])
}

extension TemporaryFolder {
  /// The message of opening these bytes as a safetensors file, without the file's name; nil where it can be opened.
  func message(opening bytes: [UInt8]) throws -> String? {
    let path = try file("x.safetensors", bytes)
    return try message(at: path) { () throws(FileError) in try SafetensorsFile(path) }
  }

  /// The message of a read that fails over the contents of a file, without its name.
  func message<Value>(at path: String, _ read: () throws(FileError) -> Value) throws -> String? {
    do throws(FileError) {
      _ = try read()
      return nil
    } catch {
      precondition(error.kind == .badData && error.file == path, error.description)
      precondition(!error.description.contains("\n"), error.description)
      return String(error.description.dropFirst(path.count + 2))
    }
  }
}
