import TestSupport
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

  /// A network of many operators in the manner of `Examples.network`, and its equilibrium model.
  private static let graph = #"""
    {"format": "network", "version": 1, "input": [2, 4], "layers": [
     {"type": "conv", "name": "c", "weight": [[[1, -0.5], [0.25, 2]]], "bias": [0.5], "padding": [1, 0], "activation": "relu"},
     {"type": "batch_norm", "name": "n", "running_mean": [0.5], "running_var": [4], "weight": [2], "bias": [-1]},
     {"type": "mean", "name": "m", "inputs": ["input"], "dim": 0, "keepdim": true},
     {"type": "cat", "name": "j", "inputs": ["n", "m"], "dim": 0},
     {"type": "layer_norm", "name": "l", "normalized_shape": 4, "weight": [1, 2, 3, 4], "bias": [0, 0, 1, 1]},
     {"type": "product", "name": "p", "inputs": ["l", "j"]},
     {"type": "max_pool", "name": "x", "kernel_size": 2, "stride": 1},
     {"type": "block", "name": "k", "inputs": ["x", "p"], "shape": [2, 3], "activation": "softmax",
      "terms": [{"from": "x", "map": "identity"},
       {"from": "p", "map": {"type": "slice", "dim": 1, "end": 3}}], "b": [{"tensor": [1, 2],
       "map": {"type": "expand", "shape": [2, 3], "dim": 0}, "parameter": "k.b"}]},
     {"type": "gru", "name": "g", "weight_ih": [[1, 0, 1], [0.5, 1, -1], [1, 1, 0]], "weight_hh": [[1], [0.5], [2]],
      "bias_hh": [0, 1, -1], "direction": "reverse"},
     {"type": "lstm", "name": "s", "weight_ih": [[1], [2], [-1], [1]], "weight_hh": [[1], [0.5], [2], [1]], "weight_ci": [1],
      "weight_cf": [2], "weight_co": [0], "h_0": [0.5]},
     {"type": "linear", "name": "o", "weight": [[2]], "bias": [2]}]}

    """#

  @Test(
    "Damaged graphs of operators are inspected, converted, recovered and checked as the contract says",
    arguments: campaign(0..<4))
  func damagedGraphs(seed: Int) throws {
    let folder = TemporaryFolder()
    try folder.write(Self.graph, to: "graph.json")
    expectQuiet(try folder.deq("convert", "graph.json"))
    let model = try folder.text(of: "graph.deq.json")
    var generator = Generator(state: UInt64(100 + seed))
    for round in 0..<12 {
      let bytes = Self.damaged(round % 2 == 0 ? model : Self.graph, by: &generator)
      try folder.write(bytes, to: "damaged.json")
      let command =
        switch round % 6 {
        case 0: ["recover", "damaged.json", "-o", "out.json"]
        case 1: ["convert", "damaged.json", "-o", "out.json", "--weights", "safetensors"]
        case 2: ["check", "graph.json", "damaged.json"]
        case 3: ["convert", "damaged.json", "-o", "out.json", "--matrix"]
        case 4: ["convert", "damaged.json", "-o", "out.json"]
        default: ["check", "damaged.json", "graph.deq.json"]
        }
      let outcome = try folder.deq(command)
      let context = Comment(rawValue: "\(command): \(String(decoding: bytes, as: UTF8.self))")
      #expect([0, 1, 64, 65, 66, 73, 74].contains(outcome.status), context)
      if outcome.status > 1 {
        #expect(lines(of: outcome.complaint).count == 1, context)
        #expect(outcome.complaint.hasPrefix("deq: "), context)
        #expect(folder.names == ["damaged.json", "graph.deq.json", "graph.json"], context)
      }
      #expect(!folder.names.contains { $0.hasSuffix(".tmp") }, context)
      _ = try folder.shell("rm -f out.json out.safetensors")
    }
  }

  @Test(
    "Damaged files end with a status of the contract, one line for an error, and no half-written file",
    arguments: campaign(0..<8, least: 2))
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
