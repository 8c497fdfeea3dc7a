import Equivalence
import Operators
import Testing

/// Models that a reader takes, and that are hard on everything behind it.
@Suite struct HostileModelTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
  }

  // MARK: Numbers

  @Test("Weights of 10^300 are converted, and the report says that outputs are not finite")
  func overflow() throws {
    try folder.write(
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "weight": [[1e300, -1e300], [1e300, 1e300]]}, {"type": "dense", "weight": [[1e300, 1e300]]}]}"#,
      to: "huge.json")
    for command in [["convert", "huge.json"], ["check", "huge.json", "huge.deq.json"]] {
      let outcome = try folder.deq(command)
      expectQuiet(outcome)
      #expect(outcome.firstLine.hasPrefix("proved: huge.deq.json is the same function as huge.json"))
      #expect(
        outcome.text.contains(
          "  samples      16 drawn, 1 compared, 0 of them by their gradients, 15 without a value on either side\n"
        ))
    }
    let report = try folder.deq("check", "huge.json", "huge.deq.json", "--json").object(CheckReport.self)
    #expect((report.samples.compared, report.samples.withoutValue) == (1, 15))
    for model in ["huge.json", "huge.deq.json"] {
      expectFailure(
        try folder.deq("evaluate", model, input: #"{"input": [[1, 1]]}"#), 65,
        "\(model): the output is not finite for sample 0: inf")
    }
  }

  @Test("A sample whose numbers are not finite takes nobody's result away")
  func oneSample() throws {
    // y = 1e300 · 1e300 · x: infinite unless |x| is small; the gradient is infinite for every x.
    try folder.write(
      #"{"format": "network", "version": 1, "input": [1], "layers": [{"type": "dense", "name": "a", "weight": [[1e200]]}, {"type": "dense", "name": "b", "weight": [[1e100]]}]}"#,
      to: "large.json")
    expectQuiet(try folder.deq("convert", "large.json"))
    let samples = #"{"input": [[1], [1e10], [-2], [0.5]], "cotangent": [[1], [1], [1], [1e10]]}"#
    let others = #"{"input": [[1], [-2]], "cotangent": [[1], [1]]}"#
    for model in ["large.json", "large.deq.json"] {
      let outcome = try folder.deq("evaluate", model, input: samples)
      #expect(outcome.status == 65)
      #expect(
        outcome.complaint.hasSuffix(
          "deq: \(model): the output is not finite for sample 1: inf\n"
            + "deq: \(model): the gradient of input is not finite for sample 3\n"))
      #expect(
        outcome.text == """
          {
            "output": [
              [1e300],
              [],
              [-2e300],
              [5e299]
            ],
            "gradients": {
              "input": [
                [1e300],
                [],
                [1e300],
                []
              ],
              "a.weight": [[-1e100]],
              "b.weight": [[-1e200]]
            }
          }

          """)
      let sums = try folder.deq("evaluate", model, input: others).text
      #expect(sums.contains(#""a.weight": [[-1e100]]"#) && sums.contains(#""b.weight": [[-1e200]]"#))
      let report = try folder.deq("evaluate", model, "--json", input: samples)
      #expect(report.status == 65 && report.text.contains("[1e300],\n    [],\n    [-2e300],\n    [5e299]"))
      #expect(report.complaint.contains("for sample 1: inf; ") && report.complaint.contains("for sample 3"))
    }
  }

  @Test("Agreement on a few inputs does not claim all of them")
  func fewComparableInputs() throws {
    try folder.write(
      #"{"format": "network", "version": 1, "input": [1], "layers": [{"type": "dense", "name": "a", "weight": [[1e300]]}, {"type": "dense", "name": "b", "weight": [[1e300]]}]}"#,
      to: "huge.json")
    expectQuiet(try folder.deq("convert", "huge.json"))
    try folder.write(
      folder.text(of: "huge.deq.json").replacing(
        #""from": "a", "matrix": [[1e300]]"#, with: #""from": "a", "matrix": [[1e299]]"#), to: "other.json")
    let outcome = try folder.deq("check", "huge.json", "other.json")
    expectQuiet(outcome, 2)
    #expect(
      outcome.firstLine
        == "undecided: other.json and huge.json: 14 of 16 tested inputs have no value on either side")
    #expect(outcome.text.contains("\n  not proved   Wz[b,a] row 0 column 0: 1e+300 and 1e+299\n"))
  }

  @Test("A gradient that is not finite is named")
  func infiniteGradient() throws {
    try folder.write(
      #"{"format": "network", "version": 1, "input": [1], "layers": [{"type": "dense", "name": "a", "weight": [[1e300]]}]}"#,
      to: "huge.json")
    expectFailure(
      try folder.deq("evaluate", "huge.json", input: #"{"input": [[0]], "cotangent": [[1e300]]}"#), 65,
      "huge.json: the gradient of input is not finite for sample 0")
  }

  @Test("Entries that add up are rounded in the matrix form, which is then no proof, and no refutation")
  func roundedSums() throws {
    try folder.write(
      """
      {"format": "equilibrium", "version": 1, "input": [1], "blocks": [{"name": "z", "size": 1, "activation": "tanh"}],
       "Wz": [{"to": "z", "from": "z", "matrix": [[0.1]], "parameter": "u"},
              {"to": "z", "from": "z", "matrix": [[0.2]], "parameter": "v"}],
       "Wx": [{"to": "z", "matrix": [[1]]}],
       "b": [{"to": "z", "vector": [0.1], "parameter": "c"}, {"to": "z", "vector": [0.7], "parameter": "d"}],
       "output": "z"}
      """, to: "sum.json")
    #expect(try folder.deq("convert", "sum.json").firstLine.hasPrefix("proved: "))
    let outcome = try folder.deq("convert", "sum.json", "--matrix", "-o", "matrix.json")
    expectQuiet(outcome)
    #expect(outcome.firstLine == "agrees: matrix.json and sum.json agree to rounding on every tested input")
    #expect(
      outcome.text.contains(
        "\n  not proved   Wz[z,z] row 0 column 0: 0.1 + 0.2 and 0.30000000000000004\n"))
  }

  // MARK: Equilibria that are not there

  @Test(
    "A loop that diverges or oscillates is no equilibrium, and says so",
    arguments: [
      (2.0, "picard diverging after "), (-1.0, "picard oscillating with period 2 after "),
    ])
  func picardFails(weight: Double, reason: String) throws {
    try folder.write(Examples.loop(weight), to: "loop.json")
    let outcome = try folder.deq("evaluate", "loop.json", "--solver", "picard", input: #"{"input": [[1]]}"#)
    #expect((outcome.status, outcome.text) == (1, ""))
    #expect(lines(of: outcome.complaint).count == 1)
    #expect(
      outcome.complaint.hasPrefix(
        "deq: loop.json: equilibrium: none found for sample 0 (blocks z): \(reason)"))
    // The equilibrium is there all the same, and other solvers find it.
    #expect(try folder.deq("evaluate", "loop.json", input: #"{"input": [[1]]}"#).status == 0)
    let check = try folder.deq("check", "loop.json", "loop.json")
    #expect(check.status == 0)
    #expect(check.text.contains("  note         picard: none found for sample 0 (blocks z): \(reason)"))
  }

  @Test(
    "Without an equilibrium there is no output, whatever the solver",
    arguments: ["structured", "picard", "anderson", "broyden", "newton"])
  func noEquilibrium(solver: String) throws {
    try folder.write(Examples.loop(1, offset: 1), to: "never.json")
    let outcome = try folder.deq("evaluate", "never.json", "--solver", solver, input: #"{"input": [[0]]}"#)
    #expect((outcome.status, outcome.text) == (1, ""))
    #expect(lines(of: outcome.complaint).count == 1)
    #expect(outcome.complaint.hasPrefix("deq: never.json: equilibrium: none found for sample 0 (blocks z): "))
  }

  @Test("A state that I − J leaves open is none, nor is its adjoint", arguments: [0.001, 2.29])
  func notDetermined(cotangent: Double) throws {
    try folder.write(Examples.loop(1), to: "singular.json")
    for solver in ["structured", "picard", "anderson", "broyden", "newton"] {
      let outcome = try folder.deq(
        "evaluate", "singular.json", "--solver", solver,
        input: "{\"input\": [[0]], \"cotangent\": [[\(cotangent)]]}")
      #expect((outcome.status, outcome.text) == (1, ""))
      #expect(
        outcome.complaint.hasPrefix("deq: singular.json: equilibrium: none found for sample 0 (blocks z): "))
      #expect(outcome.complaint.contains("not determined after "))
    }
  }

  @Test("Equal equations of which no solver finds an equilibrium are undecided, and converted all the same")
  func proofAlone() throws {
    try folder.write(Examples.loop(1, offset: 1), to: "never.json")
    let outcome = try folder.deq("check", "never.json", "never.json")
    expectQuiet(outcome, 2)
    #expect(outcome.firstLine == "undecided: never.json and never.json: no tested input could be compared")
    #expect(outcome.text.contains("the same equations"))
    #expect(outcome.text.contains("  samples      16 drawn, 0 compared, 16 without a value on either side\n"))
    expectQuiet(try folder.deq("convert", "never.json", "-o", "kept.json"))
  }

  @Test("Neither a proof nor a number is undecided, which is status 2, and keeps nothing")
  func undecided() throws {
    try folder.write(Examples.loop(1, offset: 1), to: "never.json")
    try folder.write(Examples.loop(1, offset: 2), to: "other.json")
    let outcome = try folder.deq("check", "never.json", "other.json")
    expectQuiet(outcome, 2)
    #expect(outcome.firstLine == "undecided: other.json and never.json: no tested input could be compared")
    #expect(outcome.text.contains("\n  not proved   b[z] row 0: 1.0 and 2.0\n"))
    #expect(
      outcome.text.contains("\n  samples      16 drawn, 0 compared, 16 without a value on either side\n"))
  }

  @Test("A conversion that the check does not accept is not kept")
  func rejectedConversion() throws {
    // The sum is rounded in the matrix form, and no input has an equilibrium to compare.
    try folder.write(
      """
      {"format": "equilibrium", "version": 1, "input": [1], "blocks": [{"name": "z", "size": 1, "activation": "identity"}],
       "Wz": [{"to": "z", "from": "z", "matrix": [[1]]}],
       "b": [{"to": "z", "vector": [0.1]}, {"to": "z", "vector": [0.2]}], "output": "z"}
      """, to: "never.json")
    let outcome = try folder.deq("convert", "never.json", "--matrix", "-o", "out.json")
    expectQuiet(outcome, 2)
    #expect(outcome.firstLine.hasPrefix("undecided: "))
    #expect(
      lines(of: outcome.text).last
        == "  written      nothing: the model is kept only where the check accepts it")
    #expect(folder.names == ["never.json"])
    let piped = try folder.deq("convert", "never.json", "--matrix", "-o", "-")
    #expect((piped.status, piped.text) == (2, ""))
  }

  // MARK: Shapes

  @Test("Blocks without terms, without readers, and an output that does not read the input are models")
  func unconnected() throws {
    try folder.write(
      """
      {"format": "equilibrium", "version": 1, "input": [2], "output": "c",
       "blocks": [{"name": "a", "size": 3, "activation": "sigmoid"}, {"name": "b", "size": 1, "activation": "tanh"},
                  {"name": "c", "size": 2, "activation": "identity"}],
       "Wx": [{"to": "b", "matrix": [[1, 2]]}], "b": [{"to": "c", "vector": [1, 2]}]}
      """, to: "loose.json")
    expectQuiet(try folder.deq("inspect", "loose.json"))
    #expect(try folder.deq("convert", "loose.json").firstLine.hasPrefix("proved: "))
    #expect(
      try folder.deq("convert", "loose.json", "--matrix", "-o", "m.json").firstLine.hasPrefix("proved: "))
    let outcome = try folder.deq(
      "evaluate", "loose.json", input: #"{"input": [[1, 2]], "cotangent": [[1, 1]]}"#)
    #expect(outcome.status == 0)
    let report = try outcome.object(EvaluateReport.self)
    #expect(report.output == [[1, 2]])
    #expect(report.gradients?["input"] == .rows([[0, 0]]))
  }

  @Test("Layers that nothing reads have a gradient of zero")
  func unreadLayer() throws {
    try folder.write(
      #"{"format": "network", "version": 1, "input": [1], "output": "a", "layers": [{"type": "dense", "name": "a", "weight": [[2]]}, {"type": "dense", "name": "b", "weight": [[3]]}]}"#,
      to: "unread.json")
    #expect(try folder.deq("convert", "unread.json").firstLine.hasPrefix("proved: "))
    let report = try folder.deq("evaluate", "unread.json", input: #"{"input": [[1]], "cotangent": [[1]]}"#)
      .object(EvaluateReport.self)
    #expect(report.gradients?["b.weight"] == .rows([[0]]))
  }

  @Test("Of a model that memory cannot hold no sample is taken; a proof needs none")
  func claimedInput() throws {
    try folder.write(
      #"{"format": "equilibrium", "version": 1, "input": [67108864], "blocks": [{"name": "z", "size": 1, "activation": "identity"}], "output": "z"}"#,
      to: "wide.json")
    expectQuiet(try folder.deq("inspect", "wide.json"))
    let needed = "a sample of 67,108,865 numbers, input, state and ports, takes about 2,147 MB"
    let outcome = try folder.deq("convert", "wide.json", "--memory-limit", "1073741824")
    expectQuiet(outcome)
    #expect(outcome.firstLine.hasPrefix("proved: "))
    let words = outcome.text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(words.contains("no samples: \(needed), and 1,073 MB are allowed; --memory-limit raises this"))
    expectFailure(
      try folder.deq("check", "wide.json", "wide.json", "--samples", "3", "--memory-limit", "1073741824"), 65,
      "\(needed), expected at most 1,073 MB; --memory-limit raises this, --samples 0 leaves samples out")
    let proved = try folder.deq(
      "check", "wide.json", "wide.json", "--samples", "0", "--memory-limit", "1073741824")
    #expect(proved.firstLine.hasPrefix("proved: "))
  }

  @Test("A state that no weight fills is refused before it takes the memory")
  func claimedState() throws {
    try folder.write(
      #"{"format": "equilibrium", "version": 1, "input": [1], "blocks": [{"name": "z", "size": 67108864, "activation": "identity"}], "output": "z"}"#,
      to: "wide.json")
    expectFailure(
      try folder.deq(
        "evaluate", "wide.json", "--memory-limit", "4294967296", input: #"{"input": [[1], [2], [3]]}"#), 65,
      "expected at most 134,217,728 numbers for all samples together, found 3 samples of 67,108,865, input, state and ports; --memory-limit raises this"
    )
    expectFailure(
      try folder.deq("convert", "wide.json", "--matrix"), 73,
      "--matrix: Wz, Wx and b of 67,108,864 rows take 36,028,798,092 MB, more than the 500 MB that are allowed; "
        + "the block form has no such limit")
    try folder.write(
      #"{"format": "equilibrium", "version": 1, "input": [1], "blocks": [{"name": "z", "size": 67108864, "activation": "identity"}, {"name": "y", "size": 1, "activation": "tanh"}], "output": "z"}"#,
      to: "wider.json")
    expectFailure(
      try folder.deq("inspect", "wider.json", "--memory-limit", "1073741824"), 65,
      "wider.json: blocks: expected up to 67108864 coordinates of all blocks and their ports together (--memory-limit raises this), found more"
    )
  }

  @Test("Two thousand layers of width 2 are converted and proved, from file to file")
  func depth() throws {
    try folder.write(Examples.deep(2000), to: "deep.json")
    let outcome = try folder.deq("convert", "deep.json")
    expectQuiet(outcome)
    #expect(
      lines(of: outcome.text).prefix(2) == [
        "proved: deep.deq.json is the same function as deep.json, with the same gradients",
        "  function     proved, the same equations bit for bit: 2,000 blocks, 4,000 coordinates, 12,000 parameters",
      ])
    expectQuiet(try folder.deq("check", "deep.json", "deep.deq.json", "--require-proof", "--samples", "2"))
  }
}
