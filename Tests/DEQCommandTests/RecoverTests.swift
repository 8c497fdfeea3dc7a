import Testing

/// `deq recover`: the network of an equilibrium model without cycles.
@Suite struct RecoverTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.write(Examples.equilibrium, to: "mlp.deq.json")
  }

  private func expectFailure(
    _ arguments: [String], _ status: Int32, _ line: String,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try folder.snapshot()
    DEQCommandTests.expectFailure(
      try folder.deq(arguments), status, line, sourceLocation: sourceLocation)
    #expect(try folder.snapshot() == before, sourceLocation: sourceLocation)
  }

  @Test("The recovered network is the one that was converted, byte by byte")
  func roundTrip() throws {
    try folder.write(Examples.network, to: "mlp.json")
    let outcome = try folder.deq("recover", "mlp.deq.json")
    expectQuiet(outcome)
    #expect(
      outcome.firstLine
        == "proved: mlp.network.json is the same function as mlp.deq.json, with the same gradients")
    #expect(outcome.text.hasSuffix("  layers       2, at most 2 one after the other\n"))
    expectQuiet(try folder.deq("convert", "mlp.network.json", "-o", "again.json"))
    #expect(try folder.text(of: "again.json") == Examples.equilibrium)
    expectQuiet(try folder.deq("convert", "mlp.json", "-o", "mlp.deq.json"))
    expectQuiet(try folder.deq("recover", "mlp.deq.json"))
  }

  @Test("To standard output, from standard input, or both; the report goes to standard error then")
  func standardStreams() throws {
    expectQuiet(try folder.deq("recover", "mlp.deq.json"))
    let network = try folder.text(of: "mlp.network.json")
    for (arguments, input) in [
      (["recover", "mlp.deq.json", "-o", "-"], ""), (["recover", "-"], Examples.equilibrium),
      (["recover", "-", "-o", "-"], Examples.equilibrium),
    ] {
      let outcome = try folder.deq(arguments, input: input)
      #expect(outcome.status == 0 && outcome.text == network)
      #expect(outcome.complaint.hasPrefix("proved: "))
    }
    let piped = try folder.shell(
      #""$DEQ" recover - < mlp.deq.json 2> /dev/null | "$DEQ" convert - 2> /dev/null"#)
    #expect(piped.text == Examples.equilibrium)
  }

  @Test("The report as JSON has the shape of a check's")
  func json() throws {
    let report = try folder.deq("recover", "mlp.deq.json", "--json").object(CheckReport.self)
    #expect((report.command, report.verdict) == ("recover", "proved"))
    #expect((report.first.models, report.second.models) == (["mlp.deq.json"], ["mlp.network.json"]))
    let unchecked = try folder.deq("recover", "mlp.deq.json", "--json", "--no-check")
      .object(UncheckedReport.self)
    #expect((unchecked.command, unchecked.verdict) == ("recover", "unchecked"))
    let text = try folder.deq("recover", "mlp.deq.json", "--no-check").text
    #expect(
      text
        == "recovered, not checked: mlp.network.json\n  layers       2, at most 2 one after the other\n")
  }

  @Test("Weights of their own, or where they were")
  func weights() throws {
    try folder.writeStoredNetwork("n")
    expectQuiet(try folder.deq("convert", "n.json", "--weights", "reference"))
    expectQuiet(try folder.deq("recover", "n.deq.json", "--weights", "reference"))
    let digest = try folder.shell("sha256sum n.safetensors | cut -c1-64").text.dropLast()
    #expect(
      try folder.text(of: "n.network.json") == """
        {
          "format": "network",
          "version": 1,
          "weights": "n.safetensors",
          "weights_sha256": "\(digest)",
          "input": [2],
          "layers": [
            {"type": "dense", "name": "a", "weight": {"tensor": "w"}, "bias": {"tensor": "c"}, "activation": "tanh"},
            {"type": "dense", "name": "b", "weight": {"tensor": "v"}}
          ]
        }

        """)
    expectQuiet(try folder.deq("recover", "n.deq.json", "--weights", "safetensors", "-o", "k.json"))
    #expect(try folder.text(of: "k.json").contains(#""weights": "k.safetensors""#))
    expectQuiet(try folder.deq("check", "k.json", "n.deq.json", "--require-proof"))
    try expectFailure(
      ["recover", "mlp.deq.json", "--weights", "reference"], 65,
      "mlp.network.json: expected weights from a file to refer to, found none")
    try expectFailure(
      ["recover", "mlp.deq.json", "--weights", "safetensors", "-o", "-"], 64,
      "--weights safetensors: expected a file to write beside, found standard output")
  }

  @Test("From whole matrices, with the usual names")
  func matrices() throws {
    try folder.write(Examples.network, to: "mlp.json")
    expectQuiet(try folder.deq("convert", "mlp.json", "--matrix", "-o", "m.deq.json"))
    expectQuiet(try folder.deq("recover", "m.deq.json"))
    let outcome = try folder.deq("check", "m.network.json", "mlp.deq.json", "--require-proof")
    expectQuiet(outcome)
  }

  @Test("What is no acyclic equilibrium model is refused, and an existing file is replaced by force only")
  func refusals() throws {
    try folder.write(Examples.loop(0.5), to: "loop.json")
    try folder.write(Examples.ring(6), to: "ring.json")
    try folder.write(Examples.network, to: "mlp.json")
    try expectFailure(
      ["recover", "loop.json"], 65,
      #"loop.json: expected blocks without a cycle, found one through "z""#)
    try expectFailure(
      ["recover", "ring.json"], 65,
      #"ring.json: expected blocks without a cycle, found one through "z0", "z1", "z2", "z3", …"#
    )
    try expectFailure(
      ["recover", "mlp.json"], 65, #"mlp.json: format: expected "equilibrium", found a network"#)
    try expectFailure(["recover", "none.json"], 66, "none.json: expected a file, found none")
    try expectFailure(
      ["recover", "mlp.deq.json", "-o", "mlp.json"], 73,
      "mlp.json: exists and differs from what would be written; --force replaces it")
    try expectFailure(
      ["recover", "mlp.deq.json", "-o", "none/m.json"], 73,
      "none/m.json: cannot be created: No such file or directory")
    try folder.write(
      Examples.equilibrium.replacing(#""parameter": "a.bias""#, with: #""parameter": "a.weight""#)
        .replacing(
          #""vector": [0.5,-1]"#, with: #""tensor": [[0.5,-1]], "map": {"type": "reshape", "shape": [2]}"#),
      to: "tied.json")
    try expectFailure(
      ["recover", "tied.json"], 65,
      #"tied.json: b[0].parameter: expected a parameter of shape [2, 2], as at Wx[0].parameter, found one of shape [1, 2]"#
    )
    try folder.write(
      Examples.equilibrium.replacing(#""parameter": "b.weight""#, with: #""parameter": "a.weight""#),
      to: "tied.json")
    try expectFailure(
      ["recover", "tied.json"], 65,
      #"tied.json: parameter "a.weight": expected the same numbers everywhere, found others"#)
  }

  @Test("A block that is called as the input is in networks gets another name")
  func blockCalledInput() throws {
    try folder.write(
      Examples.equilibrium.replacing(#""name": "a""#, with: #""name": "input""#)
        .replacing(#""to": "a""#, with: #""to": "input""#).replacing(
          #""from": "a""#, with: #""from": "input""#),
      to: "m.deq.json")
    let outcome = try folder.deq("recover", "m.deq.json")
    expectQuiet(outcome)
    #expect(outcome.firstLine.hasPrefix("proved: "))
    #expect(try folder.text(of: "m.network.json").contains(#""name": "input'""#))
  }
}
