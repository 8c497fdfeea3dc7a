import TestSupport
import Testing

/// Files that cannot be read or written; after every failure the folder is as it was.
@Suite struct FileTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.write(Examples.network, to: "mlp.json")
    try folder.write(Examples.samples, to: "samples.json")
    try folder.makeFolder("folder")
  }

  /// Runs a command that must fail, and expects that it changed nothing.
  private func expectFailure(_ arguments: [String], _ status: Int32, _ line: String) throws {
    let (names, before) = (folder.names, try folder.snapshot())
    DEQCommandTests.expectFailure(try folder.deq(arguments), status, line)
    #expect(folder.names == names)
    #expect(try folder.snapshot() == before)
  }

  // MARK: Inputs

  @Test(
    "An input that is not there is status 66",
    arguments: [
      ["convert", "none.json"], ["convert", "--stack", "mlp.json", "none.json"],
      ["check", "none.json", "none.json"],
      ["check", "mlp.json", "none.json"], ["evaluate", "none.json"], ["inspect", "none.json"],
      ["evaluate", "mlp.json", "--input", "none.json"],
    ])
  func missingInput(arguments: [String]) throws {
    try expectFailure(arguments, 66, "none.json: expected a file, found none")
  }

  @Test("A folder, an empty name, and a path through a file are no inputs either")
  func noFile() throws {
    try expectFailure(
      ["inspect", "folder"], 66,
      "folder: expected a file, or a folder with one model, found a folder without .onnx, .nnet and .json")
    try expectFailure(["inspect", ""], 66, #"expected the path of a file, found """#)
    try expectFailure(["inspect", "mlp.json/x"], 66, "mlp.json/x: cannot be opened: Not a directory")
    try expectFailure(
      ["fixtures", "mlp.json"], 66, "mlp.json: cannot be opened as a folder: Not a directory")
    try expectFailure(
      ["fixtures", "none"], 66, "none: cannot be opened as a folder: No such file or directory")
  }

  @Test("A folder stands for its only model")
  func folderWithOneModel() throws {
    let other = TemporaryFolder()
    try other.makeFolder("one")
    try other.write(Examples.network, to: "one/mlp.json")
    try other.write("notes", to: "one/README.md")
    let line = try other.deq("convert", "one").firstLine
    #expect(line.hasPrefix("proved: one/mlp.deq.json is the same function as one"))
    #expect(Files.exist("\(other.path)/one/mlp.deq.json"))
    DEQCommandTests.expectFailure(
      try other.deq("convert", "one"), 66,
      #"one: expected a file, or a folder with one model, found a folder with 2: "mlp.deq.json", "mlp.json""#)
    // A model in ONNX is not mistaken for its configuration.
    #expect(try other.deq("export", "one/mlp.json", "--to", "onnx", "-o", "one/m.onnx").status == 0)
    #expect(try other.deq("inspect", "one/").status == 0)
  }

  @Test("An input without permission is status 66", .disabled(if: Files.isRoot, "root reads everything"))
  func unreadableInput() throws {
    Files.setMode(0, of: "\(folder.path)/mlp.json")
    DEQCommandTests.expectFailure(
      try folder.deq("inspect", "mlp.json"), 66, "mlp.json: cannot be opened: Permission denied")
  }

  // MARK: Outputs

  @Test("An output that cannot be created is status 73")
  func outputThatCannotBeCreated() throws {
    let evaluation = ["evaluate", "mlp.json", "--input", "samples.json"]
    for command in [["convert", "mlp.json"], evaluation] {
      try expectFailure(
        command + ["-o", "none/out.json"], 73, "none/out.json: cannot be created: No such file or directory")
      try expectFailure(
        command + ["-o", "folder"], 73, "folder: expected a file to write, found a directory")
      try expectFailure(command + ["-o", ""], 73, #"expected the path of a file, found """#)
      try expectFailure(
        command + ["-o", "mlp.json/out.json"], 73, "mlp.json/out.json: cannot be created: Not a directory")
      let name = String(repeating: "x", count: 300)
      try expectFailure(command + ["-o", name], 73, "\(name): cannot be created: File name too long")
    }
  }

  @Test("A folder without permission is status 73", .disabled(if: Files.isRoot, "root writes everywhere"))
  func readOnlyFolder() throws {
    Files.setMode(0o500, of: "\(folder.path)/folder")
    try expectFailure(
      ["convert", "mlp.json", "-o", "folder/out.json"], 73,
      "folder/out.json: cannot be created: Permission denied")
    Files.setMode(0o700, of: "\(folder.path)/folder")
  }

  @Test("A full disk is status 74, and leaves nothing", .enabled(if: Files.exist("/dev/full")))
  func fullDisk() throws {
    let line = "/dev/full: cannot be written: No space left on device"
    try expectFailure(["convert", "mlp.json", "-o", "/dev/full"], 74, line)
    try expectFailure(["evaluate", "mlp.json", "--input", "samples.json", "-o", "/dev/full"], 74, line)
  }

  @Test(
    "A disk that fills up while a model is written leaves nothing",
    .disabled(if: Sanitizer.isOn, "a sanitizer's own file would be larger than the limit"))
  func fileSizeLimit() throws {
    // What a process may write to files is limited to nothing, which is an error once its signal is ignored.
    let outcome = try folder.shell(
      """
      { trap '' XFSZ; ulimit -f 0; "$DEQ" convert mlp.json -o out.json 2>&1; echo $?; } | cat
      """)
    #expect(outcome.text == "deq: out.json: cannot be written: File too large\n74\n")
    #expect(folder.names == ["folder", "mlp.json", "samples.json"])
  }

  // MARK: What is there already

  @Test("An identical output is fine; a different one is replaced by --force only, and keeps its mode")
  func existingOutput() throws {
    expectQuiet(try folder.deq("convert", "mlp.json"))
    Files.setMode(0o640, of: "\(folder.path)/mlp.deq.json")
    expectQuiet(try folder.deq("convert", "mlp.json"))
    try expectFailure(
      ["convert", "mlp.json", "--matrix"], 73,
      "mlp.deq.json: exists and differs from what would be written; --force replaces it")
    #expect(try folder.text(of: "mlp.deq.json") == Examples.equilibrium)
    expectQuiet(try folder.deq("convert", "mlp.json", "--matrix", "--force"))
    #expect(try folder.text(of: "mlp.deq.json") != Examples.equilibrium)
    #expect(Files.mode(of: "\(folder.path)/mlp.deq.json") == 0o640)
    #expect(folder.names == ["folder", "mlp.deq.json", "mlp.json", "samples.json"])
  }

  @Test("The input is not replaced, even by --force")
  func outputIsInput() throws {
    for options in [[], ["--force"]] {
      try expectFailure(
        ["convert", "mlp.json", "-o", "./mlp.json"] + options, 73,
        "./mlp.json: is a file that was read for this result; another -o leaves it in place")
    }
  }

  @Test("An equilibrium model converts to itself, which needs no force")
  func conversionOfAConversion() throws {
    try folder.write(Examples.equilibrium, to: "model.json")
    expectQuiet(try folder.deq("convert", "model.json", "-o", "model.json"))
    #expect(try folder.text(of: "model.json") == Examples.equilibrium)
  }

  @Test("A symbolic link is followed: the file that it names is written, and the link stays")
  func symbolicLink() throws {
    Files.link("\(folder.path)/link.json", to: "folder/real.json")
    expectQuiet(try folder.deq("convert", "mlp.json", "-o", "link.json"))
    #expect(Files.target(of: "\(folder.path)/link.json") == "folder/real.json")
    #expect(try folder.text(of: "folder/real.json") == Examples.equilibrium)
    try expectFailure(
      ["convert", "mlp.json", "-o", "link.json", "--matrix"], 73,
      "link.json: exists and differs from what would be written; --force replaces it")
  }

  // MARK: Names

  @Test("Names may be anything: spaces, line breaks, quotes, letters of any script, a dash in front")
  func names() throws {
    for name in ["with space", "line\nbreak", "\"quoted\"", "模型 ω̂ 🧮", "tab\tand\u{1B}[31mred", "back\\slash"]
    {
      try folder.write(Examples.network, to: "\(name).json")
      let outcome = try folder.deq("convert", "\(name).json")
      expectQuiet(outcome)
      #expect(outcome.firstLine.hasPrefix("proved: "))
      #expect(lines(of: outcome.text).count == 14)
      #expect(!outcome.text.contains("\u{1B}"))
      #expect(try folder.text(of: "\(name).deq.json") == Examples.equilibrium)
    }
  }

  @Test(
    "Names that are no UTF-8 work, and are shown as characters of their bytes",
    .enabled(if: Files.exist("/proc")))
  func namesOfBytes() throws {
    let outcome = try folder.shell(
      #"""
      name=$(printf 'caf\351'); cp mlp.json "$name.json"
      "$DEQ" convert "$name.json" --weights safetensors || exit
      "$DEQ" check "$name.json" "$name.deq.json" --require-proof || exit
      test -f "$name.deq.json" && test -f "$name.deq.safetensors" && "$DEQ" inspect "$name"
      """#)
    #expect(outcome.status == 66)
    #expect(outcome.complaint == "deq: caf\\u{10FFE9}: expected a file, found none\n")
    #expect(!outcome.text.unicodeScalars.contains { $0.value > 0x10_0000 })
  }

  @Test("Behind -- a dash in front is part of the name")
  func leadingDash() throws {
    try folder.write(Examples.network, to: "-mlp.json")
    expectQuiet(try folder.deq("convert", "--", "-mlp.json"))
    #expect(try folder.text(of: "-mlp.deq.json") == Examples.equilibrium)
    expectQuiet(try folder.deq("check", "--", "-mlp.json", "-mlp.deq.json"))
    expectQuiet(try folder.deq("inspect", "./-mlp.json"))
  }

  @Test("An error stays on its line whatever the file is called")
  func errorOnOneLine() throws {
    try expectFailure(
      ["inspect", "none\n\u{1B}[31m.json"], 66, #"none\u{A}\u{1B}[31m.json: expected a file, found none"#)
    try expectFailure(
      ["fixtures", "none\n"], 66, #"none\u{A}: cannot be opened as a folder: No such file or directory"#)
    try expectFailure(
      ["convert", "mlp.json", "-o", "none/\n"], 73,
      #"none/\u{A}: cannot be created: No such file or directory"#)
  }
}
