import Testing

@Suite struct CheckTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.write(Examples.network, to: "mlp.json")
    try folder.write(Examples.equilibrium, to: "mlp.deq.json")
  }

  @Test(
    "A conversion is proved by every solver, in both precisions",
    arguments: ["picard", "anderson", "broyden", "newton"])
  func proved(solver: String) throws {
    for precision in ["float64", "float32"] {
      let outcome = try folder.deq(
        "check", "mlp.json", "mlp.deq.json", "--solver", solver, "--precision", precision, "--require-proof")
      expectQuiet(outcome)
      #expect(
        outcome.firstLine == "proved: mlp.deq.json is the same function as mlp.json, with the same gradients")
      #expect(outcome.text.contains("\n  \(solver) "))
    }
  }

  @Test("The order and the names of blocks do not matter to the proof")
  func renamed() throws {
    let text = Examples.equilibrium.replacing(#""a""#, with: #""first""#).replacing(
      #""b""#, with: #""second""#
    )
    .replacing(#""second":"#, with: #""b":"#)
    try folder.write(text, to: "renamed.json")
    #expect(try folder.deq("check", "mlp.json", "renamed.json").firstLine.hasPrefix("proved: "))
  }

  @Test("A weight that is far off is refuted, with the place, both values and a counterexample")
  func refuted() throws {
    try folder.write(Examples.equilibrium.replacing("[0.25,2]", with: "[0.25,7]"), to: "wrong.json")
    let outcome = try folder.deq("check", "mlp.json", "wrong.json")
    expectQuiet(outcome, 1)
    let report = lines(of: outcome.text)
    #expect(report[0] == "refuted: wrong.json is not the same function as mlp.json")
    #expect(report[1] == "  not proved   Wz[b,a] row 1 column 1: network 2.0, equilibrium model 7.0")
    #expect(report.contains { $0.hasPrefix("  where        output[1], structured: network ") })
    #expect(
      report.contains {
        $0.hasPrefix("  first block  b[1]: network ") && $0.contains("largest contributor a[1]")
      })
    #expect(report.contains { $0.hasPrefix("  input        [") })

    let json = try folder.deq("check", "mlp.json", "wrong.json", "--json")
    expectQuiet(json, 1)
    let found = try json.object(CheckReport.self)
    #expect((found.command, found.verdict) == ("check", "refuted"))
    #expect((found.proof.proved, found.proof.place) == (false, "Wz[b,a]"))
    #expect((found.proof.row, found.proof.column) == (1, 1))
    #expect((found.proof.network, found.proof.equilibrium) == ("2.0", "7.0"))
    let counterexample = try #require(found.counterexample)
    #expect(counterexample.quantity == "output")
    #expect(counterexample.difference.absolute.value > counterexample.difference.allowed.value)
    #expect(try json.keys().contains("counterexample"))
  }

  @Test("On the counterexample both models give the values of the report")
  func counterexample() throws {
    try folder.write(Examples.equilibrium.replacing("[0.25,2]", with: "[0.25,7]"), to: "wrong.json")
    let found = try #require(
      folder.deq("check", "mlp.json", "wrong.json", "--json").object(CheckReport.self).counterexample)
    try folder.write("{\"input\": \(found.input)}", to: "input.json")
    let index = found.difference.index
    let network = try folder.deq("evaluate", "mlp.json", "--input", "input.json").object(EvaluateReport.self)
    let model = try folder.deq("evaluate", "wrong.json", "--input", "input.json").object(EvaluateReport.self)
    #expect(network.output[0][index] == found.difference.network.value)
    #expect(model.output[0][index] == found.difference.equilibrium.value)
  }

  @Test("One unit in the last place is no proof and no refutation")
  func oneUlp() throws {
    try folder.write(
      Examples.equilibrium.replacing("[0.25,2]", with: "[0.25,2.0000000000000004]"), to: "near.json")
    let outcome = try folder.deq("check", "mlp.json", "near.json")
    expectQuiet(outcome)
    #expect(
      lines(of: outcome.text).prefix(2) == [
        "agrees: near.json and mlp.json agree to rounding on every tested input",
        "  not proved   Wz[b,a] row 1 column 1: network 2.0, equilibrium model 2.0000000000000004",
      ])
    let strict = try folder.deq("check", "mlp.json", "near.json", "--require-proof")
    expectQuiet(strict, 1)
    #expect(strict.text == outcome.text)
  }

  @Test("Labels that are swapped give the wrong gradients, which refutes")
  func swappedLabels() throws {
    let text = Examples.equilibrium.replacing("b.weight", with: "?").replacing("a.weight", with: "b.weight")
      .replacing("?", with: "a.weight")
    try folder.write(text, to: "swapped.json")
    let outcome = try folder.deq("check", "mlp.json", "swapped.json")
    expectQuiet(outcome, 1)
    let report = lines(of: outcome.text)
    #expect(report[0] == "refuted: swapped.json is not the same function as mlp.json")
    #expect(report[1] == "  not proved   Wx[a].parameter: network a.weight, equilibrium model b.weight")
    #expect(report[2] == "  outputs      the same to the last bit, on the paths structured and picard")
  }

  @Test("The matrix form is checked like the block form")
  func matrixForm() throws {
    expectQuiet(try folder.deq("convert", "mlp.json", "--matrix", "-o", "matrix.json"))
    #expect(try folder.deq("check", "mlp.json", "matrix.json").firstLine.hasPrefix("proved: "))
    try folder.write(folder.text(of: "matrix.json").replacing("0.25,2,", with: "0.25,9,"), to: "wrong.json")
    let outcome = try folder.deq("check", "mlp.json", "wrong.json")
    expectQuiet(outcome, 1)
    #expect(
      lines(of: outcome.text)[1]
        == "  not proved   Wz[b,a] row 1 column 1: network 2.0, equilibrium model 9.0")
  }

  @Test("Models of other sizes are refuted without a sample")
  func sizes() throws {
    try folder.write(Examples.loop(0.5), to: "loop.json")
    let outcome = try folder.deq("check", "mlp.json", "loop.json")
    expectQuiet(outcome, 1)
    #expect(
      outcome.text == """
        refuted: loop.json is not the same function as mlp.json
          not proved   input: network [2], equilibrium model [1]
          samples      0 drawn, 0 compared
          note         network: 2 inputs, 2 outputs; equilibrium model: 1 inputs, 1 outputs

        """)
  }

  @Test("A network in the place of the equilibrium model is bad data")
  func order() throws {
    expectFailure(
      try folder.deq("check", "mlp.deq.json", "mlp.json"), 65,
      #"mlp.json: format: expected "equilibrium", found "network""#)
  }

  @Test("A seed decides the inputs, and --samples their number")
  func seed() throws {
    let report = { (arguments: [String]) in
      try folder.deq(["check", "mlp.json", "mlp.deq.json", "--json"] + arguments)
    }
    #expect(try report(["--seed", "1"]).text == report(["--seed", "1"]).text)
    #expect(try report(["--seed", "1"]).text != report(["--seed", "2"]).text)
    #expect(try report(["--samples", "3"]).object(CheckReport.self).samples.drawn == 3)
    #expect(try report(["--seed", "18446744073709551615", "--samples", "1"]).status == 0)
  }

  @Test("Thousands of samples take no memory in the square of their number")
  func manySamples() throws {
    let outcome = try folder.deq("check", "mlp.json", "mlp.deq.json", "--samples", "5000", "--json")
    expectQuiet(outcome)
    #expect(try outcome.object(CheckReport.self).samples.compared == 5_000)
  }
}
