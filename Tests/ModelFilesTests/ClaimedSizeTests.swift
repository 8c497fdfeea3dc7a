import FileAccess
import ModelFiles
import ModelJSON
import Networks
import Testing

/// Small files that claim to be large, and files that are large in one direction only.
@Suite("Sizes that files claim")
struct ClaimedSizeTests {
  private static func network(_ layers: String, input: String = "[1]") -> String {
    #"{"format": "network", "version": 1, "input": \#(input), "layers": [\#(layers)]}"#
  }

  private static let huge = #"{"type": "expand", "shape": [67108864]}"#
  /// As many layers of the largest size as this process has memory for.
  private static let full = MemoryBudget.coordinates >> 26
  private static let tooMany =
    "expected up to \(MemoryBudget.coordinates) coordinates of all layers together (--memory-limit raises this), found more"

  @Test(
    "What no sample could ever hold is refused before it is allocated", .timeLimit(.minutes(30)),
    arguments: [
      Refusal(
        network(([huge] + [String](repeating: #"{"type": "relu"}"#, count: full)).joined(separator: ",")),
        "layers[\(full)]: \(tooMany)"),
      Refusal(
        network(
          #"""
          {"type": "expand", "shape": [16384, 1], "name": "a"}, {"type": "expand", "shape": [1, 16384], "name": "b",
           "inputs": ["input"]}, {"type": "matmul", "inputs": ["a", "b"]}
          """#),
        "layers[2]: expected a value of up to 67108864 numbers, found one of shape [16384, 16384]"),
      Refusal(
        network(
          #"""
          {"type": "equilibrium", "model": {"input": [1], "output": "z", "blocks":
           [{"name": "z", "size": 67108864, "activation": "relu"}]}}\#([String](
            repeating: #", {"type": "relu"}"#, count: full).joined())
          """#),
        "layers[\(full)]: \(tooMany)"),
      Refusal(
        #"""
        {"format": "equilibrium", "version": 1, "input": [1], "output": "z", "blocks": [{"name": "z", "size": 67108864,
         "activation": "relu"}], "Wx": [{"to": "z", "map": \#(huge)}, {"to": "z", "map": \#(huge)},
         {"to": "z", "map": \#(huge)}]}
        """#,
        "Wx[2].map: expected up to \(MemoryBudget.bytes / 8) coordinates of all maps that rearrange, scale or add up (--memory-limit raises this), found more"
      ),
    ])
  func claims(_ refusal: Refusal) {
    #expect(message(reading: refusal.text) == refusal.message)
  }

  @Test("A tensor has as many axes as in PyTorch at most", .timeLimit(.minutes(30)))
  func axes() {
    let ones = "[" + Array(repeating: "1", count: 100_000).joined(separator: ",") + "]"
    let places = "[" + (0..<100_000).map(String.init).joined(separator: ",") + "]"
    for (layer, input, line) in [
      (#"{"type": "permute", "dims": \#(places)}"#, ones, "input: expected up to 64 axes, found 100000"),
      (
        #"{"type": "reshape", "shape": \#(ones)}"#, "[1]",
        "layers[0].shape: expected up to 64 axes, found 100000"
      ),
      (
        #"{"type": "expand", "shape": \#(ones)}"#, "[1]",
        "layers[0].shape: expected up to 64 axes, found 100000"
      ),
    ] {
      #expect(message(reading: Array(Self.network(layer, input: input).utf8)) == line)
    }
    let axes = Array(repeating: "1", count: 64).joined(separator: ",")
    #expect(message(reading: Array(Self.network(#"{"type": "relu"}"#, input: "[\(axes)]").utf8)) == nil)
  }

  @Test("A message stays readable, however long the list that is wrong")
  func longLists() throws {
    let ports = Array(repeating: "[1]", count: 100_000).joined(separator: ",")
    let strides = Array(repeating: "1", count: 100_000).joined(separator: ",")
    for layer in [
      #"{"type": "block", "size": 1, "ports": [\#(ports)], "activation": "relu", "terms": []}"#,
      #"{"type": "conv", "weight": [[[1]]], "stride": [\#(strides)]}"#,
    ] {
      let line = try #require(message(reading: Array(Self.network(layer, input: "[1, 1]").utf8)))
      #expect(line.utf8.count < 1_100 && line.hasSuffix("…"))
    }
  }

  // MARK: Linear time

  private func layers(_ text: String) throws -> Int {
    let file = try model(text)
    let written = try file.written()
    let back = try ModelFile.read(FileContents(written, named: "file.json"))
    #expect(try back.written() == written)
    guard case .network(let network) = back else { return 0 }
    return network.layers.count
  }

  private static let many = 10_000

  @Test("A chain of ten thousand layers, in the order of the file or against it", .timeLimit(.minutes(30)))
  func deep() throws {
    let chain = Array(repeating: #"{"type": "relu"}"#, count: Self.many).joined(separator: ",")
    #expect(try layers(Self.network(chain)) == Self.many)
    let backwards = (0..<Self.many).map { index in
      #"{"type": "tanh", "name": "l\#(index)", "inputs": ["\#(index + 1 < Self.many ? "l\(index + 1)" : "input")"]}"#
    }
    #expect(try layers(Self.network(backwards.joined(separator: ","))) == Self.many)
  }

  @Test(
    "A layer that reads ten thousand others", .timeLimit(.minutes(30)),
    arguments: [#""type": "add""#, #""type": "cat""#, "block"])
  func wide(_ type: String) throws {
    let names = (0..<Self.many).map { #""a\#($0)""# }
    let read = names.map { #"{"type": "multiply", "factor": 2, "name": \#($0), "inputs": ["input"]}"# }
    let terms = names.map { #"{"from": \#($0), "map": "identity"}"# }.joined(separator: ",")
    let keys =
      type == "block" ? #""type": "block", "size": 1, "activation": "relu", "terms": [\#(terms)]"# : type
    let last = #"{\#(keys), "inputs": [\#(names.joined(separator: ","))]}"#
    #expect(try layers(Self.network((read + [last]).joined(separator: ","))) == Self.many + 1)
  }

  @Test(
    "A layer that reads one input ten thousand times", .timeLimit(.minutes(30)), arguments: ["add", "cat"])
  func repeated(_ type: String) throws {
    let names = Array(repeating: #""input""#, count: Self.many).joined(separator: ",")
    #expect(try layers(Self.network(#"{"type": "\#(type)", "inputs": [\#(names)]}"#)) == 1)
  }
}
