import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `--weights`: where the numbers go, and what is left where that fails.
@Suite struct WeightsTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.writeStoredNetwork("n")
    try folder.makeFolder("sub")
  }

  /// Runs a conversion that must be proved and say nothing on standard error.
  private func expectProved(
    _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try folder.deq(arguments)
    expectQuiet(outcome, sourceLocation: sourceLocation)
    #expect(outcome.firstLine.hasPrefix("proved: "), sourceLocation: sourceLocation)
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

  // MARK: Where they go

  @Test("Inline is the default, and spells out what stood in another file")
  func inline() throws {
    try expectProved(["convert", "n.json"])
    #expect(try folder.text(of: "n.deq.json") == Examples.equilibrium)
    try expectProved(["convert", "n.json", "--weights", "inline"])
    #expect(folder.names == ["n.deq.json", "n.json", "n.safetensors", "sub"])
  }

  @Test("Into a file beside the JSON, under the names of the parameters; the same again needs no force")
  func safetensors() throws {
    for _ in 0..<2 {
      try expectProved(["convert", "n.json", "--weights", "safetensors"])
      #expect(folder.names == ["n.deq.json", "n.deq.safetensors", "n.json", "n.safetensors", "sub"])
    }
    let model = try folder.text(of: "n.deq.json")
    #expect(model.contains(#""weights": "n.deq.safetensors","#))
    #expect(model.contains(#""matrix": {"tensor": "b.weight"}, "parameter": "b.weight""#))
    try expectProved(["check", "n.json", "n.deq.json", "--require-proof"])
    // From what it was converted to, whatever it is called.
    try expectProved(["convert", "n.deq.json", "--weights", "inline", "-o", "sub/m"])
    #expect(try folder.text(of: "sub/m") == Examples.equilibrium)
    try expectProved(["convert", "n.json", "--weights", "safetensors", "-o", "sub/x"])
    #expect(try folder.text(of: "sub/x").contains(#""weights": "x.safetensors""#))
  }

  @Test("A reference leads from the folder of the model to the file that the weights came from")
  func reference() throws {
    for (target, name) in [
      ("m.json", "n.safetensors"), ("sub/m.json", "../n.safetensors"), ("./sub/../m.json", "n.safetensors"),
      ("\(folder.path)/sub/m.json", "../n.safetensors"),
    ] {
      try expectProved([
        "convert", "n.json", "--weights", "reference", "-o", target, "--force", "--allow-outside",
      ])
      let file = target.hasPrefix("/") ? "sub/m.json" : target
      let model = try folder.text(of: file)
      #expect(model.contains("\"weights\": \"\(name)\""))
      #expect(model.contains(#""matrix": {"tensor": "v"}, "parameter": "b.weight""#))
      try expectProved(["check", "n.json", target, "--require-proof", "--allow-outside"])
    }
    let outcome = try folder.shell(
      #"cd sub && "$DEQ" convert ../n.json --weights reference -o k.json --allow-outside"#)
    expectQuiet(outcome)
    #expect(try folder.text(of: "sub/k.json").contains(#""weights": "../n.safetensors""#))
  }

  @Test("A link to a weights file is referred to by its own name")
  func linkedWeights() throws {
    _ = try folder.shell("mv n.safetensors sub/blob && ln -s sub/blob n.safetensors")
    try expectProved(["convert", "n.json", "--weights", "reference"])
    #expect(try folder.text(of: "n.deq.json").contains(#""weights": "n.safetensors""#))
  }

  @Test("A model that is a link is written where it leads, with its weights beside the link")
  func linkedModel() throws {
    Files.link("\(folder.path)/link.json", to: "sub/real.json")
    try expectProved(["convert", "n.json", "--weights", "safetensors", "-o", "link.json"])
    #expect(Files.target(of: "\(folder.path)/link.json") == "sub/real.json")
    #expect(folder.names == ["link.json", "link.safetensors", "n.json", "n.safetensors", "sub"])
    try expectProved(["check", "n.json", "link.json", "--require-proof"])
  }

  @Test("A stack from several weights files has one of its own, or none")
  func stack() throws {
    try folder.writeStoredNetwork("k")
    try expectFailure(
      ["convert", "--stack", "n.json", "k.json", "-o", "m.json", "--weights", "reference"], 65,
      "m.json: expected weights from one file to refer to, found k.safetensors, n.safetensors")
    try expectProved(["convert", "--stack", "n.json", "k.json", "-o", "m.json", "--weights", "safetensors"])
    try expectProved(["check", "--stack", "n.json", "k.json", "--against", "m.json", "--require-proof"])
    // One file by two names is one file.
    try folder.write(
      folder.text(of: "k.json").replacing("k.safetensors", with: "sub/../n.safetensors"), to: "k.json")
    try expectProved(["convert", "--stack", "n.json", "k.json", "-o", "r.json", "--weights", "reference"])
  }

  @Test("A model without weights needs no file to refer to")
  func nothingToPlace() throws {
    let relu = """
      {"format": "network", "version": 1, "input": [2], "layers": [{"name": "y", "type": "relu"}]}
      """
    try folder.write(relu, to: "relu.json")
    try expectProved(["convert", "relu.json", "--weights", "reference"])
  }

  @Test("Without a file to refer to there is no reference")
  func nothingToReferTo() throws {
    try folder.write(Examples.network, to: "mlp.json")
    try expectFailure(
      ["convert", "mlp.json", "--weights", "reference"], 65,
      "mlp.deq.json: expected weights from a file to refer to, found none")
  }

  @Test("Weights that came through a pipe cannot be referred to", arguments: ["-", "pipe"])
  func pipedWeights(_ path: String) throws {
    try folder.write(Examples.network, to: "mlp.json")
    let outcome = try folder.shell(
      """
      "$DEQ" convert mlp.json > /dev/null && "$DEQ" export mlp.deq.json --to onnx-transition -o m.onnx > /dev/null
      mkfifo pipe; cat m.onnx > pipe & "$DEQ" convert \(path) -o out.json --weights reference < m.onnx
      status=$?; [ \(path) = pipe ] || cat pipe > /dev/null; wait; exit $status
      """)
    let name = path == "-" ? "standard input" : path
    DEQCommandTests.expectFailure(
      outcome, 65, "out.json: expected weights from a file to refer to, found them in a pipe, \(name)")
    #expect(!folder.names.contains("out.json"))
  }

  // MARK: Streams, matrices, devices

  @Test("On standard output numbers are spelled out or referred to; a file of their own has no place there")
  func standardStreams() throws {
    try expectFailure(
      ["convert", "n.json", "-o", "-", "--weights", "safetensors"], 64,
      "--weights safetensors: expected a file to write beside, found standard output")
    let piped = try folder.shell(#""$DEQ" convert - --weights reference < n.json | "$DEQ" check n.json -"#)
    #expect(piped.firstLine.hasPrefix("proved: - is the same function as n.json"))
    let outcome = try folder.deq("convert", "n.json", "-o", "-", "--weights", "reference")
    #expect(outcome.status == 0 && outcome.text.contains(#""weights": "n.safetensors""#))
    let inline = try folder.deq("convert", "n.json", "-o", "-")
    #expect(inline.text == Examples.equilibrium)
  }

  @Test("Whole matrices are spelled out")
  func matrices() throws {
    for mode in ["safetensors", "reference"] {
      try expectFailure(
        ["convert", "n.json", "--matrix", "--weights", mode], 64,
        "--matrix spells all numbers out: expected --weights inline, found \(mode) (see deq --help)")
    }
    try expectProved(["convert", "n.json", "--matrix", "--weights", "inline"])
  }

  @Test("A model that is a device has no weights beside it; weights that are none are refused")
  func devices() throws {
    try expectFailure(
      ["convert", "n.json", "-o", "/dev/null", "--weights", "safetensors"], 64,
      "--weights safetensors: expected a regular file to write beside, found /dev/null")
    try folder.makeFolder("m.safetensors")
    try expectFailure(
      ["convert", "n.json", "-o", "m.json", "--weights", "safetensors"], 73,
      "m.safetensors: expected a file to write, found a directory")
    Files.link("\(folder.path)/d.safetensors", to: "/dev/null")
    try expectFailure(
      ["convert", "n.json", "-o", "d.json", "--weights", "safetensors"], 73,
      "d.safetensors: expected a regular file to write, found another")
    try expectFailure(
      ["convert", "n.json", "-o", "none/m.json", "--weights", "safetensors"], 73,
      "none/m.json: cannot be created: No such file or directory")
    try expectFailure(
      ["convert", "n.json", "--weights", "elsewhere"], 64,
      "The value 'elsewhere' is invalid for '--weights <where>'. Please provide one of 'inline', 'safetensors' or "
        + "'reference'. (see deq --help)")
  }

  // MARK: All or nothing

  @Test("An existing, different weights file keeps the model away too, unless forced")
  func existingWeights() throws {
    try folder.write("something else", to: "n.deq.safetensors")
    try expectFailure(
      ["convert", "n.json", "--weights", "safetensors"], 73,
      "n.deq.safetensors: exists and differs from what would be written; --force replaces it")
    try expectProved(["convert", "n.json", "--weights", "safetensors", "--force"])
    try expectProved(["check", "n.json", "n.deq.json", "--require-proof"])
  }

  @Test("The file that the weights came from is not replaced, even by force")
  func weightsInThePlace() throws {
    try folder.write(folder.text(of: "n.json"), to: "k.json")
    try expectFailure(
      ["convert", "k.json", "-o", "n.json", "--weights", "safetensors", "--force"], 73,
      "n.safetensors: is a file that was read for this result; another -o leaves it in place")
    // What is already as it would be may stand.
    try expectProved(["convert", "n.json", "-o", "m.json", "--weights", "safetensors"])
    try expectProved(["convert", "m.json", "-o", "m.json", "--weights", "safetensors"])
  }

  @Test(
    "A disk that fills up while the weights are written leaves neither file",
    .disabled(if: Sanitizer.isOn, "a sanitizer's own file would be larger than the limit"))
  func fullDisk() throws {
    try folder.writeLargeNetwork("big", size: 64)
    let before = try folder.snapshot()
    let outcome = try folder.shell(
      #"{ trap '' XFSZ; ulimit -f 8; "$DEQ" convert big.json --weights safetensors 2>&1; echo $?; } | cat"#)
    #expect(outcome.text == "deq: big.deq.safetensors: cannot be written: File too large\n74\n")
    #expect(try folder.snapshot() == before)
  }

  @Test("A signal while both are checked leaves neither", arguments: [SIGINT, SIGTERM, SIGHUP])
  func signals(_ signal: Int32) throws {
    try folder.write(Examples.ring(2000), to: "ring.json")
    let before = try folder.snapshot()
    let process = folder.start(["convert", "ring.json", "--weights", "safetensors"])
    while folder.names.count(where: { $0.hasSuffix(".tmp") }) < 2 {
      usleep(1000)
      var status: Int32 = 0
      if waitpid(process.identifier, &status, WNOHANG) == process.identifier {
        Issue.record("ended by itself")
        return
      }
    }
    kill(process.identifier, signal)
    #expect(process.wait() == 128 + signal)
    #expect(try folder.snapshot() == before)
  }

  // MARK: Weights that are wrong

  @Test("A number that is not finite is found before anything is written or computed")
  func notFinite() throws {
    try folder.writeTensors(
      [("w", [2, 2], [1, 2, .nan, 4]), ("c", [2], [0.5, -1]), ("v", [2, 2], [1, -1, 0.25, 2])],
      to: "n.safetensors")
    let line = #"n.safetensors: "w": expected finite numbers, found nan at position 2"#
    for command in [
      ["convert", "n.json"], ["convert", "n.json", "--weights", "safetensors"],
      ["convert", "n.json", "--weights", "reference"], ["check", "n.json", "n.json"],
      ["evaluate", "n.json", "--input", "/dev/null"],
    ] where command[0] != "check" {
      try expectFailure(command, 65, line)
    }
  }

  @Test("Weights that have been cut off or taken away since are missed by every command")
  func damagedWeights() throws {
    try expectProved(["convert", "n.json", "--weights", "safetensors"])
    let commands = [
      ["check", "n.json", "n.deq.json"], ["inspect", "n.deq.json"],
      ["evaluate", "n.deq.json", "--input", "/dev/null"],
      ["recover", "n.deq.json"], ["convert", "n.deq.json", "-o", "m.json"],
    ]
    let bytes = try folder.bytes(of: "n.deq.safetensors")
    try folder.write(Array(bytes.dropLast(3)), to: "n.deq.safetensors")
    for command in commands {
      try expectFailure(
        command, 65,
        #"n.deq.safetensors: header: ["a.bias"].data_offsets: expected an end within 77 bytes of data, found 80"#
      )
    }
    try folder.write([], to: "n.deq.safetensors")
    for command in commands {
      try expectFailure(
        command, 65, "n.deq.safetensors: expected 8 bytes with the length of the header, found 0")
    }
    _ = try folder.shell("rm n.deq.safetensors")
    for command in commands {
      try expectFailure(command, 66, "n.deq.safetensors: expected a file, found none")
    }
    _ = try folder.shell("mkfifo n.deq.safetensors")
    for command in commands {
      try expectFailure(command, 66, "n.deq.safetensors: expected a file, found a pipe or a device")
    }
  }

  @Test("Weights that were exchanged for others are refuted")
  func exchangedWeights() throws {
    try expectProved(["convert", "n.json", "--weights", "safetensors"])
    _ = try folder.shell("cp n.deq.safetensors before")
    try folder.writeTensors(
      [("w", [2, 2], [1, 2, 3, 5]), ("c", [2], [0.5, -1]), ("v", [2, 2], [1, -1, 0.25, 2])],
      to: "n.safetensors")
    let outcome = try folder.deq("check", "n.json", "n.deq.json")
    #expect(outcome.status == 1 && outcome.firstLine.hasPrefix("refuted: "))
    #expect(
      outcome.text.contains("  not proved   Wx[a] row 1 column 1: 5.0 and 4.0\n"))
  }

  @Test("A model may come through a named pipe, which is opened once")
  func namedPipe() throws {
    try folder.write(Examples.network, to: "mlp.json")
    let outcome = try folder.shell(
      #"mkfifo pipe; cat mlp.json > pipe & "$DEQ" inspect pipe; status=$?; wait; exit $status"#)
    expectQuiet(outcome)
    #expect(outcome.firstLine == "network: pipe")
  }
}
