import Operators

/// An activation in a file: `"relu"`, or `{"type": "leaky_relu", "negative_slope": 0.2}`.
///
/// It names no activation: types come from `NonlinearityRegistry`, and each describes its constants itself.
enum ActivationFormat {
  /// The nonlinearity that a value describes, for a block of `size` coordinates.
  static func read(_ value: JSONValue, size: Int) throws(FileError) -> any Nonlinearity {
    let nonlinearity = try read(value)
    guard nonlinearity.outputShape(portShapes: [[size]]) == [size] else {
      throw value.expected("an activation of \(counted(size, "number"))", found: nonlinearity.description)
    }
    return nonlinearity
  }

  private static func read(_ value: JSONValue) throws(FileError) -> any Nonlinearity {
    if value.isString { return try make(try type(value), from: nil, at: value) }
    guard value.isObject else {
      throw value.expected("the name of an activation, or an object with its type")
    }
    let type = try type(JSONObject(value, keys: nil).required("type"))
    let object = try JSONObject(value, keys: ["type"] + type.constantDescriptions.map(\.name))
    return try make(type, from: object, at: value)
  }

  private static func type(_ value: JSONValue) throws(FileError) -> any Nonlinearity.Type {
    let name = try value.string("the name of an activation")
    guard let type = NonlinearityRegistry.activations.first(where: { $0.typeName == name }) else {
      let names = NonlinearityRegistry.activations.map { $0.typeName }
      throw value.expected("one of \(names.joined(separator: ", "))")
    }
    return type
  }

  private static func make(
    _ type: any Nonlinearity.Type, from object: JSONObject?, at value: JSONValue
  ) throws(FileError) -> any Nonlinearity {
    var constants: [Constant] = []
    for description in type.constantDescriptions {
      if let given = object?.optional(description.name) {
        constants.append(try constant(given, description))
      } else if let constant = description.defaultValue {
        constants.append(constant)
      } else if let object {
        _ = try object.required(description.name)
      } else {
        let keys = ["type"] + type.constantDescriptions.map(\.name)
        throw value.expected("an object with the keys \(keys.joined(separator: ", "))")
      }
    }
    do { return try type.init(constants: constants) } catch {
      // The description begins with the constant's name, which is part of the place where the file has it.
      let name = error.description.prefix { $0 != ":" }
      guard let constant = object?.optional(String(name)) else { throw value.wrong(error.description) }
      throw constant.wrong(String(error.description.dropFirst(name.count + 2)))
    }
  }

  private static func constant(
    _ value: JSONValue, _ description: ConstantDescription
  ) throws(FileError) -> Constant {
    guard case .word(let choices) = description.kind else { return .number(try value.number()) }
    let words = choices.map(quoted).joined(separator: " or ")
    let word = try value.string(words)
    guard choices.contains(word) else { throw value.expected(words) }
    return .word(word)
  }

  /// Writes a nonlinearity; constants that have their default value are left out.
  static func write(_ nonlinearity: any Nonlinearity, to writer: inout JSONWriter) throws(FileError) {
    let type = Swift.type(of: nonlinearity)
    let given = zip(type.constantDescriptions, nonlinearity.constants).filter { $0.defaultValue != $1 }
    guard !given.isEmpty else { return try writer.string(type.typeName) }
    try writer.beginObject(.inLine)
    try writer.key("type")
    try writer.string(type.typeName)
    for (description, constant) in given {
      try writer.key(description.name)
      switch constant {
      case .number(let number): try writer.number(number)
      case .word(let word): try writer.string(word)
      case .numbers, .integers, .flag:
        throw writer.unwritable("an activation", found: type.typeName)
      }
    }
    try writer.end()
  }
}
