import LinearAlgebra
import ModelFiles
import ONNXImport
import Testing

/// Long arrays of numbers, which json-c does not see unless something is wrong with them: what is read and what is refused
/// is the same as in short ones.
@Suite("Long arrays of numbers")
struct NumberArrayTests {
  /// The text of a model of `count` coordinates, whose `b` is this vector.
  private func text(_ vector: String, count: Int) -> String {
    """
    {"format": "equilibrium", "version": 1, "input": [1], "output": "z",
     "blocks": [{"name": "z", "size": \(count), "activation": "relu"}],
     "b": [{"to": "z", "vector": \(vector)}]}
    """
  }

  private func read(_ numbers: [String]) throws -> [Double] {
    guard
      case .equilibrium(let model) = try model(
        text("[\(numbers.joined(separator: ", "))]", count: numbers.count))
    else { return [] }
    return model.blocks[0].offsets[0].vector
  }

  /// Forty numbers with another value among them.
  private func numbers(with odd: String, at position: Int = 30) -> String {
    var numbers = (0..<40).map { "\($0).5" }
    numbers[position] = odd
    return "[\(numbers.joined(separator: ","))]"
  }

  @Test("Each number is the nearest double, at halves, at the ends of the range and in every spelling")
  func nearest() throws {
    var generator = SeededGenerator(seed: 3)
    var texts = [
      "0", "-0.0", "0.0", "1E2", "1e+2", "-1.5E-3", "9007199254740993", "9007199254740995",
      "999999999999999999",
      "4.9406564584124654e-324", "2.4703282292062328e-324", "1.7976931348623158e308",
      "2.2250738585072011e-308",
      "0.500000000000000166533453693773481063544750213623046875",
      "0.50000000000000016653345369377348106354475021362304687500000000000000000001",
      "9007199254740992.99999999999999999999999999999999", "123456789012345678901234567890.5",
    ]
    for _ in 0..<20_000 {
      let value = Double(bitPattern: generator.next())
      if value.isFinite { texts.append("\(value)") }
      // Digits that no shortest form has: near the middle between two doubles.
      let digits = String(generator.next() % 10_000_000_000_000_000_000)
      texts.append("0.\(digits)\(generator.next() % 1000)e\(Int(generator.next() % 600) - 300)")
    }
    let expected = texts.map { Double($0)!.bitPattern }
    #expect(try read(texts).map(\.bitPattern) == expected)
  }

  @Test(
    "What is beyond a double or an integer of json-c is read among others as it is alone",
    arguments: [
      ("-0", -0.0), ("1e-400", 0), ("-1e-400", -0.0), ("9223372036854775808", 0x1p63),
      ("100000000000000000000", 1e20), ("2.4703282292062327e-324", 0),
    ])
  func odd(_ number: String, _ value: Double) throws {
    var texts = (0..<40).map { "\($0).25" }
    texts[17] = number
    var values = (0..<40).map { Double($0) + 0.25 }
    values[17] = value
    #expect(try read(texts).map(\.bitPattern) == values.map(\.bitPattern))
  }

  @Test("White space may stand anywhere between numbers, rows and brackets")
  func whiteSpace() throws {
    let row = (0..<20).map(String.init).joined(separator: "\n ,\t")
    let text = """
      {"format": "network", "version": 1, "input": [20], "layers": [
        {"type": "dense", "weight": [\r\n[ \(row)] \t,\n [\(row) ]\n] }]}
      """
    guard case .network(let network) = try model(text), case .explicit(let block) = network.layers[0] else {
      Issue.record("no dense layer")
      return
    }
    let weight = try #require(block.terms[0].map.parameter)
    #expect(weight.shape == [2, 20])
    #expect(weight.elements == (0..<40).map { Double($0 % 20) })
  }

  @Test("What is wrong with one of many numbers is located as among few")
  func refusals() {
    let b = "b[0].vector"
    for (vector, problem) in [
      (numbers(with: "1e999"), "\(b)[30]: expected a finite number, found 1e999"),
      (numbers(with: "-1e999", at: 39), "\(b)[39]: expected a finite number, found -1e999"),
      (numbers(with: "true"), "\(b)[30]: expected a finite number, found true"),
      (numbers(with: "\"1\""), "\(b)[30]: expected a finite number, found \"1\""),
      (numbers(with: "[1]"), "\(b)[30]: expected a finite number, found an array of 1"),
      (numbers(with: "1,2"), "\(b): expected 40 numbers (the size of \"z\"), found 41"),
      ("[\(numbers(with: "0"))]", "\(b): expected 40 numbers (the size of \"z\"), found 1"),
      (numbers(with: "-01"), "3:171: expected a number as JSON writes it, found -01"),
      (numbers(with: "1."), "3:171: expected a number as JSON writes it, found 1."),
      (numbers(with: ""), "3:171: expected JSON, found ','"),
      (numbers(with: "NaN"), "3:171: expected JSON, found NaN"),
      (numbers(with: "1 2"), "3:173: expected ',' or ']', found '2'"),
      (numbers(with: "+1"), "3:171: expected JSON, found '+'"),
    ] {
      #expect(message(reading: Array(text(vector, count: 40).utf8)) == problem)
    }
  }

  @Test("What is wrong with a matrix of many numbers is located as in a small one")
  func matrices() {
    let row = "[\((0..<20).map(String.init).joined(separator: ","))]"
    let short = "[\((0..<19).map(String.init).joined(separator: ","))]"
    let read = { (weight: String) in
      message(
        reading: Array(
          """
          {"format": "network", "version": 1, "input": [20],
           "layers": [{"type": "dense", "weight": \(weight), "bias": [0, 0]}]}
          """.utf8))
    }
    let weight = "layers[0].weight"
    #expect(read("[\(row),\(row)]") == nil)
    #expect(read("[\(row),\(short)]") == "\(weight)[1]: expected 20 numbers, found 19")
    #expect(read("[\(row),7]") == "\(weight)[1]: expected a list of 20 numbers, found 7")
    #expect(read("[\(row),[]]") == "\(weight)[1]: expected 20 numbers, found none")
    #expect(read("[[\(row),\(row)]]") == "\(weight)[0][0]: expected a finite number, found an array of 20")
    #expect(read(row) == "\(weight)[0]: expected a list of numbers, found 0")
    #expect(read("[\(row),\(row)") == "2:153: expected ',' or ']', found ':'")
    #expect(
      read("[\(short),\(short)]")
        == "\(weight): expected rows of 20 numbers (the size of the input), found 19")
    #expect(
      read("[\(row),\(row.replacing("7", with: "1e999"))]")
        == "\(weight)[1][7]: expected a finite number, found 1e999")
  }

  @Test("Many numbers are no string, no object, no list of layers and no shape")
  func otherValues() {
    let numbers = "[\((1...40).map(String.init).joined(separator: ","))]"
    for (text, problem) in [
      (numbers, "expected an object, found an array of 40"),
      ("{\"format\": \(numbers)}", "format: expected \"network\" or \"equilibrium\", found an array of 40"),
      ("{\(numbers): 1}", "1:2: expected a key in double quotes, found '['"),
      ("{} \(numbers)", "1:4: expected JSON, found '['"),
      ("\(numbers) 1", "1:114: expected JSON, found '1'"),
      (
        "{\"format\": \"network\", \"version\": 1, \"layers\": [], \"input\": \(numbers)}",
        "input: expected a shape of up to 67108864 numbers, found more"
      ),
      (
        "{\"format\": \"network\", \"version\": 1, \"input\": [1], \"layers\": \(numbers)}",
        "layers[0]: expected an object, found 1"
      ),
      (
        "{\"a\": \(numbers), \"b\": {\"c\": \(numbers), \"c\": 1}}",
        "b.c: expected one such key, found another at 1:246"
      ),
    ] {
      #expect(message(reading: Array(text.utf8)) == problem)
    }
  }

  @Test("No string passes for an array that json-c has been spared")
  func forgery() {
    let numbers = numbers(with: "0")
    for forged in ["[\"\\u00000\"]", "[\"\\u0000\"]", "[\"\\u000099\"]", "\"\\u00000\""] {
      let found = message(reading: Array("{\"a\": \(numbers), \"b\": \(forged)}".utf8))
      #expect(found?.hasSuffix("expected a character other than NUL, found \\u0000") ?? false)
    }
    // An array in a string is none, whatever quotation marks stand before it.
    for (text, problem) in [
      ("{\"\(numbers)\": 1}", "expected the key \"format\", found none"),
      (
        "{\"format\": \"\\\"\(numbers)\"}",
        "format: expected \"network\" or \"equilibrium\", found \"\\\"\(numbers)\""
      ),
    ] {
      let found = message(reading: Array(text.utf8))
      #expect(found?.prefix(30) == problem.prefix(30))
    }
    for text in ["{'\"': \"\(numbers)\"}", "{'\"\(numbers)\"': 1}", "/*\"*/{\"\(numbers)\": 1}"] {
      #expect(message(reading: Array(text.utf8)) != nil)
    }
  }

  @Test("Numbers 64 deep are read, numbers 65 deep are refused", arguments: [1, 3, 8, 12])
  func depth(_ rank: Int) {
    let row = "[\((0..<20).map(String.init).joined(separator: ","))]"
    let text = { (depth: Int) in
      let outer = depth - rank
      let (opening, closing) = (
        String(repeating: "[", count: rank - 1), String(repeating: "]", count: rank - 1)
      )
      return String(repeating: "{\"a\":", count: outer) + opening + row + closing
        + String(repeating: "}", count: outer)
    }
    #expect(message(reading: Array(text(64).utf8)) == "expected the key \"format\", found none")
    #expect(
      message(reading: Array(text(65).utf8))
        == "1:\(5 * (65 - rank) + rank + 1): expected at most 64 nested arrays and objects, found '0'")
  }

  @Test("Text cut off within many numbers is refused where it ends")
  func truncation() {
    let bytes = Array(text(numbers(with: "-1.5e-3"), count: 40).utf8)
    let end = bytes.lastIndex(of: UInt8(ascii: "}"))!
    for length in 0...end {
      #expect(message(reading: Array(bytes[..<length])) != nil, "cut off after \(length) bytes")
    }
    #expect(message(reading: bytes) == nil)
  }
}
