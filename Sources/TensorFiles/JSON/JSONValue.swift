import CJSONC
import FileAccess

/// A value of a document together with its place, which its errors report.
package struct JSONValue {
  package let node: OpaquePointer?
  package let place: JSONPlace
  /// Keeps the tree alive.
  package let document: JSONDocument

  /// The error that another value was expected here: `layers[0].name: expected a string, found 3`.
  package func expected(_ expectation: String, found: String? = nil) -> FileError {
    wrong("expected \(expectation), found \(found ?? summary)")
  }

  /// The error for a problem at this place.
  package func wrong(_ problem: String) -> FileError {
    FileError(.badData, file: document.file, place: place.description, problem)
  }

  /// The value in a few words: `an array of 3`, `"rleu"`, `1e999`.
  package var summary: String {
    switch json_object_get_type(node) {
    case json_type_null: return "null"
    case json_type_array:
      return count == 0 ? "an empty array" : "an array of \(count)"
    case json_type_object: return "an object"
    case json_type_string: return quoted(TensorFiles.string(of: node))
    default:
      let text = String(cString: json_object_get_string(node))
      return abbreviated(
        text.hasSuffix(JSONDocument.mark) ? String(text.dropLast(JSONDocument.mark.count)) : text)
    }
  }

  /// Whether the value is an array.
  package var isArray: Bool { json_object_get_type(node) == json_type_array }

  /// Whether the value is an object.
  package var isObject: Bool { json_object_get_type(node) == json_type_object }

  /// Whether the value is a string.
  package var isString: Bool { json_object_get_type(node) == json_type_string }

  /// A 64-bit integer, or nil. Readers of models take integers through the accessors below, which check a bound, so that
  /// no integer of a model is added or multiplied without one. Only `extent` has no upper bound.
  private var integerValue: Int? {
    json_object_get_type(node) == json_type_int ? Int(json_object_get_int64(node)) : nil
  }

  /// The largest integer that is read as one. One of 19 digits or more is read as a double, since it may not fit 64 bits.
  private static let largestInteger = 999_999_999_999_999_999

  /// The value of an integer that is too long to be read as one.
  private var longInteger: Double? {
    guard json_object_get_type(node) == json_type_double,
      String(cString: json_object_get_string(node)).hasSuffix(JSONDocument.mark)
    else { return nil }
    let value = json_object_get_double(node)
    return value == 0 ? nil : value
  }

  /// The error where no integer of at least `least` was found.
  private func noInteger(_ expectation: String, from least: Double, to bound: Int) -> FileError {
    guard let longInteger, longInteger >= least else { return expected(expectation) }
    return expected("an integer up to \(min(bound, Self.largestInteger))")
  }

  /// `true` or `false`, or nil.
  package var booleanValue: Bool? {
    json_object_get_type(node) == json_type_boolean ? json_object_get_boolean(node) != 0 : nil
  }

  /// The number of elements of an array.
  package var count: Int { document.numberArray(behind: node)?.shape[0] ?? json_object_array_length(node) }

  /// The element of an array.
  package func element(_ index: Int) -> JSONValue {
    document.spellOut(node)
    return JSONValue(
      node: json_object_array_get_idx(node, index), place: .index(place, index), document: document)
  }

  /// The elements of an array; `expectation` says what is listed.
  package func elements(_ expectation: String) throws(FileError) -> [JSONValue] {
    guard isArray else { throw expected(expectation) }
    return (0..<count).map(element)
  }

  /// A string.
  package func string(_ expectation: String = "a string") throws(FileError) -> String {
    guard isString else { throw expected(expectation) }
    return TensorFiles.string(of: node)
  }

  /// A string that is not empty.
  package func name() throws(FileError) -> String {
    let name = try string("a name")
    guard !name.isEmpty else { throw expected("a name that is not empty") }
    return name
  }

  /// A positive integer up to a bound.
  package func size(atMost bound: Int) throws(FileError) -> Int {
    guard let value = integerValue, value > 0 else {
      throw noInteger("a positive integer", from: 1, to: bound)
    }
    guard value <= bound else { throw expected("an integer up to \(bound)") }
    return value
  }

  /// An integer whose magnitude is within a bound.
  package func integer(_ expectation: String, within bound: Int) throws(FileError) -> Int {
    guard let integer = integerValue else { throw noInteger(expectation, from: -.infinity, to: bound) }
    guard integer.magnitude <= bound else { throw expected("an integer up to \(bound)") }
    return integer
  }

  /// An integer of a range, or nil.
  package func integer(in range: Range<Int>) -> Int? {
    integerValue.flatMap { range.contains($0) ? $0 : nil }
  }

  /// An integer that is not negative.
  package func extent() throws(FileError) -> Int {
    guard json_object_get_type(node) == json_type_int, json_object_get_int64(node) >= 0 else {
      throw noInteger("an integer of at least 0", from: 0, to: .max)
    }
    return Int(json_object_get_int64(node))
  }
}
