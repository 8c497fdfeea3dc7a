import FileAccess
import FixedPoints
import LinearAlgebra
import ModelFiles
import Networks
import Testing

@Suite("Files of .nnet, and files that gzip compressed") struct CompressedFileTests {
  /// Two inputs, three rectifiers, two outputs.
  static let text = """
    // A network in ACAS Xu's format.
    2,2,2,3,
    2,3,2,
    0,
    -1.0,-2.0,
    1.0,2.0,
    0.5,0.25,3.0,
    2.0,4.0,10.0,
    1.0,2.0,
    -1.0,0.5,
    0.25,-0.75,
    0.1,
    -0.2,
    0.3,
    1.0,-1.0,2.0,
    0.5,0.5,0.5,
    0.01,
    0.02,

    """

  /// `printf '{"format": "network"}\n' | gzip -n9`.
  static let compressed: [UInt8] = [
    0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 3, 0xAB, 0x56, 0x4A, 0xCB, 0x2F, 0xCA, 0x4D, 0x2C, 0x51, 0xB2, 0x52,
    0x50,
    0xCA, 0x4B, 0x2D, 0x29, 0xCF, 0x2F, 0xCA, 0x56, 0xAA, 0xE5, 2, 0, 0x08, 0x75, 0x1A, 0x5D, 0x16, 0, 0, 0,
  ]

  private func network(_ text: String, named name: String = "m.nnet") throws(FileError) -> Network<Double> {
    guard case .network(let network) = try ModelFile.read(FileContents(Array(text.utf8), named: name)) else {
      throw FileError(.badData, file: name, "expected a network")
    }
    return network
  }

  @Test(
    "Inputs are clipped and normalised, outputs scaled back, as NumPy computes it",
    arguments: ["m.nnet", "x"])
  func values(_ name: String) throws {
    let network = try network(Self.text, named: name)
    // By hand and by NumPy: 10 (W₂ max(W₁ (clip(x) − mean) / range + b₁, 0) + b₂) + 3.
    let output = network.forward(Matrix([[0.3, -1.5], [5, -9], [0, 0]]), solvingBy: .structured(Newton()))
      .output
    for (found, expected) in zip(output.elements, [15.1625, 6.215625, 18.7875, 7.121875, 8.6, 4.715625]) {
      #expect(abs(found - expected) < 1e-14 * 20)
    }
    #expect(network.parameters.names.sorted() == ["W1", "W2", "b1", "b2"])
  }

  @Test("What is wrong with a .nnet file is said with its line")
  func refusals() throws {
    for (old, new, place) in [
      ("2,3,2,", "2,3,", "line 3"), ("1.0,2.0,\n0.5", "1.0,\n0.5", "line 6"),
      ("4.0,10.0", "0,10.0", "line 8"),
      ("0.25,-0.75", "0.25,nan", "line 11"), ("0.02,\n", "", "line 17"),
      ("0.02,\n", "0.02,\n7,\n", "line 19"),
      ("2,2,2,3,", "3,2,2,3,", "line 3"), ("-1.0,0.5", "-1.0,x", "line 10"),
    ] {
      #expect(throws: FileError.self, "\(old)") {
        try network(Self.text.replacing(old, with: new, maxReplacements: 1))
      }
      do { _ = try network(Self.text.replacing(old, with: new, maxReplacements: 1)) } catch {
        #expect(error.place == place && error.kind == .badData, "\(error)")
      }
    }
  }

  @Test("A compressed file is read as what it holds, and a damaged one is refused")
  func compression() throws {
    func message(_ bytes: [UInt8]) -> String {
      do throws(FileError) {
        _ = try ModelFile.read(FileContents(bytes, named: "m.json.gz"))
        return "none"
      } catch { return error.description }
    }
    let whole = Self.compressed
    // Uncompressed, it is a network without a version.
    #expect(message(whole).contains("version"), "\(message(whole))")
    for length in 2..<whole.count {
      #expect(message(Array(whole.prefix(length))).contains("damaged"), "\(length)")
    }
    for position in whole.indices.suffix(8) {
      var changed = whole
      changed[position] ^= 1
      #expect(message(changed).contains("damaged"), "\(position)")
    }
  }
}
