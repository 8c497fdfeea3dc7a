import FileAccess
import Foundation
import LinearAlgebra
import ModelFiles
import ModelJSON
import TestSupport
import Testing

@Suite("Inputs in NumPy files")
struct NumPySampleTests {
  /// An array of version 1 of the format.
  private static func array(
    _ type: String, _ shape: String, _ data: [UInt8], order: String = "False"
  ) -> [UInt8] {
    let header = Array("{'descr': '\(type)', 'fortran_order': \(order), 'shape': \(shape), }\n".utf8)
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.count), 0] + header + data
  }

  /// An array of doubles.
  private static func array(_ shape: String, _ data: [UInt8], order: String = "False") -> [UInt8] {
    array("<f8", shape, data, order: order)
  }

  private static func bytes<Number: Sequence>(of numbers: Number) -> [UInt8] {
    numbers.flatMap { number in withUnsafeBytes(of: number) { Array($0) } }
  }

  private static func read(_ bytes: [UInt8], inputSize: Int, name: String = "x") throws -> Matrix<Double> {
    try Samples.readInputs(FileContents(bytes, named: name), inputSize: inputSize)
  }

  /// What is said about a file, without its name; nil where it is read.
  private static func refusal(_ bytes: [UInt8], inputSize: Int, name: String = "x") -> String? {
    do throws(FileError) {
      _ = try Samples.readInputs(FileContents(bytes, named: name), inputSize: inputSize)
      return nil
    } catch {
      #expect(!error.description.contains("\n"))
      return String(error.description.dropFirst(name.count + 2))
    }
  }

  @Test("Every type of numbers, little-endian")
  func types() throws {
    let shape = "(2, 2)"
    let found = [
      try Self.read(Self.array("<f8", shape, Self.bytes(of: [1, -2, 0.1, 4] as [Double])), inputSize: 2),
      try Self.read(Self.array("<f4", shape, Self.bytes(of: [1, -2, 0.5, 4] as [Float])), inputSize: 2),
      try Self.read(Self.array("<i8", shape, Self.bytes(of: [1, -2, 3, 4] as [Int64])), inputSize: 2),
      try Self.read(Self.array("<i2", shape, Self.bytes(of: [1, -2, 300, 4] as [Int16])), inputSize: 2),
      try Self.read(Self.array("|u1", shape, [1, 2, 255, 0]), inputSize: 2),
    ]
    #expect(
      found.map(\.elements) == [
        [1, -2, 0.1, 4], [1, -2, 0.5, 4], [1, -2, 3, 4], [1, -2, 300, 4], [1, 2, 255, 0],
      ])
    #expect(found.allSatisfy { ($0.rows, $0.columns) == (2, 2) })
  }

  @Test("A sample for each place of the first axis, or one as a whole")
  func shapes() throws {
    let data = Self.bytes(of: (1...6).map { Double($0) })
    for (shape, size, rows) in [
      ("(3, 2)", 2, 3), ("(3, 2)", 6, 1), ("(6,)", 6, 1), ("(6,)", 1, 6), ("(1, 3, 2)", 6, 1),
      ("(3, 1, 2)", 2, 3),
    ] {
      let found = try Self.read(Self.array(shape, data), inputSize: size)
      #expect(
        (found.rows, found.columns) == (rows, size) && found.elements == [1, 2, 3, 4, 5, 6], "\(shape)")
    }
    #expect(try Self.read(Self.array("()", Self.bytes(of: [7.0])), inputSize: 1).elements == [7])
    #expect(
      try Self.read(Array(#"{"input": [[1, 2]], "cotangent": [[1]]}"#.utf8), inputSize: 2).elements == [1, 2])
  }

  @Test("What is no such array is refused by what it is")
  func refusals() {
    let data = Self.bytes(of: [1, 2, 3, 4] as [Double])
    for (bytes, message) in [
      (Self.array(">f8", "(2, 2)", data), "expected little-endian numbers (<f8, <f4, <i8, …), found \">f8\""),
      (Self.array("|O", "(2, 2)", data), "expected little-endian numbers (<f8, <f4, <i8, …), found \"|O\""),
      (
        Self.array("(2, 2)", data, order: "True"),
        "expected an array in C order, found one in Fortran order; numpy.ascontiguousarray gives it"
      ),
      (Self.array("(2, 3)", data), "expected bytes for shape [2, 3], found 32"),
      (Self.array("(3,)", data), "expected 24 bytes for shape [3], found 32"),
      (
        Self.array("(4611686018427387904, 8)", data),
        "expected bytes for shape [4611686018427387904, 8], found 32"
      ),
      (
        Self.array("(0, 4611686018427387904, 8)", []),
        "expected samples of 2 numbers, the size of the input, found shape [0, 4611686018427387904, 8]"
      ),
      (
        Self.array("(4, 1)", data), "expected samples of 2 numbers, the size of the input, found shape [4, 1]"
      ),
      (Self.array("(-2, 2)", data), "expected a header of descr, fortran_order and shape, found another"),
      (
        Self.array("(1, 2)", Self.bytes(of: [1, Double.nan])), "expected finite numbers, found nan"
      ),
    ] { #expect(Self.refusal(bytes, inputSize: 2) == message) }
    #expect(
      Self.refusal(Array("{}".utf8), inputSize: 2, name: "x.npy")
        == "expected a NumPy array, found other bytes")
    #expect(
      Self.refusal(Array("{}".utf8), inputSize: 2, name: "x.npz")
        == "expected the directory of a zip file at its end, found none")
  }

  @Test("Cut off anywhere an array is refused; with any byte changed it is refused or still numbers")
  func damaged() {
    let bytes = Self.array("(2, 2)", Self.bytes(of: [1, 2, 3, 4] as [Double]))
    for position in bytes.indices {
      #expect(Self.refusal(Array(bytes.prefix(position)), inputSize: 2) != nil)
      for mask in [0x01, 0x80, 0xFF] as [UInt8] {
        var changed = bytes
        changed[position] ^= mask
        _ = Self.refusal(changed, inputSize: 2)
      }
    }
  }

  @Suite("As NumPy writes them", .enabled(if: Python.has("numpy"), "Python lacks numpy"))
  struct Written {
    private static func archive(_ expression: String) throws -> [UInt8] {
      let text = try Python.run(
        "import io, numpy\nfile = io.BytesIO()\n\(expression)\nprint(*file.getvalue())", in: "/tmp")
      return text.split { $0 == " " || $0 == "\n" }.map { UInt8($0)! }
    }

    @Test(
      "Arrays and archives, stored and deflated",
      arguments: [
        "numpy.save(file, numpy.arange(6.0).reshape(3, 2))",
        "numpy.save(file, numpy.arange(6, dtype='float32').reshape(3, 2))",
        "numpy.savez(file, numpy.arange(6).reshape(3, 2))",
        "numpy.savez(file, other=numpy.zeros(3), input=numpy.arange(6).reshape(3, 2))",
        "numpy.savez_compressed(file, other=numpy.zeros(3), input=numpy.arange(6, dtype='uint8').reshape(3, 2))",
      ])
    func written(_ expression: String) throws {
      let found = try read(Self.archive(expression), inputSize: 2)
      #expect(found.elements == [0, 1, 2, 3, 4, 5] && found.rows == 3)
    }

    @Test("An archive without an array called input, of several, is refused")
    func severalArrays() throws {
      let bytes = try Self.archive("numpy.savez(file, a=numpy.zeros(2), b=numpy.zeros(2))")
      #expect(
        refusal(bytes, inputSize: 2) == "expected an array called input, or a single one, found 2 arrays")
    }

    @Test("Cut off anywhere an archive is refused; with a byte of its numbers changed too")
    func damaged() throws {
      for function in ["savez", "savez_compressed"] {
        let bytes = try Self.archive("numpy.\(function)(file, numpy.arange(2.0))")
        let whole = try read(bytes, inputSize: 2)
        for position in bytes.indices {
          #expect(refusal(Array(bytes.prefix(position)), inputSize: 2) != nil, "\(position)")
          for mask in [0x01, 0x80, 0xFF] as [UInt8] {
            var changed = bytes
            changed[position] ^= mask
            // What is read after all is what was written: a checksum stands beside it.
            if refusal(changed, inputSize: 2) == nil {
              #expect(try read(changed, inputSize: 2) == whole, "\(function) \(position)")
            }
          }
        }
      }
    }
  }
}
