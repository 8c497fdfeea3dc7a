import FileAccess
import Operators
import TensorFiles

/// The constants of an operator in a file: keys of the operator's object, with the kinds and defaults that
/// the operator describes.
enum ConstantsFormat {
  /// The largest integer accepted: no extent, axis or stride is larger.
  private static let largestInteger = 1 << 40

  /// Reads the constants of a list of descriptions.
  ///
  /// - Parameters:
  ///   - object: The operator's object; nil if the operator is named without one, and all constants have
  ///     their defaults.
  ///   - keys: Every key that the object may have, for the message about a missing one.
  static func read(
    _ descriptions: [ConstantDescription], from object: JSONObject?, at value: JSONValue, keys: [String]
  ) throws(FileError) -> [Constant] {
    var constants: [Constant] = []
    for description in descriptions {
      if let given = object?.optional(description.name) {
        constants.append(try constant(given, description))
      } else if let constant = description.defaultValue {
        constants.append(constant)
      } else if let object {
        _ = try object.required(description.name)
      } else {
        throw value.expected("an object with the keys \(keys.joined(separator: ", "))")
      }
    }
    return constants
  }

  /// The result of `make`; an error of its constants becomes an error at the key of the constant that it
  /// begins with.
  ///
  /// - Parameter keys: The keys of constants that have another name in the file.
  static func located<Operator>(
    _ object: JSONObject?, at value: JSONValue, calling keys: [String: String] = [:],
    _ make: () throws(InvalidConstants) -> Operator
  ) throws(FileError) -> Operator {
    do throws(InvalidConstants) { return try make() } catch {
      // The description begins with the constant's name, which is part of its place in the file.
      let name = error.description.prefix { $0 != ":" }
      guard let constant = object?.optional(keys[String(name)] ?? String(name)) else {
        throw value.wrong(error.description)
      }
      throw constant.wrong(String(error.description.dropFirst(name.count + 2)))
    }
  }

  private static func constant(
    _ value: JSONValue, _ description: ConstantDescription
  ) throws(FileError) -> Constant {
    switch description.kind {
    case .number: return .number(try value.number())
    case .numbers: return .numbers(value.isArray && value.count == 0 ? [] : try value.vector())
    case .integers: return .integers(try integers(value, "an integer or a list of integers"))
    case .flag: return .flag(try value.flag())
    case .word(let choices): return .word(try word(value, choices, or: ""))
    case .integersOrWord(let choices):
      if value.isString { return .word(try word(value, choices, or: "integers, ")) }
      let words = choices.map(quoted).joined(separator: " or ")
      return .integers(try integers(value, "an integer, a list of integers, \(words)"))
    }
  }

  private static func word(
    _ value: JSONValue, _ choices: [String], or alternative: String
  ) throws(FileError) -> String {
    let words = alternative + choices.map(quoted).joined(separator: " or ")
    let word = try value.string(words)
    guard choices.contains(word) else { throw value.expected(words) }
    return word
  }

  private static func integers(_ value: JSONValue, _ expectation: String) throws(FileError) -> [Int] {
    guard value.isArray else { return [try value.integer(expectation, within: largestInteger)] }
    return try value.elements(expectation).map { element throws(FileError) in
      try element.integer("an integer", within: largestInteger)
    }
  }

  /// Writes the constants that differ from their defaults, each under its key.
  static func write(
    _ constants: [Constant], of descriptions: [ConstantDescription], to writer: inout JSONWriter
  ) throws(FileError) {
    for (description, constant) in zip(descriptions, constants) where description.defaultValue != constant {
      try writer.key(description.name)
      switch constant {
      case .number(let number): try writer.number(number)
      case .numbers(let numbers): try writer.numbers(numbers)
      case .integers(let integers) where integers.count == 1: try writer.integer(integers[0])
      case .integers(let integers): try writer.integers(integers)
      case .flag(let flag): try writer.boolean(flag)
      case .word(let word): try writer.string(word)
      }
    }
  }

  /// Whether an operator can be named without an object.
  static func areDefaults(_ constants: [Constant], of descriptions: [ConstantDescription]) -> Bool {
    zip(descriptions, constants).allSatisfy { $0.defaultValue == $1 }
  }
}

extension JSONValue {
  /// `true` or `false`.
  package func flag() throws(FileError) -> Bool {
    guard let flag = booleanValue else { throw expected("true or false") }
    return flag
  }

  /// An integer whose magnitude is within a bound.
  package func integer(_ expectation: String, within bound: Int) throws(FileError) -> Int {
    guard let integer = integerValue else { throw expected(expectation) }
    guard abs(integer) <= bound else { throw expected("an integer up to \(bound)") }
    return integer
  }
}
