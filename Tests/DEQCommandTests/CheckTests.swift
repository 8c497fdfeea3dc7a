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
    #expect(
      report.contains {
        $0.hasPrefix("  not proved   Wz[b,a] row 1 column 1: ") && $0.contains("2.0") && $0.contains("7.0")
      })
    #expect(report.contains { $0.hasPrefix("  where        output[1]: mlp.json ") })
    #expect(
      report.contains {
        $0.hasPrefix("  first block  b[1]: ") && $0.contains("most in the product with a[1]")
      })
    #expect(report.contains { $0.hasPrefix("  input        [") })

    let json = try folder.deq("check", "mlp.json", "wrong.json", "--json")
    expectQuiet(json, 1)
    let found = try json.object(CheckReport.self)
    #expect((found.command, found.verdict) == ("check", "refuted"))
    #expect(found.function.verdict == "refuted")
    let place = try #require(found.function.difference)
    #expect((place.place, place.row, place.column) == ("Wz[b,a]", 1, 1))
    #expect((place.first, place.second) == ("2.0", "7.0"))
    let counterexample = try #require(found.counterexample)
    #expect(counterexample.difference.quantity == "output")
    #expect(counterexample.origin?.block == "b")
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
    #expect(network.output[0][index] == found.difference.first.value)
    #expect(model.output[0][index] == found.difference.second.value)
  }

  @Test("One unit in the last place is no proof and no refutation")
  func oneUlp() throws {
    try folder.write(
      Examples.equilibrium.replacing("[0.25,2]", with: "[0.25,2.0000000000000004]"), to: "near.json")
    let outcome = try folder.deq("check", "mlp.json", "near.json")
    expectQuiet(outcome)
    #expect(outcome.firstLine == "agrees: near.json and mlp.json agree to rounding on every tested input")
    #expect(outcome.text.contains("\n  not proved   Wz[b,a] row 1 column 1: "))
    #expect(outcome.text.contains("\n  search       "))
    let strict = try folder.deq("check", "mlp.json", "near.json", "--require-proof")
    expectQuiet(strict, 2)
    #expect(strict.text == outcome.text)
  }

  @Test("Labels that are swapped are told as gradients that differ, and refute nothing")
  func swappedLabels() throws {
    let text = Examples.equilibrium.replacing("b.weight", with: "?").replacing("a.weight", with: "b.weight")
      .replacing("?", with: "a.weight")
    try folder.write(text, to: "swapped.json")
    let outcome = try folder.deq("check", "mlp.json", "swapped.json")
    expectQuiet(outcome)
    #expect(
      outcome.firstLine
        == "proved: swapped.json is the same function as mlp.json; gradients of 2 parameters differ")
    #expect(outcome.text.contains("\n  parameters   gradients of 2 of 3 parameters differ\n"))
    #expect(try folder.deq("check", "mlp.json", "swapped.json", "--require-proof").status == 0)
    #expect(try folder.deq("check", "mlp.json", "swapped.json", "--require-proof", "parameters").status == 2)
  }

  @Test("The matrix form is checked like the block form")
  func matrixForm() throws {
    expectQuiet(try folder.deq("convert", "mlp.json", "--matrix", "-o", "matrix.json"))
    #expect(try folder.deq("check", "mlp.json", "matrix.json").firstLine.hasPrefix("proved: "))
    try folder.write(folder.text(of: "matrix.json").replacing("0.25,2,", with: "0.25,9,"), to: "wrong.json")
    let outcome = try folder.deq("check", "mlp.json", "wrong.json")
    expectQuiet(outcome, 1)
    #expect(outcome.text.contains("\n  not proved   Wz[b,a] row 1 column 1: "))
  }

  @Test("Models of other sizes are refuted without a sample")
  func sizes() throws {
    try folder.write(Examples.loop(0.5), to: "loop.json")
    let outcome = try folder.deq("check", "mlp.json", "loop.json")
    expectQuiet(outcome, 1)
    #expect(outcome.firstLine == "refuted: loop.json is not the same function as mlp.json")
    #expect(
      outcome.text.contains(
        "\n  note         first model: 2 inputs, 2 outputs; second model: 1 inputs, 1 outputs\n"))
    #expect(!outcome.text.contains("samples"))
  }

  @Test("Two networks, two equilibrium models, and either order of both are compared")
  func anyTwo() throws {
    for pair in [
      ["mlp.json", "mlp.json"], ["mlp.deq.json", "mlp.deq.json"], ["mlp.deq.json", "mlp.json"],
      ["mlp.json", "--against", "mlp.deq.json"],
    ] {
      let outcome = try folder.deq(["check"] + pair)
      expectQuiet(outcome)
      #expect(outcome.firstLine.hasPrefix("proved: "))
    }
  }

  @Test("A wrong number of models, and a stack without a model to compare it with, are usage errors")
  func usage() throws {
    for arguments in [["mlp.json"], ["mlp.json", "mlp.json", "mlp.deq.json"], ["--stack", "mlp.json"]] {
      let outcome = try folder.deq(["check"] + arguments)
      #expect(outcome.status == 64)
      #expect(outcome.complaint.contains("expected"))
    }
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
