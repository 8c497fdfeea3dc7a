/// The first two keys of every model file: which format it is in, and which version of it.
enum Header {
  /// The version that is written, and the newest that is read.
  static let version = 1
  /// The keys, as messages list them.
  static let keys = ["format", "version"]

  /// The format, one of `formats`.
  static func read(_ object: JSONObject, formats: [String]) throws(FileError) -> String {
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

  /// Writes both keys.
  static func write(_ format: String, to writer: inout JSONWriter) throws(FileError) {
    try writer.key("format")
    try writer.string(format)
    try writer.key("version")
    try writer.integer(version)
  }
}
