import FileAccess
import TensorFiles

/// The first keys of every model file: which format it is in, which version of it, and where its weights stand.
package enum Header {
  /// The version that is written, and the newest that is read.
  package static let version = 1
  /// The keys, as messages list them.
  package static let keys = ["format", "version", "weights"]

  /// The format, one of `formats`.
  package static func read(_ object: JSONObject, formats: [String]) throws(FileError) -> String {
    let value = try object.required("format")
    let names = formats.map(quoted).joined(separator: " or ")
    let format = try value.string(names)
    guard formats.contains(format) else { throw value.expected(names) }
    try checkVersion(object.required("version"))
    return format
  }

  private static func checkVersion(_ value: JSONValue) throws(FileError) {
    let found = try value.size(atMost: .max)
    guard found <= version else {
      throw value.expected(
        "version \(version), the newest that this program reads", found: "version \(found)")
    }
  }

  /// The weights file that the key `weights` names, from the folder of the file itself; nil without that key.
  ///
  /// - Parameters:
  ///   - path: The path to open instead.
  ///   - open: Opens the weights file at a path, of whatever format it is.
  package static func readWeights(
    _ object: JSONObject, insteadOf path: String?,
    opening open: (_ path: String) throws(FileError) -> any WeightsFile
  ) throws(FileError) -> (any WeightsFile)? {
    guard let value = object.optional("weights") else { return nil }
    let name = try value.name()
    guard !name.hasPrefix("/"), !name.utf8.contains(0) else {
      throw value.expected("a path from the folder of this file")
    }
    return try open(path ?? FileAccess.path(name, fromFolderOf: value.document.file))
  }

  /// Writes the keys.
  package static func write(_ format: String, to writer: inout JSONWriter) throws(FileError) {
    try writer.key("format")
    try writer.string(format)
    try writer.key("version")
    try writer.integer(version)
    if let file = writer.weights.file {
      try writer.key("weights")
      try writer.string(file)
    }
  }
}
