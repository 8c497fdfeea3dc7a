import TestSupport
import Testing

/// The same command prints the same bytes.
@Suite struct DeterminismTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.write(Examples.network, to: "mlp.json")
    try folder.write(Examples.equilibrium, to: "mlp.deq.json")
    try folder.write(Examples.equilibrium.replacing("[0.25,2]", with: "[0.25,7]"), to: "wrong.json")
    try folder.write(Examples.samples, to: "samples.json")
    try folder.write(Self.crowd, to: "crowd.json")
    try folder.write(#"{"input": [[0.5], [-1]], "cotangent": [[1], [2]]}"#, to: "crowd-samples.json")
  }

  /// Seven blocks that all read each other: sums of many terms, which an order of chance would round differently.
  private static let crowd: String = {
    let blocks = (0..<7).map { #"{"name": "z\#($0)", "size": 1, "activation": "tanh"}"# }
    let terms = (0..<7).flatMap { to in
      (0..<7).map { #"{"to": "z\#(to)", "from": "z\#($0)", "matrix": [[0.0\#(to)\#($0)7]]}"# }
    }
    let inputs = (0..<7).map { #"{"to": "z\#($0)", "matrix": [[0.\#($0)1]]}"# }
    return #"{"format": "equilibrium", "version": 1, "input": [1], "blocks": ["#
      + blocks.joined(separator: ",")
      + #"], "Wz": ["# + terms.joined(separator: ",") + #"], "Wx": ["# + inputs.joined(separator: ",")
      + #"], "output": "z6"}"#
  }()

  @Test(
    "Twice the same",
    arguments: campaign(
      [
        ["convert", "mlp.json", "-o", "-"], ["convert", "crowd.json", "-o", "-", "--json"],
        ["convert", "crowd.json", "-o", "-", "--matrix"], ["check", "mlp.json", "mlp.deq.json", "--json"],
        ["check", "mlp.json", "wrong.json"], ["check", "mlp.json", "wrong.json", "--json", "--seed", "7"],
        ["check", "crowd.json", "crowd.json", "--json", "--samples", "4"],
        [
          "check", "crowd.json", "crowd.json", "--json", "--samples", "4", "--solver", "broyden",
          "--precision",
          "float32",
        ],
        ["evaluate", "mlp.deq.json", "--input", "samples.json"],
        ["evaluate", "crowd.json", "--input", "crowd-samples.json", "--json"], ["inspect", "crowd.json"],
        ["inspect", "crowd.json", "--json"], ["property", "--cases", "2", "--seed", "3", "--json"],
        ["property", "--cases", "2", "--seed", "3"],
      ], least: 4))
  func twice(arguments: [String]) throws {
    let first = try folder.deq(arguments)
    // Sets and dictionaries have another order in every process: two more make an accident unlikely.
    for _ in 0..<2 {
      let next = try folder.deq(arguments)
      #expect(next.status == first.status)
      #expect(next.output == first.output)
      #expect(next.errors == first.errors)
    }
  }

  @Test("An order of chance in sets and dictionaries changes nothing")
  func hashing() throws {
    let arguments = ["check", "crowd.json", "crowd.json", "--json", "--samples", "4"]
    let fixed = try folder.deq(arguments, environment: ["SWIFT_DETERMINISTIC_HASHING": "1"])
    #expect(try folder.deq(arguments).output == fixed.output)
  }
}
