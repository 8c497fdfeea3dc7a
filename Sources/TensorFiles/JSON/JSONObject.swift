import CJSONC
import FileAccess

/// An object whose keys have been checked against its format.
package struct JSONObject {
  /// The object as a value, which knows its place.
  package let value: JSONValue

  /// The object, with every key checked.
  ///
  /// - Parameter keys: The allowed keys, as messages list them; nil allows any key.
  package init(_ value: JSONValue, keys: [String]?) throws(FileError) {
    guard value.isObject else { throw value.expected("an object") }
    self.value = value
    guard let keys else { return }
    for key in self.keys where !keys.contains(key) {
      throw value.expected(
        "only the key\(keys.count == 1 ? "" : "s") \(keys.joined(separator: ", "))", found: quoted(key))
    }
  }

  /// All keys, in the order of the file.
  package var keys: [String] {
    var keys: [String] = []
    var iterator = json_object_iter_begin(value.node)
    var end = json_object_iter_end(value.node)
    while json_object_iter_equal(&iterator, &end) == 0 {
      keys.append(String(cString: json_object_iter_peek_name(&iterator)))
      json_object_iter_next(&iterator)
    }
    return keys
  }

  /// The value for a key, or nil if the key is absent.
  package func optional(_ key: String) -> JSONValue? {
    var node: OpaquePointer?
    guard json_object_object_get_ex(value.node, key, &node) != 0 else { return nil }
    return JSONValue(node: node, place: .key(value.place, key), document: value.document)
  }

  /// The value for a required key.
  package func required(_ key: String) throws(FileError) -> JSONValue {
    guard let value = optional(key) else { throw value.expected("the key \(quoted(key))", found: "none") }
    return value
  }
}
