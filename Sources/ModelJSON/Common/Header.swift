import FileAccess
import Operators
import TensorFiles

/// The first keys of every model file: its format, the format's version, and its weights file.
package enum Header {
  /// The version that is written, and the newest that is read.
  package static let version = 1
  /// The keys, as messages list them.
  package static let keys = ["format", "version", "weights", "weights_sha256"]

  /// The format, one of `formats`.
  package static func read(_ object: JSONObject, formats: [String]) throws(FileError) -> String {
    let value = try object.required("format")
    let names = alternatives(formats.map(quoted))
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

  /// The weights file named by the key `weights`, relative to the folder of the file itself; nil without
  /// that key. It must have the digest under the key `weights_sha256`, if there is one.
  ///
  /// - Parameters:
  ///   - path: A path to open instead.
  ///   - open: Opens the weights file at a path, whatever its format.
  package static func readWeights(
    _ object: JSONObject, insteadOf path: String?,
    opening open: (_ path: String, _ digest: SHA256Digest?) throws(FileError) -> any WeightsFile
  ) throws(FileError) -> (any WeightsFile)? {
    let digest = try readDigest(object)
    guard let value = object.optional("weights") else { return nil }
    let name = try value.name()
    guard !name.hasPrefix("/"), !name.utf8.contains(0) else {
      throw value.expected("a path from the folder of this file")
    }
    let named = FileConfinement.existing(
      FileAccess.path(name, fromFolderOf: value.document.file), name, namedBy: value.document.file)
    guard path != nil || FileConfinement.allows(named, namedBy: value.document.file) else {
      throw value.expected(
        "a file in the folder of this file (--allow-outside allows others)", found: quoted(name))
    }
    return try open(path ?? named, digest)
  }

  /// The digest of the weights file by the key `weights_sha256`; nil without that key.
  private static func readDigest(_ object: JSONObject) throws(FileError) -> SHA256Digest? {
    guard let value = object.optional("weights_sha256") else { return nil }
    guard object.optional("weights") != nil else {
      throw value.expected("the digest of a file under the key \"weights\"", found: "no such file")
    }
    guard let digest = SHA256Digest(hexadecimal: try value.name()) else {
      throw value.expected("64 hexadecimal digits")
    }
    return digest
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
      if let digest = writer.weights.digest {
        try writer.key("weights_sha256")
        try writer.string(digest.description)
      }
    }
  }
}
