import Foundation

/// Any JSON value, as the instance of a schema.
public enum JSONInstance: Equatable, Sendable {
  case null
  case boolean(Bool)
  case number(Double)
  case string(String)
  case array([JSONInstance])
  case object([String: JSONInstance])

  /// Parses a text that is one JSON value.
  public init(parsing bytes: [UInt8]) throws {
    self = try JSONDecoder().decode(JSONInstance.self, from: Data(bytes))
  }

  /// The value of a key, nil if there is none or this is not an object.
  public subscript(key: String) -> JSONInstance? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  /// The text of the value, with sorted keys.
  public var text: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }
}

extension JSONInstance: Codable {
  public init(from decoder: any Decoder) throws {
    if let members = try? decoder.container(keyedBy: AnyKey.self) {
      self = .object(
        Dictionary(
          uniqueKeysWithValues: try members.allKeys.map {
            ($0.stringValue, try members.decode(JSONInstance.self, forKey: $0))
          }))
      return
    }
    if var elements = try? decoder.unkeyedContainer() {
      var values: [JSONInstance] = []
      while !elements.isAtEnd { values.append(try elements.decode(JSONInstance.self)) }
      self = .array(values)
      return
    }
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let boolean = try? value.decode(Bool.self) {
      self = .boolean(boolean)
    } else if let number = try? value.decode(Double.self) {
      self = .number(number)
    } else {
      self = .string(try value.decode(String.self))
    }
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .boolean(let value): try container.encode(value)
    case .number(let value):
      // An integer is written without a fraction.
      if let integer = Int64(exactly: value) {
        try container.encode(integer)
      } else {
        try container.encode(value)
      }
    case .string(let value): try container.encode(value)
    case .array(let values): try container.encode(values)
    case .object(let members): try container.encode(members)
    }
  }

  private struct AnyKey: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

extension JSONInstance: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(dictionaryLiteral members: (String, JSONInstance)...) {
    self = .object(Dictionary(uniqueKeysWithValues: members))
  }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(booleanLiteral value: Bool) { self = .boolean(value) }
  public init(integerLiteral value: Int) { self = .number(Double(value)) }
}

// MARK: Places

/// A step from a value into it.
public enum JSONStep: Equatable, Sendable {
  /// The value of a key.
  case key(String)
  /// The element at an index.
  case index(Int)
}

extension JSONInstance {
  /// Every value in this one, itself first, with the steps that lead to it; keys in order.
  public var places: [(path: [JSONStep], value: JSONInstance)] {
    var places: [(path: [JSONStep], value: JSONInstance)] = [([], self)]
    func add(_ step: JSONStep, _ value: JSONInstance) {
      places += value.places.map { ([step] + $0.path, $0.value) }
    }
    switch self {
    case .array(let values): for (index, value) in values.enumerated() { add(.index(index), value) }
    case .object(let members):
      for (key, value) in members.sorted(by: { $0.key < $1.key }) { add(.key(key), value) }
    default: break
    }
    return places
  }

  /// This value with another at the end of the path; nil removes the key there.
  public func replacing(_ path: some Collection<JSONStep>, with value: JSONInstance?) -> JSONInstance {
    guard let step = path.first else { return value ?? .null }
    let rest = path.dropFirst()
    switch (self, step) {
    case (.object(var members), .key(let key)):
      members[key] = rest.isEmpty ? value : members[key]?.replacing(rest, with: value)
      return .object(members)
    case (.array(var values), .index(let index)):
      values[index] = values[index].replacing(rest, with: value)
      return .array(values)
    default: return self
    }
  }
}
