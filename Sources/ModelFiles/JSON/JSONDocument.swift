import CJSONC

/// A JSON text, parsed by json-c and audited; it owns json-c's tree.
///
/// json-c decides about the structure; `JSONAudit` refuses what json-c lets through beyond RFC 8259 and finds the
/// integers that json-c would distort, which are then given to it as doubles, `1234e00`.
final class JSONDocument {
  /// How deeply arrays and objects may be nested; the formats need less than a dozen levels.
  static let maximumDepth = 64

  /// What makes an integer a double to json-c; spelled as nobody spells it, so that messages can leave it out.
  static let mark = "e00"

  /// The name of the file, for messages.
  let file: String
  /// Where the tensors stand that the document refers to by name; nil where it spells out all of its numbers.
  var weights: (any WeightsFile)?
  /// What its linear maps have claimed so far.
  var sizes = ClaimedSizes()
  private let tree: OpaquePointer?

  /// Parses a file's contents.
  ///
  /// - Throws: `FileError` of kind `badData` with line and column, or the path of a duplicate key.
  init(_ contents: FileContents) throws(FileError) {
    file = contents.name
    let bytes = contents.bytes
    guard bytes.count <= FileContents.maximumLength else {
      throw FileError(
        .badData, file: file, "expected at most \(FileContents.maximumLength) bytes, found \(bytes.count)")
    }
    tree = try bytes.withUnsafeBufferPointer { [file] text throws(FileError) in
      try refuseWhatIsNoText(text, file: file)
      let tree = try parse(text, file: file)
      var audit = JSONAudit(text, file: file)
      do throws(FileError) { try audit.run() } catch {
        json_object_put(tree)
        throw error
      }
      guard !audit.distortedIntegers.isEmpty else { return tree }
      json_object_put(tree)
      let patched = inserting(Self.mark, at: audit.distortedIntegers, into: text)
      return try patched.withUnsafeBufferPointer { text throws(FileError) in try parse(text, file: file) }
    }
  }

  deinit { json_object_put(tree) }

  /// The whole document as a value.
  var root: JSONValue { JSONValue(node: tree, place: .root, document: self) }
}

/// Refuses, before json-c sees it, a text that is empty or begins with a byte order mark or contains NUL, which
/// ends a text for json-c.
private func refuseWhatIsNoText(_ text: UnsafeBufferPointer<UInt8>, file: String) throws(FileError) {
  let whitespace: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
  guard text.contains(where: { !whitespace.contains($0) }) else {
    throw FileError(.badData, file: file, "expected a JSON object, found an empty file")
  }
  if text.starts(with: [0xEF, 0xBB, 0xBF]) {
    throw FileError(.badData, file: file, place: "1:1", "expected JSON, found a byte order mark")
  }
  if let offset = text.firstIndex(of: 0) {
    throw FileError(
      .badData, file: file, place: lineAndColumn(of: offset, in: text), "expected JSON, found a NUL byte")
  }
}

/// json-c's tree of the text; nil is JSON's `null`.
private func parse(_ text: UnsafeBufferPointer<UInt8>, file: String) throws(FileError) -> OpaquePointer? {
  // json-c counts the level of the values inside the innermost array as well.
  guard let tokener = json_tokener_new_ex(Int32(JSONDocument.maximumDepth + 1)) else {
    throw FileError(.inputOutput, file: file, "cannot be read: not enough memory")
  }
  defer { json_tokener_free(tokener) }
  json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8)
  var tree = text.withMemoryRebound(to: CChar.self) {
    json_tokener_parse_ex(tokener, $0.baseAddress, Int32($0.count))
  }
  let end = json_tokener_get_parse_end(tokener)
  if json_tokener_get_error(tokener) == json_tokener_continue {
    // A number on its own ends where the text does, which only a NUL says.
    tree = json_tokener_parse_ex(tokener, "", 1)
  }
  let error = json_tokener_get_error(tokener)
  guard error == json_tokener_success else {
    throw FileError(
      .badData, file: file, place: lineAndColumn(of: end, in: text),
      "expected \(expectation(error)), found \(found(at: end, in: text))")
  }
  return tree
}

private func expectation(_ error: json_tokener_error) -> String {
  switch error {
  case json_tokener_error_depth: "at most \(JSONDocument.maximumDepth) nested arrays and objects"
  case json_tokener_error_parse_null: "null"
  case json_tokener_error_parse_boolean: "true or false"
  case json_tokener_error_parse_number: "a number as JSON writes it"
  case json_tokener_error_parse_array: "',' or ']'"
  case json_tokener_error_parse_object_key_name: "a key in double quotes"
  case json_tokener_error_parse_object_key_sep: "':' after the key"
  case json_tokener_error_parse_object_value_sep: "',' or '}'"
  case json_tokener_error_parse_string: "an escape sequence that JSON has"
  case json_tokener_error_parse_utf8_string: "UTF-8"
  default: "JSON"
  }
}

private func found(at offset: Int, in text: UnsafeBufferPointer<UInt8>) -> String {
  guard offset < text.count else { return "the end of the file" }
  let byte = text[offset]
  return byte < 0x80 ? "'\(Unicode.Scalar(byte))'" : "byte 0x\(String(byte, radix: 16, uppercase: true))"
}

/// The text with an insertion at each of the ascending offsets.
private func inserting(
  _ insertion: String, at offsets: [Int], into text: UnsafeBufferPointer<UInt8>
) -> [UInt8] {
  var result: [UInt8] = []
  result.reserveCapacity(text.count + offsets.count * insertion.utf8.count)
  var start = 0
  for offset in offsets {
    result += text[start..<offset]
    result += insertion.utf8
    start = offset
  }
  return result + text[start...]
}
