/// The value of an attribute of an operator: a slope, a stride, the word `"tanh"` of an approximation.
public enum Constant: Hashable, Sendable, CustomStringConvertible {
  /// A number.
  case number(Double)
  /// Several numbers.
  case numbers([Double])
  /// One or several integers: an axis, the strides of all axes.
  case integers([Int])
  /// True or false.
  case flag(Bool)
  /// A word.
  case word(String)

  /// Numbers are equal if their bits are.
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

/// Attributes with invalid values: `softshrink` with a negative `lambda`, a stride of 0.
public struct InvalidConstants: Error, CustomStringConvertible {
  /// Which attribute, what was expected and what was found.
  public let description: String

  /// The error with this text.
  public init(_ description: String) {
    self.description = description
  }
}
