import ModelFiles
import ONNXImport
import Testing

/// Texts that are no JSON, or more than JSON, whatever json-c says about them.
@Suite("JSON that must be refused")
struct HostileJSONTests {
  @Test(
    "Text that is no JSON is refused with line and column",
    arguments: [
      Refusal("", "expected a JSON object, found an empty file"),
      Refusal(" \n\t\r\n", "expected a JSON object, found an empty file"),
      Refusal("{", "1:2: expected JSON, found the end of the file"),
      Refusal("{\"a\": [1,\n 2", "2:3: expected JSON, found the end of the file"),
      Refusal("{\"a\": \"bc", "1:10: expected JSON, found the end of the file"),
      Refusal("{\"a\": tru", "1:10: expected JSON, found the end of the file"),
      Refusal("[1, 2]}", "1:7: expected JSON, found '}'"),
      Refusal("{} {}", "1:4: expected JSON, found '{'"),
      Refusal("{}\nx", "2:1: expected JSON, found 'x'"),
      Refusal("{\"a\" 1}", "1:6: expected ':' after the key, found '1'"),
      Refusal("{\"a\": 1 \"b\": 2}", "1:9: expected ',' or '}', found '\"'"),
      Refusal("{\"é\": [1 2]}", "1:10: expected ',' or ']', found '2'"),
      Refusal("{\"a\": [1,]}", "1:10: expected JSON, found ']'"),
      Refusal("{\"a\": 1,}", "1:9: expected JSON, found '}'"),
      Refusal("{a: 1}", "1:2: expected a key in double quotes, found 'a'"),
      Refusal("{'a': 1}", "1:2: expected JSON, found 'a'"),
      Refusal("{\"a\": 'b'}", "1:7: expected JSON, found '''"),
      Refusal("/* c */ {}", "1:1: expected JSON, found '/'"),
      Refusal("{} // c", "1:4: expected JSON, found '/'"),
      Refusal("{\"a\": True}", "1:7: expected true or false, found 'T'"),
      Refusal("{\"a\": nul}", "1:10: expected null, found '}'"),
      Refusal("\u{FEFF}{}", "1:1: expected JSON, found a byte order mark"),
      Refusal("{\"a\": 1}\0", "1:9: expected JSON, found a NUL byte"),
      Refusal("{\"a\0\": 1}", "1:4: expected JSON, found a NUL byte"),
      Refusal("{\"a\": \u{0B}1}", "1:7: expected JSON, found '\\u{B}'"),
    ])
  func structure(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Numbers are those of RFC 8259, finite ones",
    arguments: [
      "01", "-01", "00", "1.", "-1.", ".5", "+1", "1e", "1e+", "-", "--1", "1-2", "1.5.5", "1e5e5", "0x10",
      "1_000",
      "NaN", "nan", "-NaN", "Infinity", "-Infinity", "inf", "1e5.5", "- 1", "1.e5", "-.5",
    ])
  func lexicalNumbers(_ number: String) throws {
    let found = try #require(message(reading: Array("{\"input\": [\(number)]}".utf8)))
    #expect(found.hasPrefix("1:1"))
    #expect(found.contains(": expected "))
  }

  @Test(
    "What json-c lets through is refused",
    arguments: [
      Refusal("{\"a\": -01}", "1:7: expected a number as JSON writes it, found -01"),
      Refusal("{\"a\": [1.]}", "1:8: expected a number as JSON writes it, found 1."),
      Refusal("{\"a\": NaN}", "1:7: expected JSON, found NaN"),
      Refusal("{\"a\": Infinity}", "1:7: expected JSON, found Infinity"),
      Refusal("{\"a\": -Infinity}", "1:7: expected a number as JSON writes it, found -Infinity"),
      Refusal("{\"a\": \"b\nc\"}", "1:9: expected an escape sequence for a control character, found byte 10"),
      Refusal("{\"a\u{1}\": 1}", "1:4: expected an escape sequence for a control character, found byte 1"),
      Refusal("{\"a\\u0000\": 1}", "1:4: expected a character other than NUL, found \\u0000"),
      Refusal("{\"a\": \"\\ud800\"}", "1:8: expected both halves of a surrogate pair, found \\ud800"),
      Refusal("{\"a\": \"\\ud800\\ud800\"}", "1:8: expected both halves of a surrogate pair, found \\ud800"),
      Refusal("{\"a\": \"\\udc00\"}", "1:8: expected both halves of a surrogate pair, found \\udc00"),
      Refusal("{\"a\": \"\\ud800x\"}", "1:8: expected both halves of a surrogate pair, found \\ud800"),
      Refusal("{\"a\": \"\\x\"}", "1:9: expected an escape sequence that JSON has, found 'x'"),
      Refusal("{\"a\": \"\\u12g4\"}", "1:12: expected an escape sequence that JSON has, found 'g'"),
    ])
  func lax(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test(
    "Strings are UTF-8: no stray, overlong, surrogate or cut-off sequences",
    arguments: [
      [0xFF], [0x80], [0xC3], [0xC0, 0x80], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80],
      [0xF8, 0x88, 0x80, 0x80, 0x80], [0xF0, 0x9F, 0x98],
    ] as [[UInt8]])
  func invalidUTF8(_ bytes: [UInt8]) throws {
    let text = Array("{\"a\": \"".utf8) + bytes + Array("\"}".utf8)
    let found = try #require(message(reading: text))
    #expect(found.contains("expected UTF-8, found "))
    let key = Array("{\"".utf8) + bytes + Array("\": 1}".utf8)
    #expect(try #require(message(reading: key)).contains("expected UTF-8, found "))
  }

  @Test(
    "A key stands once, however it is spelled",
    arguments: [
      Refusal("{\"format\": 1, \"format\": 1}", "format: expected one such key, found another at 1:15"),
      Refusal(
        "{\"format\": 1,\n \"\\u0066ormat\": 1}", "format: expected one such key, found another at 2:2"),
      Refusal("{\"a\": [0, {\"b\": {}, \"b\": 1}]}", "a[1].b: expected one such key, found another at 1:21"),
      Refusal("{\"é\": 1, \"e\u{301}\": 1}", "[\"e\u{301}\"]: expected one such key, found another at 1:10"),
      Refusal("{\"\": 1, \"\": 1}", "[\"\"]: expected one such key, found another at 1:9"),
      Refusal(
        "{\"a\\n\": 1, \"a\\u000a\": 1}", "[\"a\\u{A}\"]: expected one such key, found another at 1:12"),
    ])
  func duplicateKeys(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test("The same key may stand in different objects")
  func equalKeysElsewhere() {
    #expect(
      message(reading: Array("{\"format\": {\"a\": [{\"a\": 1}, {\"a\": 2}]}}".utf8))
        == "format: expected \"network\" or \"equilibrium\", found an object")
  }

  @Test("Nesting 10,000 deep is refused on one line, 64 deep is read", arguments: ["[", "{\"a\":"])
  func depth(_ opening: String) throws {
    let closing = opening == "[" ? "]" : "}"
    let text = { (depth: Int) in
      String(repeating: opening, count: depth) + "1" + String(repeating: closing, count: depth)
    }
    let refused = "1:\(65 * opening.utf8.count + 1): expected at most 64 nested arrays and objects, found "
    #expect(message(reading: Array(text(10_000).utf8)) == refused + "'\(opening.first!)'")
    #expect(message(reading: Array(text(65).utf8)) == refused + "'1'")
    #expect(try #require(message(reading: Array(text(64).utf8))).hasPrefix("expected "))
    #expect(
      message(reading: Array(String(repeating: opening, count: 10_000).utf8)) == refused
        + "'\(opening.first!)'")
  }

  @Test(
    "A document that is no object is refused",
    arguments: [
      ("[]", "an empty array"), ("[1, 2]", "an array of 2"), ("\"abc\"", "\"abc\""), ("12", "12"),
      ("-0", "-0"),
      ("null", "null"), ("true", "true"), (" 1e999 ", "1e999"),
    ])
  func noObject(_ text: String, _ found: String) {
    #expect(message(reading: Array(text.utf8)) == "expected an object, found \(found)")
  }

  @Test("Messages stay short and on one line whatever they quote")
  func oneShortLine() throws {
    let long = String(repeating: "x", count: 100_000)
    let combining = "e" + String(repeating: "\u{301}", count: 100_000)
    for value in [
      "\"\(long)\"", "\"\(combining)\"", String(repeating: "9", count: 100_000), "\"\\u001b[2J\\n\\u202e\"",
    ] {
      let found = try #require(message(reading: Array("{\"format\": \(value)}".utf8)))
      #expect(found.utf8.count < 300)
      #expect(!found.unicodeScalars.contains { $0.properties.generalCategory == .control })
    }
    #expect(
      message(reading: Array("{\"format\": \"\\u001b[2J\\n\\u202e\"}".utf8))
        == "format: expected \"network\" or \"equilibrium\", found \"\\u{1B}[2J\\u{A}\\u{202E}\"")
  }
}
