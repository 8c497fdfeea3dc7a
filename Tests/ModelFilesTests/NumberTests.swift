import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import ModelFiles
import ONNXImport
import Operators
import TensorFiles
import Testing

@Suite("Numbers")
struct NumberTests {
  private static let readings: [(String, Double)] = [
    ("0", 0), ("-0", -0.0), ("-0.0", -0.0), ("-0e5", -0.0), ("1", 1), ("-1", -1), ("1E2", 100),
    ("1e+2", 100),
    ("1e00", 1), ("9007199254740991", 0x1p53 - 1), ("9007199254740993", 0x1p53),
    ("9007199254740995", 0x1p53 + 4),
    ("-9007199254740993", -0x1p53), ("9223372036854775807", 0x1p63), ("9223372036854775808", 0x1p63),
    ("-9223372036854775808", -0x1p63), ("-9223372036854775809", -0x1p63), ("-10000000000000000000", -1e19),
    ("18446744073709551615", 0x1p64), ("18446744073709551616", 0x1p64), ("100000000000000000000", 1e20),
    ("-123456789012345678901234567890", -123_456_789_012_345_678_901_234_567_890.0),
    ("9223372036854776832", 0x1p63), ("9223372036854776833", 0x1p63 + 2048), ("999999999999999999", 1e18),
    ("4.9406564584124654e-324", .leastNonzeroMagnitude), ("2.4703282292062327e-324", 0),
    ("2.4703282292062328e-324", .leastNonzeroMagnitude),
    ("1.7976931348623158e308", Double.greatestFiniteMagnitude), ("0.1", 0.1), ("1e-400", 0),
    ("-1e-400", -0.0),
    ("2.2250738585072011e-308", Double.leastNormalMagnitude.nextDown),
  ]

  private static let writings: [(Double, String)] = [
    (0, "0"), (-0.0, "-0.0"), (1, "1"), (-2, "-2"), (0.1, "0.1"), (1e20, "1e20"), (1e-5, "1e-5"),
    (-1e-10, "-1e-10"),
    (1e100, "1e100"), (1.5e-300, "1.5e-300"), (.leastNonzeroMagnitude, "5e-324"),
    (0x1p53, "9007199254740992"),
    (0.30000000000000004, "0.30000000000000004"), (100, "100"), (123456.789, "123456.789"),
    (1e10, "10000000000"),
  ]

  /// The numbers of a vector `b` as they are read from this text.
  private func read(_ numbers: String, count: Int) throws -> [Double] {
    let text = """
      {"format": "equilibrium", "version": 1, "input": [1], "output": "z",
       "blocks": [{"name": "z", "size": \(count), "activation": "relu"}], "b": [{"to": "z", "vector": [\(numbers)]}]}
      """
    guard case .equilibrium(let model) = try model(text) else { return [] }
    return model.blocks[0].offsets[0].vector
  }

  private func text(_ numbers: [Double]) throws -> String {
    let sink = MemorySink()
    var writer = JSONWriter(to: sink)
    try writer.numbers(numbers)
    try writer.finish()
    return String(String(decoding: sink.bytes, as: UTF8.self).dropFirst().dropLast(2))
  }

  @Test(
    "A number in a file is the nearest double, integers of any length too",
    arguments: NumberTests.readings)
  func nearest(_ text: String, _ value: Double) throws {
    #expect(try read(text, count: 1).map(\.bitPattern) == [value.bitPattern])
    // Among others as well: the text around a number does not move.
    #expect(try read("-0, \(text), 1", count: 3).map(\.bitPattern) == [-0.0, value, 1].map(\.bitPattern))
  }

  @Test(
    "Numbers are written in the shortest form",
    arguments: NumberTests.writings)
  func shortest(_ value: Double, _ written: String) throws {
    #expect(try text([value]) == written)
  }

  @Test("Every finite bit pattern reads back as it was written")
  func roundTrip() throws {
    var generator = SeededGenerator(seed: 1)
    var values = (0..<20_000).map { _ in Double(bitPattern: generator.next()) }.filter(\.isFinite)
    values += (0..<2_000).map { _ in Double(bitPattern: generator.next() & 0x800F_FFFF_FFFF_FFFF) }
    for exponent in 0..<1024 {
      for base in [Double(sign: .plus, exponent: exponent, significand: 1)] {
        values += [base, -base, base.nextUp, base.nextDown, 1 / base]
      }
    }
    values += [
      .greatestFiniteMagnitude, .leastNormalMagnitude, .leastNonzeroMagnitude, -0.0, 0, .pi, 0x1p64.nextDown,
    ]
    values += (0..<400).map { Double("1e\($0 - 200)")! }
    let back = try read(text(values), count: values.count)
    #expect(back.map(\.bitPattern) == values.map(\.bitPattern))
  }

  @Test("What is not finite is not written", arguments: [Double.infinity, -.infinity, .nan])
  func notFinite(_ value: Double) throws {
    let model = try EquilibriumModel(
      inputShape: [1],
      blocks: [
        Block(
          name: "z", size: 2, nonlinearity: ReLU(),
          terms: [Term(source: .input, map: DenseMap(Matrix([[1], [value]])))])
      ], output: 0)
    for (form, place) in [(ModelForm.blocks, "Wx[0].matrix[1][0]"), (.matrix, "Wx.matrix[1][0]")] {
      #expect {
        try ModelFile.equilibrium(model).written(as: form)
      } throws: {
        "\($0)" == "memory: \(place): expected a finite number to write, found \(value)"
      }
    }
  }

  @Test("Entries that add up to infinity have no matrix form")
  func overflow() throws {
    let entry = { Offset(vector: [Double.greatestFiniteMagnitude]) }
    let model = try EquilibriumModel(
      inputShape: [1],
      blocks: [Block(name: "z", size: 1, nonlinearity: ReLU(), terms: [], offsets: [entry(), entry()])],
      output: 0)
    #expect(throws: Never.self) { try ModelFile.equilibrium(model).written(as: .blocks) }
    #expect {
      try ModelFile.equilibrium(model).written(as: .matrix)
    } throws: {
      "\($0)" == "memory: b.vector[0]: expected a finite number to write, found inf"
    }
  }
}
