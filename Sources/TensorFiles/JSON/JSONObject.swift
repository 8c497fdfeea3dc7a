import CJSONC
import FileAccess

/// An object whose keys are known to be among those that its format has.
package struct JSONObject {
  /// The object as a value, for its place.
  package let value: JSONValue

  /// The object, with every one of its keys checked.
  ///
  /// - Parameter keys: The keys that the format has here, as messages list them; nil where any may stand.
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

  /// The value under a key, or nil where the key is absent.
  package func optional(_ key: String) -> JSONValue? {
    var node: OpaquePointer?
    guard json_object_object_get_ex(value.node, key, &node) != 0 else { return nil }
    return JSONValue(node: node, place: .key(value.place, key), document: value.document)
  }

  /// The value under a key that must be there.
  package func required(_ key: String) throws(FileError) -> JSONValue {
    guard let value = optional(key) else { throw value.expected("the key \(quoted(key))", found: "none") }
    return value
  }
}
