import CJSONC
import FileAccess

/// The string as JSON writes it, in quotation marks. Characters that a terminal interprets or hides are escaped like
/// those for which JSON requires it (by json-c), so that a file or a report can be shown as it is.
package func escaped(_ string: String) -> String {
  let required = escapedByRule(string)
  guard required.utf8.contains(where: { $0 >= 0x7F }) else { return required }
  var result = ""
  for scalar in required.unicodeScalars {
    guard isInvisible(scalar) else {
      result.unicodeScalars.append(scalar)
      continue
    }
    for unit in String(scalar).utf16 {
      let digits = String(unit, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
  }
  return result
}

/// The string with the escapes that JSON requires.
private func escapedByRule(_ string: String) -> String {
  var string = string
  let node = string.withUTF8 { bytes in
    bytes.withMemoryRebound(to: CChar.self) { json_object_new_string_len($0.baseAddress, Int32($0.count)) }
  }
  defer { json_object_put(node) }
  return String(
    cString: json_object_to_json_string_ext(node, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE))
}

/// The string that a valid JSON string, given without its quotation marks, denotes.
func unescaped(_ contents: String) -> String {
  let node = json_tokener_parse("\"\(contents)\"")
  defer { json_object_put(node) }
  return string(of: node)
}

/// The characters of a json-c string.
package func string(of node: OpaquePointer?) -> String {
  guard let characters = json_object_get_string(node) else { return "" }
  let bytes = UnsafeRawBufferPointer(start: characters, count: Int(json_object_get_string_len(node)))
  return String(decoding: bytes, as: UTF8.self)
}
