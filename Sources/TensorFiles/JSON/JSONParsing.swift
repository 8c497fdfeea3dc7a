import CJSONC
import FileAccess

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// json-c's tree of the text after the edits; nil is JSON's `null`.
///
/// - Throws: `FileError` of kind `badData` with line and column in the text before the edits.
func parseJSON(
  _ text: UnsafeBufferPointer<UInt8>, _ edits: [EditedText.Edit], file: String
) throws(FileError) -> OpaquePointer? {
  // json-c also counts the level of the values inside the innermost array.
  guard let tokener = json_tokener_new_ex(Int32(JSONDocument.maximumDepth + 1)) else {
    throw FileError(.inputOutput, file: file, cannot: "read", code: ENOMEM)
  }
  defer { json_tokener_free(tokener) }
  let length = edits.reduce(text.count) { $0 + $1.replacement.count - $1.range.count }
  guard length <= FileContents.maximumLength else {
    throw FileError(
      .badData, file: file, "expected at most \(FileContents.maximumLength) bytes of text, found \(length)")
  }
  json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8)
  let edited = edits.isEmpty ? nil : EditedText(text, edits)
  let (tree, end) =
    edited?.bytes.withUnsafeBufferPointer { parse($0, by: tokener) } ?? parse(text, by: tokener)
  let error = json_tokener_get_error(tokener)
  guard error == json_tokener_success else {
    let offset = edited?.originalOffset(of: end) ?? end
    throw FileError(
      .badData, file: file, place: lineAndColumn(of: offset, in: text),
      "expected \(expectation(error, at: offset, in: text)), found \(found(at: offset, in: text))")
  }
  return tree
}

/// The tree of a text, and the offset where json-c stopped.
private func parse(
  _ text: UnsafeBufferPointer<UInt8>, by tokener: UnsafeMutablePointer<json_tokener>
) -> (OpaquePointer?, Int) {
  var tree = text.withMemoryRebound(to: CChar.self) {
    json_tokener_parse_ex(tokener, $0.baseAddress, Int32($0.count))
  }
  let end = json_tokener_get_parse_end(tokener)
  if json_tokener_get_error(tokener) == json_tokener_continue {
    // A number at the top level ends at the end of the text, which json-c recognises only by a NUL.
    tree = json_tokener_parse_ex(tokener, "", 1)
  }
  return (tree, end)
}

private func expectation(
  _ error: json_tokener_error, at offset: Int, in text: UnsafeBufferPointer<UInt8>
) -> String {
  switch error {
  // json-c reports every character beyond ASCII that is in no string so.
  case json_tokener_error_parse_utf8_string where character(at: offset, in: text)?.isASCII == false: "JSON"
  case json_tokener_error_depth: "at most \(JSONDocument.maximumDepth) nested arrays and objects"
  case json_tokener_error_parse_null: "null"
  case json_tokener_error_parse_boolean: "true or false"
  case json_tokener_error_parse_number: "a JSON number"
  case json_tokener_error_parse_array: "',' or ']'"
  case json_tokener_error_parse_object_key_name: "a key in double quotes"
  case json_tokener_error_parse_object_key_sep: "':' after the key"
  case json_tokener_error_parse_object_value_sep: "',' or '}'"
  case json_tokener_error_parse_string: "a JSON escape sequence"
  case json_tokener_error_parse_utf8_string: "UTF-8"
  default: "JSON"
  }
}

private func found(at offset: Int, in text: UnsafeBufferPointer<UInt8>) -> String {
  guard offset < text.count else { return "the end of the file" }
  if let character = character(at: offset, in: text) { return "'\(oneLine(String(character)))'" }
  return "byte 0x\(String(text[offset], radix: 16, uppercase: true))"
}

/// The character whose UTF-8 begins at an offset; nil where there is none.
private func character(at offset: Int, in text: UnsafeBufferPointer<UInt8>) -> Unicode.Scalar? {
  guard offset < text.count else { return nil }
  var (decoder, bytes) = (UTF8(), text[offset...].makeIterator())
  guard case .scalarValue(let scalar) = decoder.decode(&bytes) else { return nil }
  return scalar
}
