/// The value of a constant of an operator: a slope, a stride, the word `"tanh"` of an approximation.
public enum Constant: Hashable, Sendable, CustomStringConvertible {
  /// A number.
  case number(Double)
  /// Several numbers.
  case numbers([Double])
  /// One or several integers: an axis, the strides of all axes.
  case integers([Int])
  /// Yes or no.
  case flag(Bool)
  /// A word.
  case word(String)

  /// Numbers are the same when their bits are.
  public static func == (left: Constant, right: Constant) -> Bool {
    switch (left, right) {
    case (.number(let a), .number(let b)): a.bitPattern == b.bitPattern
    case (.numbers(let a), .numbers(let b)): a.map(\.bitPattern) == b.map(\.bitPattern)
    case (.integers(let a), .integers(let b)): a == b
    case (.flag(let a), .flag(let b)): a == b
    case (.word(let a), .word(let b)): a == b
    default: false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .number(let value): hasher.combine(value.bitPattern)
    case .numbers(let values): hasher.combine(values.map(\.bitPattern))
    case .integers(let values): hasher.combine(values)
    case .flag(let value): hasher.combine(value)
    case .word(let word): hasher.combine(word)
    }
  }

  public var description: String {
    switch self {
    case .number(let value): "\(value)"
    case .numbers(let values): "\(values)"
    case .integers(let values): values.count == 1 ? "\(values[0])" : "\(values)"
    case .flag(let value): "\(value)"
    case .word(let word): "\"\(word)\""
    }
  }
}

extension [Constant] {
  /// The number at a position whose description says that it is one.
  func number(_ position: Int) -> Double {
    guard case .number(let value) = self[position] else { preconditionFailure("a constant of another kind") }
    return value
  }

  /// The numbers at a position whose description says so.
  func numbers(_ position: Int) -> [Double] {
    guard case .numbers(let values) = self[position] else {
      preconditionFailure("a constant of another kind")
    }
    return values
  }

  /// The integers at a position whose description says so.
  func integers(_ position: Int) -> [Int] {
    guard case .integers(let values) = self[position] else {
      preconditionFailure("a constant of another kind")
    }
    return values
  }

  /// The flag at a position whose description says so.
  func flag(_ position: Int) -> Bool {
    guard case .flag(let value) = self[position] else { preconditionFailure("a constant of another kind") }
    return value
  }

  /// The word at a position whose description says so.
  func word(_ position: Int) -> String {
    guard case .word(let word) = self[position] else { preconditionFailure("a constant of another kind") }
    return word
  }
}

/// What a constant is called, of what kind it is, and what it is where a file does not say.
public struct ConstantDescription: Sendable {
  /// What a constant may be.
  public enum Kind: Sendable, Equatable {
    /// A number.
    case number
    /// A list of numbers.
    case numbers
    /// An integer or a list of integers.
    case integers
    /// An integer, a list of integers, or one of these words.
    case integersOrWord([String])
    /// `true` or `false`.
    case flag
    /// One of these words.
    case word([String])
  }

  /// The key in files, as the argument is called in `torch.nn`.
  public let name: String
  /// What it may be.
  public let kind: Kind
  /// The value where none is given; nil for a constant that must be given.
  public let defaultValue: Constant?

  private init(_ name: String, _ kind: Kind, _ defaultValue: Constant?) {
    self.name = name
    self.kind = kind
    self.defaultValue = defaultValue
  }

  /// A constant that is a number; one without a default must be given.
  public init(_ name: String, default value: Double? = nil) {
    self.init(name, .number, value.map { .number($0) })
  }

  /// A constant that is one of `words`.
  public init(_ name: String, default word: String, oneOf words: [String]) {
    self.init(name, .word(words), .word(word))
  }

  /// A constant that is an integer or several; one without a default must be given.
  public static func integers(_ name: String, default value: [Int]? = nil) -> ConstantDescription {
    ConstantDescription(name, .integers, value.map { .integers($0) })
  }

  /// A constant that is an integer, several, or one of `words`.
  public static func integers(
    _ name: String, default value: [Int], orOneOf words: [String]
  ) -> ConstantDescription {
    ConstantDescription(name, .integersOrWord(words), .integers(value))
  }

  /// A constant that is a list of numbers; one without a default must be given.
  public static func numbers(_ name: String, default value: [Double]? = nil) -> ConstantDescription {
    ConstantDescription(name, .numbers, value.map { .numbers($0) })
  }

  /// A constant that is true or false.
  public static func flag(_ name: String, default value: Bool) -> ConstantDescription {
    ConstantDescription(name, .flag, .flag(value))
  }
}

/// Constants whose values have no meaning: `softshrink` with a negative `lambda`, a stride of 0.
public struct InvalidConstants: Error, CustomStringConvertible {
  /// Which constant, what was expected and what was found.
  public let description: String

  /// The error with this text.
  public init(_ description: String) {
    self.description = description
  }
}
