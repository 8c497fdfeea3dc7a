import FileAccess
import Operators
import TensorFiles

/// The constants of an operator in a file: keys of the object that names the operator, each of the kind and with
/// the default that the operator describes.
enum ConstantsFormat {
  /// How large an integer may be: beyond it no extent, axis or stride has a meaning.
  private static let largestInteger = 1 << 40

  /// The constants of a list of descriptions.
  ///
  /// - Parameters:
  ///   - object: Where the keys stand; nil where the operator is named without an object, and all have defaults.
  ///   - keys: Every key that the object may have, for the message about one that must be there.
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

  /// What `make` returns; an error of its constants becomes one at the key of the constant that it begins with.
  ///
  /// - Parameter keys: The keys of constants that the file has under another name.
  static func located<Operator>(
    _ object: JSONObject?, at value: JSONValue, calling keys: [String: String] = [:],
    _ make: () throws(InvalidConstants) -> Operator
  ) throws(FileError) -> Operator {
    do throws(InvalidConstants) { return try make() } catch {
      // The description begins with the constant's name, which is part of the place where the file has it.
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

  /// Writes those constants that have not their default value, each under its key.
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
