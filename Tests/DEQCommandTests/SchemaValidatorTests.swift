import TensorFiles
import TestSupport
import Testing

/// The validator that the schemas are tested with: each keyword accepts what it should and rejects what it should.
@Suite("Validator of JSON Schemas") struct SchemaValidatorTests {
  private static func json(_ text: String) throws -> JSONInstance {
    try JSONInstance(parsing: Array(text.utf8))
  }

  @Test(
    "Every keyword tells what it allows from what it does not",
    arguments: [
      (#"{"type": "integer"}"#, ["1", "1.0", "-3"], ["1.5", #""1""#, "true", "null"]),
      (#"{"type": "number"}"#, ["1", "1.5e300"], ["true", #""NaN""#]),
      (#"{"type": "boolean"}"#, ["true", "false"], ["0", "1", #""true""#]),
      (#"{"type": "string"}"#, [#""""#], ["0", "null"]),
      (#"{"type": "array"}"#, ["[]"], ["{}", "0"]),
      (#"{"type": "object"}"#, ["{}"], ["[]", "null"]),
      (#"{"type": "null"}"#, ["null"], ["0", "false"]),
      (#"{"enum": ["a", 1]}"#, [#""a""#, "1"], [#""b""#, #""1""#, "true"]),
      (#"{"const": true}"#, ["true"], ["1", "false"]),
      (#"{"minimum": 0}"#, ["0", #""any""#], ["-1"]),
      (#"{"maximum": 0}"#, ["0", "-1"], ["1e-300"]),
      (#"{"minItems": 1}"#, ["[0]", "{}"], ["[]"]),
      (#"{"pattern": "^[0-9]+$"}"#, [#""12""#, "1"], [#""1a""#, #""""#]),
      (#"{"items": {"type": "string"}}"#, [#"["a"]"#, "[]"], ["[1]", #"["a", 1]"#]),
      (#"{"required": ["a"]}"#, [#"{"a": null}"#, "[]"], [#"{"b": 1}"#, "{}"]),
      (#"{"properties": {"a": {"type": "string"}}}"#, [#"{"a": ""}"#, #"{"b": 1}"#], [#"{"a": 1}"#]),
      (#"{"properties": {"a": false}}"#, ["{}"], [#"{"a": 1}"#]),
      (#"{"properties": {"a": true}, "additionalProperties": false}"#, [#"{"a": 1}"#], [#"{"b": 1}"#]),
      (#"{"additionalProperties": {"type": "string"}}"#, [#"{"a": ""}"#], [#"{"a": 1}"#]),
      (#"{"anyOf": [{"type": "number"}, {"minimum": 1}]}"#, ["1", "0", #""""#], []),
      (#"{"anyOf": [{"const": 1}, {"const": 2}]}"#, ["1", "2"], ["3"]),
      (#"{"oneOf": [{"type": "number"}, {"minimum": 1}]}"#, ["0", #""""#], ["1"]),
      (##"{"$ref": "#/$defs/t", "$defs": {"t": {"enum": [1, {"a": [2]}]}}}"##, ["1", #"{"a": [2]}"#], ["2"]),
      (
        ##"{"$defs": {"t": {"anyOf": [{"const": 0}, {"type": "array", "items": {"$ref": "#/$defs/t"}}]}}, "$ref": "#/$defs/t"}"##,
        ["0", "[[0], []]"], ["[[1]]"]
      ),
    ])
  func keywords(text: String, accepted: [String], rejected: [String]) throws {
    let schema = try JSONSchema(Self.json(text))
    for instance in accepted { #expect(try schema.violations(of: Self.json(instance)) == [], "\(instance)") }
    for instance in rejected {
      #expect(try !schema.violations(of: Self.json(instance)).isEmpty, "\(instance)")
    }
  }

  @Test(
    "A keyword that it does not check is an error wherever it stands, and so is a reference that leads nowhere",
    arguments: [
      #"{"maxItems": 1}"#, #"{"properties": {"a": {"not": {}}}}"#, #"{"items": {"uniqueItems": true}}"#,
      #"{"oneOf": [{"if": {}}]}"#, #"{"$defs": {"unused": {"format": "uri"}}}"#,
      #"{"additionalProperties": {"allOf": []}}"#, ##"{"$ref": "#/$defs/none"}"##, #"{"$ref": "other.json"}"#,
      #"{"properties": []}"#, #"{"items": 1}"#,
    ])
  func unknown(text: String) throws {
    #expect(throws: JSONSchema.Misunderstanding.self) { try JSONSchema(Self.json(text)) }
  }

  @Test(
    "A keyword whose value makes no sense is an error, not a keyword that holds",
    arguments: [
      #"{"type": "integr"}"#, #"{"type": ["string"]}"#, #"{"required": "a"}"#, #"{"required": [1]}"#,
      #"{"minimum": "0"}"#, #"{"enum": "a"}"#, #"{"pattern": 1}"#,
    ])
  func senseless(text: String) throws {
    let schema = try JSONSchema(Self.json(text))
    #expect(throws: JSONSchema.Misunderstanding.self) { try schema.violations(of: ["a": 1]) }
  }

  @Test("What is wrong is told with its place")
  func places() throws {
    let schema = try JSONSchema(Self.json(#"{"properties": {"a": {"items": {"type": "string"}}}}"#))
    #expect(
      try schema.violations(of: Self.json(#"{"a": ["", 1]}"#)) == [#"$.a[1]: not type string("string")"#])
  }

  @Test("Every schema of the documentation is understood")
  func documentation() throws {
    let names = try Schemas.names
    #expect(names == ["evaluate", "export", "fixtures", "generate", "inspect", "property", "report"])
    for name in names { #expect(throws: Never.self) { try Schemas.schema(name) } }
  }
}
