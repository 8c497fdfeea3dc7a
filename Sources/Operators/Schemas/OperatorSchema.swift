/// The description of an operator for all other code: what it does, and which attributes it has.
///
/// Everything that treats operators uniformly is derived from it: the readers and writers of files, the tables of the
/// documentation, the generators of random networks, and the faults that test the judge.
public struct OperatorSchema: Sendable {
  /// An attribute's name, kind, default and meaning.
  public struct Attribute: Sendable {
    /// The kinds of an attribute's value.
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

    /// The key in files, the argument's name in `torch.nn`.
    public let name: String
    /// The kind of its value.
    public let kind: Kind
    /// The default; nil for a required attribute.
    public let defaultValue: Constant?
    /// What it means, for the documentation.
    public let meaning: String
  }

  /// What the operator does, for the documentation: of ports p, q, … or of x.
  public let summary: String
  /// The shape of the weight that a linear map trains, for the documentation; nil if it has none.
  public let weight: String?
  /// The attributes, in the order of files and descriptions.
  public let attributes: [Attribute]

  /// The schema of an operator with these attributes.
  public init(_ summary: String, weight: String? = nil, _ attributes: Attribute...) {
    self.summary = summary
    self.weight = weight
    self.attributes = attributes
  }

  /// The attribute of this name, or nil.
  public subscript(name: String) -> Attribute? { attributes.first { $0.name == name } }

  /// The names of the attributes, in their order.
  public var names: [String] { attributes.map(\.name) }

  /// Whether the operator has no required attribute.
  public var hasDefaults: Bool { attributes.allSatisfy { $0.defaultValue != nil } }

  /// A value for each attribute: the given ones, and the defaults of the others.
  ///
  /// - Throws: `InvalidConstants` where a given one is unknown or of another kind, or a required one is missing.
  public func attributes(_ given: [String: Constant] = [:]) throws(InvalidConstants) -> Attributes {
    if let unknown = given.keys.sorted().first(where: { self[$0] == nil }) {
      throw InvalidConstants(
        "\(unknown): expected one of \(names.joined(separator: ", ")), found no such attribute")
    }
    var values = Attributes()
    for attribute in attributes {
      guard let value = given[attribute.name] ?? attribute.defaultValue else {
        throw InvalidConstants("\(attribute.name): expected a value, found none")
      }
      guard attribute.kind.includes(value) else {
        throw InvalidConstants("\(attribute.name): expected \(attribute.kind), found \(value)")
      }
      values.append(attribute.name, value)
    }
    return values
  }
}

extension OperatorSchema.Attribute {
  /// An attribute that is a number; one without a default must be given.
  public static func number(_ name: String, default value: Double? = nil, _ meaning: String) -> Self {
    Self(name: name, kind: .number, defaultValue: value.map { .number($0) }, meaning: meaning)
  }

  /// An attribute that is a list of numbers; one without a default must be given.
  public static func numbers(_ name: String, default value: [Double]? = nil, _ meaning: String) -> Self {
    Self(name: name, kind: .numbers, defaultValue: value.map { .numbers($0) }, meaning: meaning)
  }

  /// An attribute that is an integer or several; one without a default must be given.
  public static func integers(_ name: String, default value: [Int]? = nil, _ meaning: String) -> Self {
    Self(name: name, kind: .integers, defaultValue: value.map { .integers($0) }, meaning: meaning)
  }

  /// An attribute that is an integer, several, or one of `words`.
  public static func integers(
    _ name: String, default value: [Int], orOneOf words: [String], _ meaning: String
  ) -> Self {
    Self(name: name, kind: .integersOrWord(words), defaultValue: .integers(value), meaning: meaning)
  }

  /// An attribute that is true or false.
  public static func flag(_ name: String, default value: Bool, _ meaning: String) -> Self {
    Self(name: name, kind: .flag, defaultValue: .flag(value), meaning: meaning)
  }

  /// An attribute that is one of `words`.
  public static func word(
    _ name: String, default word: String, oneOf words: [String], _ meaning: String
  ) -> Self {
    Self(name: name, kind: .word(words), defaultValue: .word(word), meaning: meaning)
  }
}

extension OperatorSchema.Attribute.Kind: CustomStringConvertible {
  /// Whether a value is of this kind.
  public func includes(_ value: Constant) -> Bool {
    switch (self, value) {
    case (.number, .number), (.numbers, .numbers), (.integers, .integers), (.integersOrWord, .integers),
      (.flag, .flag):
      true
    case (.integersOrWord(let words), .word(let word)), (.word(let words), .word(let word)):
      words.contains(word)
    default: false
    }
  }

  public var description: String {
    switch self {
    case .number: "a number"
    case .numbers: "a list of numbers"
    case .integers: "an integer or a list of integers"
    case .integersOrWord(let words): alternatives(["an integer", "a list of integers"] + Self.quoted(words))
    case .flag: "true or false"
    case .word(let words): alternatives(Self.quoted(words))
    }
  }

  private static func quoted(_ words: [String]) -> [String] {
    words.map { "\"\($0)\"" }
  }
}
