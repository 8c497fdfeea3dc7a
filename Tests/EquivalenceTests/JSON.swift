import Foundation

/// A JSON value that can be changed in place.
enum JSON: Sendable, Equatable {
  case text(String)
  case number(Decimal)
  case flag(Bool)
  case list([JSON])
  case object([String: JSON])
  case null

  /// A step into an object or a list.
  enum Step: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case key(String)
    case index(Int)

    init(stringLiteral value: String) { self = .key(value) }
    init(integerLiteral value: Int) { self = .index(value) }
  }

  /// Parses a text.
  init(_ bytes: [UInt8]) throws {
    self = try JSONDecoder().decode(JSON.self, from: Data(bytes))
  }

  /// The text.
  var bytes: [UInt8] { try! [UInt8](JSONEncoder().encode(self)) }

  /// The value behind some steps; nil takes it away.
  subscript(steps: Step...) -> JSON? {
    get { self[steps[...]] }
    set { self[steps[...]] = newValue }
  }

  private subscript(steps: ArraySlice<Step>) -> JSON? {
    get {
      switch (steps.first, self) {
      case (nil, _): self
      case (.key(let key)?, .object(let object)): object[key]?[steps.dropFirst()]
      case (.index(let index)?, .list(let list)): list[index][steps.dropFirst()]
      default: nil
      }
    }
    set {
      switch (steps.first, self) {
      case (.key(let key)?, .object(var object)):
        if steps.count == 1 { object[key] = newValue } else { object[key]![steps.dropFirst()] = newValue }
        self = .object(object)
      case (.index(let index)?, .list(var list)):
        if steps.count > 1 {
          list[index][steps.dropFirst()] = newValue
        } else if let newValue {
          list[index] = newValue
        } else {
          list.remove(at: index)
        }
        self = .list(list)
      default: preconditionFailure("a step into a value that has none")
      }
    }
  }
}

extension JSON? {
  /// The elements of a list in the other order.
  mutating func reverse() {
    guard case .list(let list)? = self else { preconditionFailure("no list") }
    self = .list(list.reversed())
  }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral
{
  init(stringLiteral value: String) { self = .text(value) }
  init(integerLiteral value: Int) { self = .number(Decimal(value)) }
  init(booleanLiteral value: Bool) { self = .flag(value) }
  init(arrayLiteral elements: JSON...) { self = .list(elements) }
}

extension JSON: Codable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Decimal.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([JSON].self) {
      self = .list(list)
    } else {
      self = .object(try container.decode([String: JSON].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .text(let text): try container.encode(text)
    case .number(let number): try container.encode(number)
    case .flag(let flag): try container.encode(flag)
    case .list(let list): try container.encode(list)
    case .object(let object): try container.encode(object)
    case .null: try container.encodeNil()
    }
  }
}
