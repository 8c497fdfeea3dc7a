extension SplitMix {
  /// Bytes with one to four changes: bits, numbers at the edges, words of a dictionary, pieces taken out or doubled,
  /// digits, which leave a text valid, and the rest of another input.
  mutating func mutated(_ bytes: [UInt8], words: [[UInt8]], other: [UInt8]) -> [UInt8] {
    var bytes = bytes.isEmpty ? [0] : bytes
    for _ in 0..<Int.random(in: 1...4, using: &self) {
      let place = Int.random(in: 0..<bytes.count, using: &self)
      switch Int.random(in: 0..<9, using: &self) {
      case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
      case 1: bytes[place] = pick([0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: .min ... .max, using: &self)])
      case 2: bytes.insert(contentsOf: pick(words), at: place)
      case 3:
        let word = pick(words)
        bytes.replaceSubrange(place..<min(bytes.count, place + word.count), with: word)
      case 4: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...16, using: &self)))
      case 5:
        bytes.insert(
          contentsOf: bytes[place..<min(bytes.count, place + Int.random(in: 1...32, using: &self))], at: place
        )
      case 6, 7:
        if let digit = bytes[place...].firstIndex(where: { 0x30...0x39 ~= $0 }) {
          bytes[digit] = UInt8.random(in: 0x30...0x39, using: &self)
        }
      default:
        if !other.isEmpty {
          bytes = Array(bytes[..<place] + other[Int.random(in: 0..<other.count, using: &self)...])
        }
      }
      if bytes.isEmpty { bytes = [0] }
    }
    return bytes
  }
}
