import ModelJSON
import Testing

/// Several files one behind the other.
@Suite struct StackTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.write(Examples.network, to: "1.json")
    try folder.write(Examples.network, to: "2.json")
  }

  @Test("A stack of networks becomes one model, with the layers numbered by file")
  func networks() throws {
    let outcome = try folder.deq("convert", "--stack", "1.json", "2.json")
    expectQuiet(outcome)
    #expect(
      outcome.firstLine
        == "proved: 1.deq.json is the same function as 1.json + 2.json, with the same gradients")
    let report = try folder.deq("inspect", "1.deq.json", "--json").object(InspectReport.self)
    #expect(report.blocks.map(\.name) == ["1.a", "1.b", "2.a", "2.b"])
    #expect(report.blocks.map(\.reads) == [["input"], ["1.a"], ["1.b"], ["2.a"]])
    #expect(report.nilpotencyIndex == 4)
    let check = try folder.deq("check", "--stack", "1.json", "2.json", "--against", "1.deq.json")
    expectQuiet(check)
    #expect(check.firstLine == outcome.firstLine)
  }

  @Test("The stack computes what its parts compute one after the other")
  func composition() throws {
    try folder.write(#"{"input": [[0.5, -1]]}"#, to: "samples.json")
    let middle = try folder.deq("evaluate", "1.json", "--input", "samples.json").object(EvaluateReport.self)
    try folder.write("{\"input\": \(middle.output)}", to: "middle.json")
    let last = try folder.deq("evaluate", "2.json", "--input", "middle.json").object(EvaluateReport.self)
    expectQuiet(try folder.deq("convert", "--stack", "1.json", "2.json", "-o", "stack.json"))
    let whole = try folder.deq("evaluate", "stack.json", "--input", "samples.json").object(
      EvaluateReport.self)
    #expect(whole.output == last.output)
  }

  @Test("Equilibrium models are stacked into one, which is proved")
  func equilibria() throws {
    try folder.write(Examples.loop(0.5, activation: "tanh"), to: "1.json")
    try folder.write(Examples.loop(-0.25, activation: "sigmoid"), to: "2.json")
    let outcome = try folder.deq("convert", "--stack", "1.json", "2.json", "-o", "stack.json")
    expectQuiet(outcome)
    #expect(outcome.firstLine.hasPrefix("proved: stack.json is the same function as 1.json + 2.json"))
    let report = try folder.deq("inspect", "stack.json", "--json").object(InspectReport.self)
    #expect(report.blocks.map(\.name) == ["1.z", "2.z"])
    #expect(report.cyclicGroups.map(\.blocks) == [["1.z"], ["2.z"]])
    #expect(
      try folder.deq("check", "--stack", "1.json", "2.json", "--against", "stack.json").firstLine
        == outcome.firstLine)
    #expect(try folder.deq("check", "--stack", "2.json", "1.json", "--against", "stack.json").status == 1)
  }

  @Test("A stack in another order is refuted")
  func order() throws {
    try folder.write(Examples.network.replacing("0.25, 2", with: "0.25, 3"), to: "2.json")
    expectQuiet(try folder.deq("convert", "--stack", "1.json", "2.json"))
    let outcome = try folder.deq("check", "--stack", "2.json", "1.json", "--against", "1.deq.json")
    expectQuiet(outcome, 1)
    #expect(outcome.firstLine == "refuted: 1.deq.json is not the same function as 2.json + 1.json")
  }

  @Test("Sizes that do not fit name the files")
  func sizes() throws {
    try folder.write(
      #"{"format": "network", "version": 1, "input": [3], "layers": [{"type": "dense", "weight": [[1, 2, 3]]}]}"#,
      to: "2.json")
    expectFailure(
      try folder.deq("convert", "--stack", "1.json", "2.json"), 65,
      "1.json, 2.json: network 2 of the stack: expected an input of 2 numbers, found 3")
    #expect(folder.names == ["1.json", "2.json"])
  }
}
