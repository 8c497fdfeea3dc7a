import Testing

/// Files that chance has damaged: whatever they have become, the command ends as it promises.
@Suite struct FuzzTests {
  /// A generator of its own, so that the same files come out everywhere.
  private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  private static let tokens = [
    "[", "]", "{", "}", ",", ":", "\"", "\\", "\\u0000", "-", "1e999", "1e308", "-0", "NaN", "0", "null",
    "true", "[]",
    "\u{0}", "99999999999999999999", "\"input\"", "\"a\"", "\"b\"", "\"relu\"", "e9", ".5",
  ].map { Array($0.utf8) }

  private static func damaged(_ text: String, by generator: inout Generator) -> [UInt8] {
    var bytes = Array(text.utf8)
    for _ in 0..<Int.random(in: 1...3, using: &generator) {
      let place = Int.random(in: 0..<bytes.count, using: &generator)
      switch Int.random(in: 0..<5, using: &generator) {
      case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &generator)
      case 1: bytes.insert(contentsOf: tokens.randomElement(using: &generator)!, at: place)
      case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...9, using: &generator)))
      case 3:
        let digits = bytes.indices.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[$0]) }
        if let digit = digits.randomElement(using: &generator) {
          bytes.replaceSubrange(digit...digit, with: tokens.randomElement(using: &generator)!)
        }
      default:
        if let comma = bytes[place...].firstIndex(of: UInt8(ascii: ",")) {
          bytes.removeSubrange(comma..<min(bytes.count, comma + 4))
        }
      }
      if bytes.isEmpty { bytes = [UInt8(ascii: " ")] }
    }
    return bytes
  }

  @Test(
    "Damaged files end with a status of the contract, one line for an error, and no half-written file",
    arguments: 0..<8)
  func damagedFiles(seed: Int) throws {
    let folder = TemporaryFolder()
    try folder.write(Examples.network, to: "mlp.json")
    try folder.write(Examples.equilibrium, to: "mlp.deq.json")
    try folder.write(Examples.samples, to: "samples.json")
    var generator = Generator(state: UInt64(seed))
    for round in 0..<10 {
      let isModel = Bool.random(using: &generator)
      let bytes = Self.damaged(isModel ? Examples.equilibrium : Examples.network, by: &generator)
      try folder.write(bytes, to: "damaged.json")
      let command =
        switch round % 4 {
        case 0: ["inspect", "damaged.json"]
        case 1: ["convert", "damaged.json", "-o", "out.json"]
        case 2: isModel ? ["check", "mlp.json", "damaged.json"] : ["check", "damaged.json", "mlp.deq.json"]
        default: ["evaluate", "damaged.json", "--input", "samples.json"]
        }
      let outcome = try folder.deq(command)
      let context = Comment(rawValue: "\(command): \(String(decoding: bytes, as: UTF8.self))")
      #expect([0, 1, 64, 65, 66, 73, 74].contains(outcome.status), context)
      if outcome.status > 1 {
        #expect(lines(of: outcome.complaint).count == 1, context)
        #expect(outcome.complaint.hasPrefix("deq: "), context)
        #expect(outcome.output == [], context)
        #expect(folder.names == ["damaged.json", "mlp.deq.json", "mlp.json", "samples.json"], context)
      }
      #expect(!folder.names.contains { $0.hasSuffix(".tmp") }, context)
      _ = try folder.shell("rm -f out.json")
    }
  }
}
