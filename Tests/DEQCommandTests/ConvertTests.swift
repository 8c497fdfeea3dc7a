import Testing

@Suite struct ConvertTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.write(Examples.network, to: "mlp.json")
  }

  @Test("The report says what was proved, and draws the theorem")
  func report() throws {
    let outcome = try folder.deq("convert", "mlp.json")
    expectQuiet(outcome)
    #expect(
      outcome.text == """
        proved: mlp.deq.json is the same function as mlp.json, with the same gradients
          function     proved, the same equations bit for bit: 2 blocks, 4 coordinates, 10 parameters
          gradients    of the input: the same, since the function is
          parameters   proved for every value of 3 parameters
          outputs      the same to the last bit, on the paths structured and picard
          numbers      gradients the same to the last bit, on the paths structured and picard
          samples      16 drawn, 16 compared
          structured   one pass, nothing to iterate
          picard       2 iterations, residual 0; adjoint 2 iterations, residual 0
          off pattern  ‖∂ℓ/∂Wz‖ is 14.3 where Wz is structurally zero, 4.4 where it is not

              Wz  1  2   Wx  b
          1 a 2 ⎢ ·  · ⎥  ■  ■   tanh
          2 b 2 ⎢ ■  · ⎥  ·  ·   identity → y

        """)
    #expect(try folder.text(of: "mlp.deq.json") == Examples.equilibrium)
    #expect(folder.names == ["mlp.deq.json", "mlp.json"])
  }

  @Test("With -o - the model goes to standard output, and the report to standard error")
  func standardOutput() throws {
    let outcome = try folder.deq("convert", "mlp.json", "-o", "-")
    #expect(outcome.status == 0)
    #expect(outcome.text == Examples.equilibrium)
    #expect(outcome.complaint.hasPrefix("proved: standard output is the same function as mlp.json"))
    #expect(folder.names == ["mlp.json"])
  }

  @Test("Standard input is converted to standard output, unless -o says otherwise")
  func standardInput() throws {
    let outcome = try folder.deq("convert", "-", input: Examples.network)
    #expect(outcome.status == 0)
    #expect(outcome.text == Examples.equilibrium)
    expectQuiet(try folder.deq("convert", "-", "-o", "out.json", input: Examples.network))
    #expect(try folder.text(of: "out.json") == Examples.equilibrium)
  }

  @Test("A file without .json gets .deq.json behind its whole name")
  func defaultName() throws {
    try folder.write(Examples.network, to: "model")
    expectQuiet(try folder.deq("convert", "model"))
    #expect(folder.names == ["mlp.json", "model", "model.deq.json"])
  }

  @Test("--matrix writes whole matrices, which are proved too")
  func matrixForm() throws {
    let outcome = try folder.deq("convert", "mlp.json", "--matrix")
    expectQuiet(outcome)
    #expect(outcome.firstLine.hasPrefix("proved: "))
    let text = try folder.text(of: "mlp.deq.json")
    #expect(text.contains(#""Wz": {"matrix": [[0,0,0,0], [0,0,0,0], [1,-1,0,0], [0.25,2,0,0]]}"#))
    #expect(text.contains(#""Wx": {"matrix": [[1,2], [3,4], [0,0], [0,0]]}"#))
    #expect(text.contains(#""b": {"vector": [0.5,-1,0,0]}"#))
  }

  @Test("--matrix of thousands of blocks is refused with the bytes that it would take")
  func largeMatrixForm() throws {
    try folder.write(Examples.deep(5000), to: "deep.json")
    expectFailure(
      try folder.deq("convert", "deep.json", "--matrix"), 73,
      "--matrix: Wz, Wx and b of 10,000 rows take 800 MB, more than the 500 MB that are allowed; "
        + "the block form has no such limit")
    #expect(folder.names == ["deep.json", "mlp.json"])
  }

  @Test("--no-check says that nothing was checked")
  func unchecked() throws {
    let outcome = try folder.deq("convert", "mlp.json", "--no-check")
    expectQuiet(outcome)
    #expect(outcome.firstLine == "converted, not checked: mlp.deq.json")
    let json = try folder.deq("convert", "mlp.json", "--no-check", "--json")
    let report = try json.object(UncheckedReport.self)
    #expect((report.command, report.verdict) == ("convert", "unchecked"))
    #expect((report.first.models, report.second.models) == (["mlp.json"], ["mlp.deq.json"]))
    #expect(try json.keys() == ["command", "schema", "version", "first", "second", "verdict"])
  }

  @Test("--json prints the report of the check as one object")
  func json() throws {
    let outcome = try folder.deq("convert", "mlp.json", "--json")
    expectQuiet(outcome)
    let report = try outcome.object(CheckReport.self)
    #expect((report.command, report.verdict) == ("convert", "proved"))
    #expect((report.first.models, report.second.models) == (["mlp.json"], ["mlp.deq.json"]))
    #expect((report.function.verdict, report.function.method) == ("proved", "equations"))
    #expect(report.parameters.verdict == "proved")
    #expect(report.first.files.map(\.path) == ["mlp.json"])
    #expect(report.second.files.map(\.path) == ["mlp.deq.json"])
    #expect(report.samples.compared == 16)
    #expect(
      try outcome.keys() == [
        "command", "schema", "version", "first", "second", "seed", "precision", "options", "verdict",
        "headline", "function", "inputGradient", "parameters", "numbers", "samples", "solver", "offPattern",
        "warnings", "notes",
      ])
  }

  @Test("With -o - and --json the object goes to standard error")
  func jsonBesideTheModel() throws {
    let outcome = try folder.deq("convert", "mlp.json", "-o", "-", "--json")
    #expect(outcome.text == Examples.equilibrium)
    let report = Outcome(status: 0, output: outcome.errors, errors: [])
    #expect(try report.object(CheckReport.self).second.models == ["standard output"])
  }

  @Test(
    "Several files are converted each for itself, the good ones beside the bad one, with the worst status")
  func several() throws {
    try folder.write(Examples.network, to: "other.json")
    try folder.write("{}", to: "bad.json")
    let outcome = try folder.deq("convert", "mlp.json", "bad.json", "other.json")
    #expect(outcome.status == 65)
    #expect(outcome.complaint.hasPrefix("deq: bad.json: "))
    #expect(outcome.text.hasSuffix("\n3 files: 2 proved, 1 failed\n"))
    #expect(folder.names == ["bad.json", "mlp.deq.json", "mlp.json", "other.deq.json", "other.json"])
    let missing = try folder.deq("convert", "mlp.json", "missing.json", "bad.json")
    #expect(missing.status == 66)
    let json = try folder.deq("convert", "mlp.json", "bad.json", "--json")
    #expect(json.status == 65)
    #expect(try json.keys() == ["command", "schema", "version", "conversions", "summary"])
    expectFailure(
      try folder.deq("convert", "mlp.json", "other.json", "-o", "one.json"), 64,
      "-o: expected one network, found 2; --stack makes one model of several (see deq --help)")
  }

  @Test("A device is written to once the model is checked")
  func device() throws {
    let outcome = try folder.deq("convert", "mlp.json", "-o", "/dev/null")
    expectQuiet(outcome)
    #expect(outcome.firstLine.hasPrefix("proved: /dev/null"))
  }

  @Test("Entries at one place, named or not, come through every conversion")
  func entriesAtOnePlace() throws {
    let model = """
      {
        "format": "equilibrium",
        "version": 1,
        "input": [1],
        "blocks": [
          {"name": "a", "size": 1, "activation": "tanh"},
          {"name": "c", "size": 1, "activation": "tanh"}
        ],
        "Wz": [
          {"to": "a", "from": "a", "matrix": [[0.25]]},
          {"to": "a", "from": "a", "matrix": [[0.125]]}
        ],
        "Wx": [
          {"to": "a", "matrix": [[1]]},
          {"to": "a", "matrix": [[2]]},
          {"to": "c", "matrix": [[3]], "parameter": "Wx[c]"},
          {"to": "c", "matrix": [[3]], "parameter": "shared"}
        ],
        "b": [
          {"to": "a", "vector": [1]},
          {"to": "a", "vector": [2]},
          {"to": "c", "vector": [2]}
        ],
        "output": "a"
      }

      """
    try folder.write(model, to: "m.json")
    for _ in 0..<2 {
      let outcome = try folder.deq("convert", "m.json", "-o", "out.json")
      expectQuiet(outcome)
      #expect(outcome.firstLine.hasPrefix("proved: "))
      #expect(
        try folder.text(of: "out.json")
          == model.replacing(
            #"{"to": "c", "vector": [2]}"#, with: #"{"to": "c", "vector": [2], "parameter": "b[c]"}"#))
    }
    // As a layer of a network too; and where another entry carries the name of a place, that is kept.
    try folder.write(
      #"{"format": "network", "version": 1, "input": [1], "layers": [{"type": "equilibrium", "name": "core", "model": "#
        + model.replacing("\"format\": \"equilibrium\",\n  \"version\": 1,", with: "")
        .replacing(#""vector": [2]}\n  ]"#, with: #""vector": [2]}]"#) + "}]}", to: "n.json")
    #expect(try folder.deq("convert", "n.json").firstLine.hasPrefix("proved: "))
    try folder.write(
      model.replacing(#""parameter": "shared""#, with: #""parameter": "b[c]""#)
        .replacing(
          #"{"to": "c", "vector": [2]}"#,
          with:
            #"{"to": "c", "tensor": [[2]], "map": {"type": "reshape", "shape": [1]}, "parameter": "b[c]"}"#),
      to: "t.json")
    #expect(try folder.deq("convert", "t.json").firstLine.hasPrefix("proved: "))
  }
}
