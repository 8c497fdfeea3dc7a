import Foundation
import ModelFiles
import Testing

@Suite("Damaged files")
struct TruncationAndMutationTests {
  @Test("A file cut off at any byte is refused", arguments: Examples.all)
  func truncation(_ text: String) {
    let bytes = Array(text.utf8)
    let end = bytes.lastIndex(of: UInt8(ascii: "}"))!
    for length in 0...end {
      #expect(message(reading: Array(bytes[..<length])) != nil, "cut off after \(length) bytes")
    }
    #expect(message(reading: Array(bytes[...end])) == nil)
  }

  @Test("A changed file is refused on one line, or reads, writes and reads back the same", arguments: 0..<3)
  func mutation(_ example: Int) throws {
    let original = Array(Examples.all[example].utf8)
    var generator = SeededGenerator(seed: UInt64(example))
    var accepted = 0
    for _ in 0..<1_500 {
      let bytes = mutated(original, using: &generator)
      guard let file = try? ModelFile.read(FileContents(bytes, named: "file.json")) else {
        _ = message(reading: bytes)
        continue
      }
      accepted += 1
      // An independent parser agrees that it is JSON.
      #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(bytes)) }
      let written = try file.written()
      let back = try ModelFile.read(FileContents(written, named: "file.json"))
      #expect(back.fingerprint == file.fingerprint)
      #expect(try back.written() == written)
    }
    // Digits turn into other digits often enough for both branches to be taken.
    #expect(accepted > 40 && accepted < 1_460)
  }

  /// The bytes with one to three of them flipped, replaced, removed, doubled or swapped for a piece from elsewhere.
  private func mutated(_ original: [UInt8], using generator: inout SeededGenerator) -> [UInt8] {
    var bytes = original
    let alphabet = Array("{}[]\",:-+.eE0123456789 \\untrflasNI\0\u{7F}\n".utf8) + [0x80, 0xC3, 0xED, 0xFF]
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let index = bytes.indices.randomElement(using: &generator)!
      switch Int.random(in: 0..<6, using: &generator) {
      case 0: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 1: bytes[index] = alphabet.randomElement(using: &generator)!
      case 2: bytes.remove(at: index)
      case 3: bytes.insert(bytes[index], at: index)
      case 4: bytes.insert(alphabet.randomElement(using: &generator)!, at: index)
      default:
        let piece = original.indices.randomElement(using: &generator)!
        bytes.insert(contentsOf: original[piece..<min(piece + 12, original.count)], at: index)
      }
    }
    return bytes
  }
}
