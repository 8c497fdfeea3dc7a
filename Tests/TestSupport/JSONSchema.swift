/// A JSON Schema (2020-12) with the keywords that the documentation's schemas use. Any other keyword is an
/// error, so that nothing passes unchecked.
public struct JSONSchema: Sendable {
  /// The whole schema, for references within it.
  private let root: JSONInstance

  /// A part of a schema that this validator does not support.
  public struct Misunderstanding: Error, CustomStringConvertible, Equatable {
    /// One line.
    public let description: String
  }

  /// Keywords without constraints on the instance.
  private static let annotations: Set = ["$schema", "$id", "title", "description", "$defs"]
  private static let assertions: Set = [
    "$ref", "type", "enum", "const", "properties", "required", "additionalProperties", "items", "minItems",
    "minimum", "maximum", "pattern", "oneOf", "anyOf",
  ]

  /// A schema.
  ///
  /// - Throws: `Misunderstanding` if it has an unsupported keyword, at any depth, or a dangling reference.
  public init(_ root: JSONInstance) throws {
    self.root = root
    for (place, schema) in try JSONSchema.subschemas(of: root) {
      guard case .object(let keywords) = schema else {
        if case .boolean = schema { continue }
        throw Misunderstanding(description: "\(place): expected a schema, found \(schema)")
      }
      let known = JSONSchema.annotations.union(JSONSchema.assertions)
      for keyword in keywords.keys.sorted() where !known.contains(keyword) {
        throw Misunderstanding(description: "\(place): unknown keyword \(keyword)")
      }
      if let reference = keywords["$ref"] { _ = try target(of: reference) }
    }
  }

  /// Every schema within this one, itself first, with its place.
  public static func subschemas(
    of schema: JSONInstance, at place: String = "#"
  ) throws -> [(place: String, schema: JSONInstance)] {
    var found = [(place, schema)]
    guard case .object(let keywords) = schema else { return found }
    for (keyword, value) in keywords.sorted(by: { $0.key < $1.key }) {
      switch (keyword, value) {
      case ("properties", .object(let members)), ("$defs", .object(let members)):
        for (name, member) in members.sorted(by: { $0.key < $1.key }) {
          found += try subschemas(of: member, at: "\(place)/\(keyword)/\(name)")
        }
      case ("oneOf", .array(let choices)), ("anyOf", .array(let choices)):
        for (index, choice) in choices.enumerated() {
          found += try subschemas(of: choice, at: "\(place)/\(keyword)/\(index)")
        }
      case ("items", _), ("additionalProperties", _):
        found += try subschemas(of: value, at: "\(place)/\(keyword)")
      case ("properties", _), ("$defs", _), ("oneOf", _), ("anyOf", _):
        throw Misunderstanding(description: "\(place)/\(keyword): expected schemas, found \(value)")
      default: break
      }
    }
    return found
  }

  /// The violations of an instance, each one line with its place; empty if it is valid.
  ///
  /// - Throws: `Misunderstanding` if a keyword has an invalid value.
  public func violations(of instance: JSONInstance) throws -> [String] {
    try violations(of: instance, by: root, at: "$")
  }

  private func violations(
    of instance: JSONInstance, by schema: JSONInstance, at place: String
  ) throws -> [String] {
    switch schema {
    case .boolean(true): return []
    case .boolean(false): return ["\(place): nothing is allowed here"]
    case .object(let keywords):
      return try keywords.sorted { $0.key < $1.key }.flatMap { keyword, value in
        try violations(of: instance, by: keyword, value, in: keywords, at: place)
      }
    default: throw Misunderstanding(description: "expected a schema, found \(schema)")
    }
  }

  private func violations(
    of instance: JSONInstance, by keyword: String, _ value: JSONInstance,
    in keywords: [String: JSONInstance], at place: String
  ) throws -> [String] {
    switch (keyword, value) {
    case (_, _) where Self.annotations.contains(keyword): return []
    case ("$ref", _): return try violations(of: instance, by: target(of: value), at: place)
    case ("oneOf", .array(let choices)), ("anyOf", .array(let choices)):
      let found = try choices.map { try violations(of: instance, by: $0, at: place) }
      let count = found.count { $0.isEmpty }
      if count == 1 || (count > 1 && keyword == "anyOf") { return [] }
      let reasons = count > 1 ? [] : found.map { $0.joined(separator: "; ") }
      return ["\(place): \(count) of \(keyword) hold \(reasons)"]
    case ("properties", .object(let schemas)):
      guard case .object(let members) = instance else { return [] }
      return try members.sorted { $0.key < $1.key }.flatMap { key, member in
        try schemas[key].map { try violations(of: member, by: $0, at: "\(place).\(key)") } ?? []
      }
    case ("additionalProperties", _):
      guard case .object(let members) = instance else { return [] }
      let described: Set<String> = keywords["properties"].map { Set($0.keys) } ?? []
      return try members.filter { !described.contains($0.key) }.sorted { $0.key < $1.key }.flatMap {
        try violations(of: $1, by: value, at: "\(place).\($0)")
      }
    case ("items", _):
      guard case .array(let elements) = instance else { return [] }
      return try elements.enumerated().flatMap { try violations(of: $1, by: value, at: "\(place)[\($0)]") }
    default: return try holds(keyword, value, of: instance) ? [] : ["\(place): not \(keyword) \(value)"]
    }
  }

  /// Whether a keyword without subschemas holds; each constrains only instances of its own type.
  private func holds(_ keyword: String, _ value: JSONInstance, of instance: JSONInstance) throws -> Bool {
    switch (keyword, value, instance) {
    case ("type", .string(let type), _): return try has(type, instance)
    case ("enum", .array(let values), _): return values.contains(instance)
    case ("const", _, _): return instance == value
    case ("required", .array(let names), .object(let members)):
      return try names.allSatisfy { name in
        guard case .string(let name) = name else { throw misunderstanding(keyword, value) }
        return members[name] != nil
      }
    case ("minItems", .number(let least), .array(let elements)): return Double(elements.count) >= least
    case ("minimum", .number(let least), .number(let number)): return number >= least
    case ("maximum", .number(let most), .number(let number)): return number <= most
    case ("pattern", .string(let pattern), .string(let text)):
      return try text.firstMatch(of: Regex(pattern)) != nil
    case ("required", .array, _), ("minItems", .number, _), ("minimum", .number, _), ("maximum", .number, _),
      ("pattern", .string, _):
      return true
    default: throw misunderstanding(keyword, value)
    }
  }

  private func has(_ type: String, _ instance: JSONInstance) throws -> Bool {
    switch (type, instance) {
    case ("null", .null), ("boolean", .boolean), ("number", .number), ("string", .string), ("array", .array),
      ("object", .object):
      return true
    case ("integer", .number(let number)): return number.rounded() == number
    case ("null", _), ("boolean", _), ("number", _), ("string", _), ("array", _), ("object", _),
      ("integer", _):
      return false
    default: throw Misunderstanding(description: "unknown type \(type)")
    }
  }

  /// The schema that a reference names, which must be one of this file's definitions.
  private func target(of reference: JSONInstance) throws -> JSONInstance {
    let prefix = "#/$defs/"
    guard case .string(let text) = reference, text.hasPrefix(prefix),
      let target = root["$defs"]?[String(text.dropFirst(prefix.count))]
    else { throw Misunderstanding(description: "$ref: \(reference) leads nowhere") }
    return target
  }

  private func misunderstanding(_ keyword: String, _ value: JSONInstance) -> Misunderstanding {
    Misunderstanding(description: "\(keyword): cannot be \(value)")
  }
}

extension JSONInstance {
  /// The keys of an object; empty for any other value.
  public var keys: [String] {
    if case .object(let members) = self { members.keys.sorted() } else { [] }
  }
}
