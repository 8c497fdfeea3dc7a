import FileAccess
import LinearAlgebra
import Operators
import TensorFiles

/// A linear map in a file: `"identity"`, or `{"type": "conv", "weight": [[[[…]]]], "stride": 2}`.
///
/// No type is named here: types come from `LinearMapRegistry`, and each describes its own attributes. A
/// plain matrix is written under the key `matrix` instead of `map`.
enum LinearMapFormat {
  /// The key of the parameter.
  static let parameterKey = "weight"

  /// The map that a value describes, for an argument of this shape.
  static func read(_ value: JSONValue, inputShape: [Int]) throws(FileError) -> any LinearMap<Double> {
    if value.isString {
      let type = try type(value)
      guard !type.hasParameter else {
        throw value.expected("an object with the keys \(keys(type).joined(separator: ", "))")
      }
      return try make(type, from: nil, at: value, inputShape: inputShape)
    }
    guard value.isObject else { throw value.expected("the name of a linear map, or an object with its type") }
    let type = try type(JSONObject(value, keys: nil).required("type"))
    return try make(type, from: JSONObject(value, keys: keys(type)), at: value, inputShape: inputShape)
  }

  private static func keys(_ type: any LinearMap<Double>.Type) -> [String] {
    ["type"] + ownKeys(type)
  }

  /// The keys of a type of map besides `type`.
  static func ownKeys(_ type: any LinearMap<Double>.Type) -> [String] {
    (type.hasParameter ? [parameterKey] : []) + type.schema.names
  }

  private static func type(_ value: JSONValue) throws(FileError) -> any LinearMap<Double>.Type {
    let name = try value.string("the name of a linear map")
    guard let type = LinearMapRegistry.type(named: name) else {
      let names = LinearMapRegistry.all.map { $0.typeName }
      throw value.expected(
        "one of \(names.joined(separator: ", "))",
        found: value.summary + suggestion(for: name, among: names))
    }
    return type
  }

  /// The map of a type whose parameter and attributes are in an object.
  static func make(
    _ type: any LinearMap<Double>.Type, from object: JSONObject?, at value: JSONValue, inputShape: [Int]
  ) throws(FileError) -> any LinearMap<Double> {
    var parameter: Tensor<Double>?
    if type.hasParameter, let object { parameter = try object.required(parameterKey).tensorOrReference() }
    let attributes = try AttributesFormat.read(type.schema, from: object, at: value, keys: keys(type))
    let map = try AttributesFormat.located(object, at: value) { [parameter] () throws(InvalidConstants) in
      try type.init(inputShape: inputShape, parameter: parameter, attributes: attributes)
    }
    try value.document.claim(map, at: value)
    return map
  }

  /// Writes a map, without attributes that have their default value.
  ///
  /// - Parameter name: The name of the parameter in a weights file.
  static func write(
    _ map: any LinearMap<Double>, name: String, to writer: inout JSONWriter
  ) throws(FileError) {
    let type = Swift.type(of: map)
    guard LinearMapRegistry.type(named: type.typeName) != nil else {
      throw writer.unwritable("a linear map with a file format", found: type.typeName)
    }
    if map.parameter == nil, AttributesFormat.areDefaults(map.attributes, of: type.schema) {
      return try writer.string(type.typeName)
    }
    try writer.beginObject(.inLine)
    try writer.key("type")
    try writer.string(type.typeName)
    try writeOwnKeys(map, name: name, to: &writer)
    try writer.end()
  }

  /// Writes the keys besides `type` into the current object.
  static func writeOwnKeys(
    _ map: any LinearMap<Double>, name: String, to writer: inout JSONWriter
  ) throws(FileError) {
    if let parameter = map.parameter {
      try writer.key(parameterKey)
      try writer.numbers(of: parameter, name: name)
    }
    try AttributesFormat.write(map.attributes, of: Swift.type(of: map).schema, to: &writer)
  }
}
