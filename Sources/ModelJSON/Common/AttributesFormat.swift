import FileAccess
import Operators
import TensorFiles

/// The attributes of an operator in a file: keys of the operator's object, with the kinds and defaults that
/// the operator's schema describes.
enum AttributesFormat {
  /// The largest integer accepted: no extent, axis or stride is larger.
  private static let largestInteger = 1 << 40

  /// Reads the attributes of an operator.
  ///
  /// - Parameters:
  ///   - object: The operator's object; nil if the operator is named without one, and all attributes have
  ///     their defaults.
  ///   - keys: Every key that the object may have, for the message about a missing one.
  static func read(
    _ schema: OperatorSchema, from object: JSONObject?, at value: JSONValue, keys: [String]
  ) throws(FileError) -> Attributes {
    var given: [String: Constant] = [:]
    for attribute in schema.attributes {
      if let object, let constant = try read(attribute, from: object) {
        given[attribute.name] = constant
      } else if attribute.defaultValue == nil {
        guard let object else {
          throw value.expected("an object with the keys \(keys.joined(separator: ", "))")
        }
        _ = try object.required(attribute.name)
      }
    }
    // Every key belongs to an attribute, and its value was read as that attribute's kind.
    do { return try schema.attributes(given) } catch { throw value.wrong(error.description) }
  }

  /// The value of one attribute, or nil if the object does not have it.
  static func read(
    _ attribute: OperatorSchema.Attribute, from object: JSONObject
  ) throws(FileError) -> Constant? {
    guard let value = object.optional(attribute.name) else { return nil }
    return try constant(value, attribute.kind)
  }

  /// The result of `make`; an error of its attributes becomes an error at the key of the attribute that it
  /// begins with.
  ///
  /// - Parameter keys: The keys of attributes that have another name in the file.
  static func located<Operator>(
    _ object: JSONObject?, at value: JSONValue, calling keys: [String: String] = [:],
    _ make: () throws(InvalidConstants) -> Operator
  ) throws(FileError) -> Operator {
    do throws(InvalidConstants) { return try make() } catch {
      // The description begins with the attribute's name, which is part of its place in the file.
      let name = error.description.prefix { $0 != ":" }
      guard let constant = object?.optional(keys[String(name)] ?? String(name)) else {
        throw value.wrong(error.description)
      }
      throw constant.wrong(String(error.description.dropFirst(name.count + 2)))
    }
  }

  private static func constant(
    _ value: JSONValue, _ kind: OperatorSchema.Attribute.Kind
  ) throws(FileError) -> Constant {
    switch kind {
    case .number: return .number(try value.number())
    case .numbers: return .numbers(value.isArray && value.count == 0 ? [] : try value.vector())
    case .integers: return .integers(try integers(value, kind.description))
    case .flag: return .flag(try value.flag())
    case .word(let choices): return .word(try word(value, choices, kind.description))
    case .integersOrWord(let choices):
      if value.isString { return .word(try word(value, choices, kind.description)) }
      return .integers(try integers(value, kind.description))
    }
  }

  private static func word(
    _ value: JSONValue, _ choices: [String], _ expectation: String
  ) throws(FileError) -> String {
    let word = try value.string(expectation)
    guard choices.contains(word) else { throw value.expected(expectation) }
    return word
  }

  private static func integers(_ value: JSONValue, _ expectation: String) throws(FileError) -> [Int] {
    guard value.isArray else { return [try value.integer(expectation, within: largestInteger)] }
    return try value.elements(expectation).map { element throws(FileError) in
      try element.integer("an integer", within: largestInteger)
    }
  }

  /// Writes the attributes that differ from their defaults, each under its key.
  static func write(
    _ attributes: Attributes, of schema: OperatorSchema, to writer: inout JSONWriter
  ) throws(FileError) {
    for (name, value) in attributes where schema[name]?.defaultValue != value {
      try write(name, value, to: &writer)
    }
  }

  /// Writes one attribute under its key.
  static func write(_ name: String, _ value: Constant, to writer: inout JSONWriter) throws(FileError) {
    try writer.key(name)
    switch value {
    case .number(let number): try writer.number(number)
    case .numbers(let numbers): try writer.numbers(numbers)
    case .integers(let integers) where integers.count == 1: try writer.integer(integers[0])
    case .integers(let integers): try writer.integers(integers)
    case .flag(let flag): try writer.boolean(flag)
    case .word(let word): try writer.string(word)
    }
  }

  /// Whether an operator can be named without an object.
  static func areDefaults(_ attributes: Attributes, of schema: OperatorSchema) -> Bool {
    attributes.allSatisfy { schema[$0.name]?.defaultValue == $0.value }
  }
}

extension JSONValue {
  /// `true` or `false`.
  package func flag() throws(FileError) -> Bool {
    guard let flag = booleanValue else { throw expected("true or false") }
    return flag
  }
}
