import FileAccess
import Operators
import TensorFiles

/// A nonlinearity in a file: `"relu"`, or `{"type": "leaky_relu", "negative_slope": 0.2}`.
///
/// No type is named here: types come from `NonlinearityRegistry`, and each describes its own attributes.
enum NonlinearityFormat {
  /// The nonlinearity that a value describes, for ports of these shapes.
  ///
  /// - Parameter shape: The shape that its value must have.
  static func read(
    _ value: JSONValue, portShapes: [[Int]], shape: [Int]
  ) throws(FileError) -> any Nonlinearity {
    let nonlinearity = try read(value)
    let found = nonlinearity.outputShape(portShapes: portShapes)
    guard let found, found.reduce(1, *) == shape.reduce(1, *) else {
      let ports = portShapes.map(text).joined(separator: " and ")
      throw value.expected(
        "an activation from \(ports) to \(text(shape))",
        found: nonlinearity.description + (found.map { ", which gives \(text($0))" } ?? ""))
    }
    return nonlinearity
  }

  private static func text(_ shape: [Int]) -> String {
    shape.count == 1 ? counted(shape[0], "number") : "\(shape)"
  }

  private static func read(_ value: JSONValue) throws(FileError) -> any Nonlinearity {
    if value.isString { return try make(try type(value), from: nil, at: value) }
    guard value.isObject else {
      throw value.expected("the name of an activation, or an object with its type")
    }
    let type = try type(JSONObject(value, keys: nil).required("type"))
    let object = try JSONObject(value, keys: ["type"] + type.schema.names)
    return try make(type, from: object, at: value)
  }

  private static func type(_ value: JSONValue) throws(FileError) -> any Nonlinearity.Type {
    let name = try value.string("the name of an activation")
    guard let type = NonlinearityRegistry.type(named: name) else {
      let names = NonlinearityRegistry.activations.map { $0.typeName }
      let all = NonlinearityRegistry.all.map { $0.typeName }
      throw value.expected(
        "one of \(names.joined(separator: ", "))",
        found: value.summary + suggestion(for: name, among: all))
    }
    return type
  }

  /// The nonlinearity of a type whose attributes are in an object.
  static func make(
    _ type: any Nonlinearity.Type, from object: JSONObject?, at value: JSONValue
  ) throws(FileError) -> any Nonlinearity {
    let keys = ["type"] + type.schema.names
    let attributes = try AttributesFormat.read(type.schema, from: object, at: value, keys: keys)
    return try AttributesFormat.located(object, at: value) { () throws(InvalidConstants) in
      try type.init(attributes: attributes)
    }
  }

  /// Writes a nonlinearity, without attributes that have their default value.
  static func write(_ nonlinearity: any Nonlinearity, to writer: inout JSONWriter) throws(FileError) {
    let type = Swift.type(of: nonlinearity)
    let attributes = nonlinearity.attributes
    guard !AttributesFormat.areDefaults(attributes, of: type.schema) else {
      return try writer.string(type.typeName)
    }
    try writer.beginObject(.inLine)
    try writer.key("type")
    try writer.string(type.typeName)
    try AttributesFormat.write(attributes, of: type.schema, to: &writer)
    try writer.end()
  }
}
