import ModelJSON
import Testing

@Suite struct EvaluateTests {
  let folder: TemporaryFolder

  /// Numbers that come out exactly: y = W x, and an equilibrium z = z/2 + x, which is 2 x.
  init() throws {
    folder = TemporaryFolder()
    try folder.write(
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "name": "w", "weight": [[1, 2], [3, 4]], "bias": [0, 1]}]}"#,
      to: "mlp.json")
    try folder.write(#"{"input": [[1, 1], [2, 0]], "cotangent": [[1, 0], [0, 1]]}"#, to: "samples.json")
    try folder.write(Examples.loop(0.5), to: "loop.json")
    try folder.write(#"{"input": [[1], [-3]], "cotangent": [[1], [10]]}"#, to: "loop-samples.json")
  }

  static let results = """
    {
      "output": [[3,8], [2,7]],
      "gradients": {
        "input": [[1,2], [3,4]],
        "w.weight": [[1,1], [2,0]],
        "w.bias": [1,1]
      }
    }

    """

  @Test("Outputs and gradients are written as formats.md has them")
  func network() throws {
    let outcome = try folder.deq("evaluate", "mlp.json", "--input", "samples.json")
    expectQuiet(outcome)
    #expect(outcome.text == Self.results)
  }

  @Test("The converted model gives the same, and says that nothing was iterated")
  func converted() throws {
    expectQuiet(try folder.deq("convert", "mlp.json"))
    let outcome = try folder.deq("evaluate", "mlp.deq.json", "--input", "samples.json")
    #expect(outcome.status == 0)
    #expect(outcome.text == Self.results)
    #expect(outcome.complaint == "one pass: no block reads itself, nothing to iterate\n")
  }

  @Test("Samples come from standard input, and so may the model")
  func standardInput() throws {
    let samples = try folder.text(of: "samples.json")
    #expect(try folder.deq("evaluate", "mlp.json", input: samples).text == Self.results)
    let model = try folder.text(of: "mlp.json")
    #expect(try folder.deq("evaluate", "-", "--input", "samples.json", input: model).text == Self.results)
  }

  @Test("Without cotangents there are no gradients")
  func outputsOnly() throws {
    let outcome = try folder.deq("evaluate", "mlp.json", input: #"{"input": [[1, 1]]}"#)
    expectQuiet(outcome)
    #expect(outcome.text == "{\n  \"output\": [[3,8]]\n}\n")
  }

  @Test(
    "Every solver finds the equilibrium and the adjoint",
    arguments: ["structured", "picard", "anderson", "broyden", "newton"])
  func solvers(solver: String) throws {
    let outcome = try folder.deq(
      "evaluate", "loop.json", "--input", "loop-samples.json", "--solver", solver, "--json")
    expectQuiet(outcome)
    let report = try outcome.object(EvaluateReport.self)
    #expect(abs(report.output[0][0] - 2) < 1e-12 && abs(report.output[1][0] + 6) < 1e-12)
    guard case .rows(let rows) = report.gradients?["input"] else {
      Issue.record("no gradient of the input")
      return
    }
    #expect(abs(rows[0][0] - 2) < 1e-12 && abs(rows[1][0] - 20) < 1e-12)
    #expect(report.gradients?.keys.sorted() == ["Wx[z]", "Wz[z,z]", "b[z]", "input"])
    let solve = try #require(report.solver?.forward.first)
    #expect(solve.converged && solve.first == "z" && solve.blocks == 1)
    #expect(report.solver?.adjoint.count == 1)
  }

  @Test("The solver's statistics go to standard error, unless they are in the object")
  func statistics() throws {
    let outcome = try folder.deq(
      "evaluate", "loop.json", "--input", "loop-samples.json", "--solver", "newton")
    let words = lines(of: outcome.complaint)
    #expect(words.count == 2)
    #expect(words[0].hasPrefix("forward: newton on 1 block: "))
    #expect(words[1].hasPrefix("adjoint: newton on 1 block: "))
    let json = try folder.deq("evaluate", "loop.json", "--input", "loop-samples.json", "--json")
    #expect(
      try json.keys() == [
        "command", "schema", "version", "options", "output", "gradients", "samples", "solver",
      ])
  }

  @Test(
    "Samples that do not fit are bad data, with their place",
    arguments: [
      (#"{"input": [[1, 2, 3]]}"#, "input[0]: expected 2 numbers (the size of the input), found 3"),
      (#"{"input": []}"#, "input: expected a list of rows, found an empty array"),
      (#"{"input": [[]]}"#, "input[0]: expected 2 numbers (the size of the input), found none"),
      (#"{"input": [1, 2]}"#, "input[0]: expected a list of 2 numbers (the size of the input), found 1"),
      (#"{"input": [[1, 2], [3]]}"#, "input[1]: expected 2 numbers (the size of the input), found 1"),
      (#"{"input": [[1, 1e400]]}"#, "input[0][1]: expected a finite number, found 1e400"),
      (
        #"{"input": [[1, 2]], "cotangent": [[1]]}"#,
        "cotangent[0]: expected 2 numbers (the size of the output), found 1"
      ),
      (
        #"{"input": [[1, 2], [3, 4]], "cotangent": [[1, 2]]}"#,
        "cotangent: expected 2 rows (one for each sample), found 1"
      ),
      (#"{"cotangent": [[1, 2]]}"#, #"expected the key "input", found none"#),
      (
        #"{"input": [[1, 2]], "inputs": [[1, 2]]}"#,
        #"expected only the keys input, cotangent, found "inputs""#
      ),
    ])
  func badSamples(samples: String, complaint: String) throws {
    expectFailure(
      try folder.deq("evaluate", "mlp.json", input: samples), 65, "standard input: \(complaint)")
  }

  @Test("Results are written to a file in one step")
  func output() throws {
    expectQuiet(try folder.deq("evaluate", "mlp.json", "--input", "samples.json", "-o", "out.json"))
    #expect(try folder.text(of: "out.json") == Self.results)
    expectQuiet(try folder.deq("evaluate", "mlp.json", "--input", "samples.json", "-o", "out.json"))
    let refused = try folder.deq("evaluate", "mlp.json", "-o", "out.json", input: #"{"input": [[1, 1]]}"#)
    expectFailure(
      refused, 73, "out.json: exists and differs from what would be written; --force replaces it")
    #expect(try folder.text(of: "out.json") == Self.results)
    expectQuiet(
      try folder.deq("evaluate", "mlp.json", "-o", "out.json", "--force", input: #"{"input": [[1, 1]]}"#))
    #expect(try folder.text(of: "out.json") == "{\n  \"output\": [[3,8]]\n}\n")
  }
}
