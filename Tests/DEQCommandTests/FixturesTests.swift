import Testing

@Suite struct FixturesTests {
  let folder: TemporaryFolder

  /// Two fixtures with numbers that come out exactly: a network, and a stack of two.
  init() throws {
    folder = TemporaryFolder()
    try folder.makeFolder("all/double")
    try folder.makeFolder("all/stack")
    try folder.write(Self.layer("w", "[[1, 2], [3, 4]]", inputs: 2), to: "all/double/mlp.json")
    try folder.write(
      """
      {"source": "by hand", "input": [[1, 1]], "cotangent": [[1, 0]], "output": [[3, 7]],
       "gradients": {"input": [[1, 2]], "w.weight": [[1, 1], [0, 0]]}}
      """, to: "all/double/expected.json")
    try folder.write(Self.layer("u", "[[2]]", inputs: 1), to: "all/stack/1.json")
    try folder.write(Self.layer("v", "[[-1]]", inputs: 1), to: "all/stack/2.json")
    try folder.write(
      #"{"input": [[1], [3]], "output": [[-2], [-6]]}"#, to: "all/stack/expected.json")
    expectQuiet(try folder.deq("fixtures", "all", "--record"))
  }

  private static func layer(_ name: String, _ weight: String, inputs: Int) -> String {
    #"{"format": "network", "version": 1, "input": [\#(inputs)], "layers": [{"type": "dense", "name": "\#(name)", "weight": \#(weight)}]}"#
  }

  @Test("Fixtures that are as they were recorded are proved")
  func proved() throws {
    for path in ["all", "all/", "./all"] {
      let outcome = try folder.deq("fixtures", path)
      expectQuiet(outcome)
      let root = path == "./all" ? "./all" : "all"
      #expect(
        outcome.text == """
          proved: 2 fixtures, at most 0 of scale from the expected values
            \(root)/double  proved, 0 of scale
            \(root)/stack   proved, 0 of scale

          """)
    }
  }

  @Test("JSON has the same facts")
  func json() throws {
    let outcome = try folder.deq("fixtures", "all", "--json")
    expectQuiet(outcome)
    let report = try outcome.object(FixturesReport.self)
    #expect((report.command, report.verdict) == ("fixtures", "proved"))
    #expect(report.fixtures.map(\.name) == ["all/double", "all/stack"])
    #expect(report.fixtures.allSatisfy { $0.fault == nil && !$0.recorded })
    #expect(try outcome.keys() == ["command", "schema", "version", "options", "verdict", "fixtures"])
  }

  @Test("A model that is not what the conversion writes is a regression, and --record repairs it")
  func tamperedModel() throws {
    let good = try folder.snapshot()
    let text = try folder.text(of: "all/double/mlp.deq.json")
    try folder.write(text.replacing("[3,4]", with: "[3,5]"), to: "all/double/mlp.deq.json")
    let byte = text.prefix(upTo: text.firstRange(of: "[3,4]")!.lowerBound).utf8.count + 3
    let outcome = try folder.deq("fixtures", "all")
    expectQuiet(outcome, 1)
    #expect(
      outcome.text == """
        refuted: 1 of 2 fixtures
          all/double  all/double/mlp.deq.json: byte \(byte) differs from the conversion
          all/stack   proved, 0 of scale

        """)
    let recording = try folder.deq("fixtures", "all", "--record")
    expectQuiet(recording)
    #expect(recording.text.contains("  all/double  proved, 0 of scale, recorded\n"))
    #expect(try folder.snapshot() == good)
  }

  @Test("A model that is missing is a regression, and --record writes it")
  func missingModel() throws {
    let good = try folder.snapshot()
    expectQuiet(try folder.shell("rm all/stack/1.deq.json"))
    let outcome = try folder.deq("fixtures", "all")
    expectQuiet(outcome, 1)
    #expect(
      outcome.text.contains(
        "  all/stack   all/stack/1.deq.json: not recorded; deq fixtures --record writes it\n"))
    expectQuiet(try folder.deq("fixtures", "all", "--record"))
    #expect(try folder.snapshot() == good)
  }

  @Test(
    "An expected value that is not met is a regression, which --record does not hide",
    arguments: [
      ("[[3, 7]]", "[[3, 7.000001]]", "output[1]: expected 7.000001, found 7.0 in the network"),
      ("[[1, 2]]", "[[1, 3]]", "gradient of input[1]: expected 3.0, found 2.0 in the network"),
      (
        "[[1, 1], [0, 0]]", "[[1, 1], [0, 1]]",
        "gradient of w.weight[3]: expected 1.0, found 0.0 in the network"
      ),
      ("w.weight", "w.bias", "expected.json: no gradient of w.weight"),
      (
        "\"cotangent\": [[1, 0]]", "\"cotangent\": [[1]]",
        "expected.json: cotangent: expected rows of 2 numbers, found 1"
      ),
    ])
  func tamperedExpectation(old: String, new: String, fault: String) throws {
    let text = try folder.text(of: "all/double/expected.json")
    #expect(text.contains(old))
    try folder.write(text.replacing(old, with: new), to: "all/double/expected.json")
    let before = try folder.snapshot()
    for options in [[], ["--record"]] {
      let outcome = try folder.deq(["fixtures", "all"] + options)
      expectQuiet(outcome, 1)
      #expect(lines(of: outcome.text)[0] == "refuted: 1 of 2 fixtures")
      #expect(lines(of: outcome.text)[1] == "  all/double  \(fault)")
      #expect(lines(of: outcome.text)[2] == "  all/stack   proved, 0 of scale")
    }
    #expect(try folder.snapshot() == before)
    let report = try folder.deq("fixtures", "all", "--json").object(FixturesReport.self)
    #expect(report.verdict == "refuted")
    #expect(report.fixtures.map(\.fault) == [fault, nil])
  }

  @Test("A file that cannot be read is its fixture's fault, and the others are run all the same")
  func broken() throws {
    try folder.write("{}", to: "all/double/expected.json")
    try folder.makeFolder("all/empty")
    try folder.write("{}", to: "all/empty/expected.json")
    let outcome = try folder.deq("fixtures", "all")
    expectQuiet(outcome, 1)
    #expect(
      outcome.text == """
        refuted: 2 of 3 fixtures
          all/double  all/double/expected.json: expected the key "input", found none
          all/empty   all/empty: expected mlp.json, network.json, network.onnx or 1.json, found none of them
          all/stack   proved, 0 of scale

        """)
  }

  @Test("A folder without fixtures is status 66")
  func noFixtures() throws {
    try folder.makeFolder("none/below")
    expectFailure(
      try folder.deq("fixtures", "none"), 66, "none: expected folders with expected.json, found none")
    expectFailure(
      try folder.deq("fixtures"), 66, "Fixtures: cannot be opened as a folder: No such file or directory")
  }
}
