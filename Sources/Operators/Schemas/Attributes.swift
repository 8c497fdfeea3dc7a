/// The values of an operator's attributes, by their names, in the order of its schema.
///
/// An operator writes its own as a literal, `["stride": .integers(stride)]`. All other code gets them from an operator
/// or from `OperatorSchema.attributes(_:)`, so that they are complete and of the right kinds.
public struct Attributes: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  private var elements: [(String, Constant)]

  /// No attributes.
  public init() {
    elements = []
  }

  /// Attributes in the order in which they are written.
  public init(dictionaryLiteral elements: (String, Constant)...) {
    self.elements = elements
  }

  mutating func append(_ name: String, _ value: Constant) {
    elements.append((name, value))
  }

  /// The value of an attribute, or nil for one that the operator does not have.
  public subscript(name: String) -> Constant? { elements.first { $0.0 == name }?.1 }

  /// The attributes with another value of one of them.
  ///
  /// - Precondition: The operator has an attribute of this name.
  public func setting(_ name: String, to value: Constant) -> Attributes {
    guard let position = elements.firstIndex(where: { $0.0 == name }) else {
      preconditionFailure("no attribute \(name)")
    }
    var changed = self
    changed.elements[position].1 = value
    return changed
  }

  /// The attributes, with each value replaced by its `transform`.
  public func mapValues(_ transform: (Constant) -> Constant) -> Attributes {
    var changed = self
    changed.elements = elements.map { ($0.0, transform($0.1)) }
    return changed
  }

  public static func == (left: Attributes, right: Attributes) -> Bool {
    left.elements.elementsEqual(right.elements) { $0.1 == $1.1 && $0.0 == $1.0 }
  }

  public func hash(into hasher: inout Hasher) {
    for (name, value) in elements {
      hasher.combine(name)
      hasher.combine(value)
    }
  }
}

extension Attributes: Sequence {
  /// The names and values, in the order of the schema.
  public func makeIterator() -> some IteratorProtocol<(name: String, value: Constant)> {
    elements.lazy.map { (name: $0.0, value: $0.1) }.makeIterator()
  }
}

/// Values of attributes whose kind the schema determines: another name or kind is a programming error.
extension Attributes {
  /// The value of an attribute that is a number.
  public func number(_ name: String) -> Double {
    guard case .number(let value)? = self[name] else { preconditionFailure("no number \(name)") }
    return value
  }

  /// The value of an attribute that is a list of numbers.
  public func numbers(_ name: String) -> [Double] {
    guard case .numbers(let values)? = self[name] else { preconditionFailure("no numbers \(name)") }
    return values
  }

  /// The value of an attribute that is an integer or several.
  public func integers(_ name: String) -> [Int] {
    guard case .integers(let values)? = self[name] else { preconditionFailure("no integers \(name)") }
    return values
  }

  /// The value of an attribute that is true or false.
  public func flag(_ name: String) -> Bool {
    guard case .flag(let value)? = self[name] else { preconditionFailure("no flag \(name)") }
    return value
  }

  /// The value of an attribute that is one of a set of words.
  public func word(_ name: String) -> String {
    guard case .word(let word)? = self[name] else { preconditionFailure("no word \(name)") }
    return word
  }

  /// The value of an attribute whose integers must be a single one.
  ///
  /// - Throws: `InvalidConstants` where there are several, or none.
  public func integer(_ name: String) throws(InvalidConstants) -> Int {
    try single(name, integers(name))
  }
}
