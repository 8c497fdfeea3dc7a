import FileAccess
import Foundation
import LinearAlgebra
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

  /// Fixtures that have every sort of key between them, none of them large.
  private static let fixtures = try! Fixtures.models { path in
    ["residual-block", "transformer-block", "depthwise", "conv-deq", "signals", "gated-mlp"].contains {
      path.contains($0)
    }
  }

  @Test(
    "A fixture with keys, names and numbers exchanged is refused on one line, or reads, writes and reads back the same",
    .timeLimit(.minutes(30)), arguments: fixtures)
  func exchange(_ path: String) throws {
    let tokens = Tokens(try FileContents(reading: path).bytes)
    var generator = SeededGenerator(seed: UInt64(path.utf8.count))
    var accepted = 0
    for _ in 0..<150 {
      let bytes = tokens.exchanged(using: &generator)
      guard let file = try? ModelFile.read(FileContents(bytes, named: "file.json")) else {
        _ = message(reading: bytes)
        continue
      }
      accepted += 1
      let written = try file.written()
      let back = try ModelFile.read(FileContents(written, named: "file.json"))
      #expect(back.fingerprint == file.fingerprint)
      #expect(try back.written() == written)
    }
    #expect(accepted < 150)
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

/// The tokens of a JSON text, to be exchanged for others: what is still JSON, and says something else.
private struct Tokens {
  private let tokens: [[UInt8]]
  /// Where keys, names and numbers stand.
  private let words: [Int]
  /// Words that no file has by itself, and that are hard on a reader.
  private static let foreign = [
    "0", "-1", "1", "2", "3", "64", "1e300", "-0.0", "0.5", "1000000", "67108864", "1099511627776",
    "9223372036854775807", "true", "null", "[]", "{}", "[1]", "[[1]]", "\"input\"", "\"identity\"",
    "\"product\"",
    "\"matmul\"", "\"softmax\"", "{\"type\": \"mean\", \"dim\": 0}", "{\"tensor\": \"w\"}", "[2, 3, 4]",
    "[-1, 1]",
  ].map { Array($0.utf8) }

  init(_ text: [UInt8]) {
    var tokens: [[UInt8]] = []
    var token: [UInt8] = []
    var isString = false
    for byte in text {
      if !isString, "{}[],: \n".utf8.contains(byte) {
        if !token.isEmpty { tokens.append(token) }
        token = []
        tokens.append([byte])
        continue
      }
      if byte == UInt8(ascii: "\"") { isString.toggle() }
      token.append(byte)
    }
    self.tokens = tokens
    words = tokens.indices.filter { tokens[$0].count > 1 || tokens[$0][0] > 0x2D && tokens[$0][0] < 0x3A }
  }

  /// The text with one to three words exchanged for others of the text or foreign ones, doubled, or taken away.
  func exchanged(using generator: inout SeededGenerator) -> [UInt8] {
    var tokens = tokens
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let place = words.randomElement(using: &generator)!
      switch Int.random(in: 0..<8, using: &generator) {
      case 0...3: tokens[place] = tokens[words.randomElement(using: &generator)!]
      case 4...6: tokens[place] = Self.foreign.randomElement(using: &generator)!
      default:
        // With what follows it, up to the next comma: a key and its value, an element.
        let end = tokens[place...].firstIndex(of: [UInt8(ascii: ",")]) ?? place
        for index in place...end { tokens[index] = [] }
      }
    }
    return tokens.flatMap { $0 }
  }
}
