import ONNXImport
import Testing

@Suite struct ExportTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.write(Examples.network, to: "mlp.json")
    try folder.write(Examples.equilibrium, to: "mlp.deq.json")
    try folder.write(Examples.loop(0.5, activation: "tanh"), to: "loop.deq.json")
  }

  @Test("The report says what was written, and what goes in and out")
  func report() throws {
    let outcome = try folder.deq("export", "mlp.deq.json", "--to", "onnx")
    expectQuiet(outcome)
    let count = try folder.bytes(of: "mlp.deq.onnx").count
    #expect((1000..<2000).contains(count), "\(count)")
    #expect(
      outcome.text == """
        exported: mlp.deq.onnx is the equilibrium of mlp.deq.json, in ONNX
          format       opset 21, float32, 13 nodes, 1,\("\(count)".dropFirst()) bytes
          check        read again, proved in float32
          input        x: float32 [batch, 2]
          output       y: float32 [batch, 2]
          iterations   2, exact, since Wz^2 = 0

        """)
    #expect(folder.names == ["loop.deq.json", "mlp.deq.json", "mlp.deq.onnx", "mlp.json"])
  }

  @Test("A network is converted first, and the report says so")
  func network() throws {
    let outcome = try folder.deq("export", "mlp.json", "--to", "onnx", "-o", "a.onnx")
    expectQuiet(outcome)
    #expect(
      lines(of: outcome.text)[1]
        == "  converted    the network mlp.json was converted to its equilibrium model first")
    expectQuiet(try folder.deq("export", "mlp.deq.json", "--to", "onnx", "-o", "b.onnx"))
    #expect(try folder.bytes(of: "a.onnx") == folder.bytes(of: "b.onnx"))
  }

  @Test("The transition is another file, of z and x flattened")
  func transition() throws {
    let outcome = try folder.deq(
      "export", "mlp.deq.json", "--to", "onnx-transition", "--precision", "float64")
    expectQuiet(outcome)
    #expect(
      outcome.text.contains(
        """
          input        z: float64 [batch, 4]
          input        x: float64 [batch, 2]
          output       f: float64 [batch, 4]
        """))
    #expect(!outcome.text.contains("iterations"))
    #expect(folder.names.contains("mlp.transition.onnx"))
  }

  @Test("A model with cycles iterates as often as it is told at most, and says what has converged")
  func cycles() throws {
    let outcome = try folder.deq("export", "loop.deq.json", "--to", "onnx", "--iterations", "70")
    expectQuiet(outcome)
    #expect(
      outcome.text.hasSuffix(
        """
          output       converged: bool [batch]
          iterations   70, at most, until every sample has converged

        """))
    let standard = try folder.deq("export", "loop.deq.json", "--to", "onnx", "-o", "standard.onnx")
    #expect(standard.text.contains("iterations   1,000, at most"))
  }

  private struct ExportedReport: Decodable {
    struct Port: Decodable, Equatable {
      let name: String
      let type: String
      let sample: [Int]
    }
    let command, file, format, output, precision: String
    let converted: Bool
    let opset, nodes, bytes, iterations: Int
    let inputs, outputs: [Port]
  }

  @Test("--json prints the report as one object")
  func json() throws {
    let outcome = try folder.deq("export", "loop.deq.json", "--to", "onnx", "--json")
    expectQuiet(outcome)
    let report = try outcome.object(ExportedReport.self)
    #expect(report.command == "export" && report.file == "loop.deq.json" && report.format == "onnx")
    #expect(report.output == "loop.deq.onnx" && report.precision == "float32" && !report.converted)
    #expect(report.opset == 21 && report.iterations == 1000)
    #expect(report.bytes == (try folder.bytes(of: "loop.deq.onnx").count))
    #expect(report.inputs == [.init(name: "x", type: "float32", sample: [1])])
    #expect(
      report.outputs == [
        .init(name: "y", type: "float32", sample: [1]), .init(name: "converged", type: "bool", sample: []),
      ])
  }

  @Test(
    "Every version of ONNX's operators is read back and checked", arguments: [13, 14, 15, 18, 20, 24, 28])
  func opset(version: Int) throws {
    for (model, format) in [
      ("mlp.deq.json", "onnx"), ("loop.deq.json", "onnx"), ("mlp.deq.json", "onnx-transition"),
    ] {
      let outcome = try folder.deq(
        "export", model, "--to", format, "--opset", "\(version)", "-o", "\(model).\(format).onnx")
      expectQuiet(outcome)
      #expect(outcome.text.contains("  format       opset \(version), float32, "))
      #expect(outcome.text.contains("  check        read again, proved in float32\n"))
    }
    #expect(try folder.deq("export", "mlp.deq.json", "--to", "onnx", "--opset", "12").status == 64)
    #expect(try folder.deq("export", "mlp.deq.json", "--to", "svg", "--opset", "21").status == 64)
  }

  @Test("With -o - the file goes to standard output, and the report to standard error")
  func standardOutput() throws {
    expectQuiet(try folder.deq("export", "mlp.deq.json", "--to", "onnx"))
    let outcome = try folder.deq("export", "-", "--to", "onnx", input: Examples.equilibrium)
    #expect(outcome.status == 0)
    #expect(try outcome.output == folder.bytes(of: "mlp.deq.onnx"))
    #expect(outcome.complaint.hasPrefix("exported: standard output is the equilibrium of -, in ONNX\n"))
  }

  @Test("An existing, different file is replaced by force only, and never half-way")
  func replacing() throws {
    try folder.write("mine", to: "mlp.deq.onnx")
    expectFailure(
      try folder.deq("export", "mlp.deq.json", "--to", "onnx"), 73,
      "mlp.deq.onnx: exists and differs from what would be written; --force replaces it")
    #expect(try folder.text(of: "mlp.deq.onnx") == "mine")
    expectQuiet(try folder.deq("export", "mlp.deq.json", "--to", "onnx", "--force"))
    expectQuiet(try folder.deq("export", "mlp.deq.json", "--to", "onnx"))
    try folder.write(
      Examples.equilibrium.replacing("[[1,2], [3,4]]", with: "[[1,1e300], [3,4]]"), to: "huge.deq.json")
    expectFailure(
      try folder.deq("export", "huge.deq.json", "--to", "onnx"), 65,
      "huge.deq.onnx: \"a.weight\": expected weights within the range of float32, found 1e+300")
    #expect(folder.names == ["huge.deq.json", "loop.deq.json", "mlp.deq.json", "mlp.deq.onnx", "mlp.json"])
    expectQuiet(try folder.deq("export", "huge.deq.json", "--to", "onnx", "--precision", "float64"))
  }

  @Test("What makes no sense together is refused")
  func usage() throws {
    for (arguments, message) in [
      (["--to", "onnx", "--iterations", "0"], "Error: --iterations: expected at least 1, found 0"),
      (
        ["--to", "onnx-transition", "--iterations", "5"],
        "Error: --iterations: a transition is not iterated; expected --to onnx"
      ),
    ] {
      let outcome = try folder.deq(["export", "mlp.deq.json"] + arguments)
      #expect(outcome.status == 64 && outcome.text == "")
      #expect(outcome.complaint.contains(message.dropFirst("Error: ".count)), "\(outcome.complaint)")
    }
    #expect(try folder.deq("export", "mlp.deq.json").status == 64)
    #expect(try folder.deq("export", "mlp.deq.json", "--to", "tensorrt").status == 64)
    expectFailure(
      try folder.deq("export", "none.json", "--to", "onnx"), 66, "none.json: expected a file, found none")
  }
}
