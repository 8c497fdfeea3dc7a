import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// No output replaces a file that it was made from, and none replaces anything unless it is told to.
@Suite struct OutputGuardTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.writeStoredNetwork("n")
    try folder.write(#"{"input": [[1, 2]]}"#, to: "x.json")
    expectQuiet(try folder.deq("convert", "n.json", "--weights", "safetensors", "-o", "m.json"))
    expectQuiet(try folder.deq("export", "m.json", "--to", "onnx-transition", "-o", "m.onnx"))
  }

  /// Runs a command with --force that must leave a file in place because it was read.
  private func expectSpared(
    _ arguments: [String], _ file: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let before = try folder.snapshot()
    expectFailure(
      try folder.deq(arguments + ["-o", file, "--force"]), 73,
      "\(file): is a file that was read for this result; another -o leaves it in place",
      sourceLocation: sourceLocation)
    #expect(try folder.snapshot() == before, sourceLocation: sourceLocation)
  }

  @Test("The weights that a description refers to are not replaced by it")
  func referredWeights() throws {
    try expectSpared(["convert", "n.json", "--weights", "reference"], "n.safetensors")
    try expectSpared(["convert", "m.onnx", "--weights", "reference"], "m.onnx")
  }

  @Test(
    "No command writes onto a model or the weights that it reads", arguments: ["m.json", "m.safetensors"])
  func everyCommand(_ file: String) throws {
    try expectSpared(["convert", "m.json", "--matrix"], file)
    try expectSpared(["recover", "m.json"], file)
    try expectSpared(["export", "m.json", "--to", "onnx"], file)
    try expectSpared(["evaluate", "m.json", "--input", "x.json"], file)
  }

  @Test("Nor onto samples, a start, or the other side of a comparison")
  func otherInputs() throws {
    try expectSpared(["evaluate", "m.json", "--input", "x.json"], "x.json")
    let before = try folder.snapshot()
    for file in ["n.json", "n.safetensors", "m.json", "m.safetensors"] {
      expectFailure(
        try folder.deq("check", "n.json", "m.json", "--certificate", file, "--force"), 73,
        "\(file): is a file that was read for this result; another -o leaves it in place")
    }
    #expect(try folder.snapshot() == before)
  }

  @Test("Links and other spellings lead to the same file")
  func links() throws {
    Files.link("\(folder.path)/link.json", to: "n.safetensors")
    _ = try folder.shell("ln n.safetensors hard.json")
    for file in ["link.json", "hard.json", "./n.safetensors", "\(folder.path)/n.safetensors"] {
      try expectSpared(["convert", "n.json"], file)
    }
  }

  @Test("The external data of an ONNX model are a file that it is read from")
  func externalData() throws {
    try folder.write(ExternalModel.bytes, to: "e.onnx")
    try folder.write(ExternalModel.data, to: "e.data")
    try expectSpared(["convert", "e.onnx"], "e.data")
  }

  @Test("What appears while the check runs is not replaced without --force")
  func appearing() throws {
    try folder.write(Examples.ring(2000), to: "ring.json")
    let outcome = try folder.shell(
      """
      "$DEQ" convert ring.json -o out.json 2> errors > /dev/null & child=$!
      until ls -a | grep -q '[.]deq-.*[.]tmp'; do kill -0 $child || exit 9; done
      echo precious > out.json; wait $child; status=$?; cat errors; exit $status
      """)
    #expect(outcome.status == 73)
    #expect(
      outcome.text == "deq: out.json: exists and differs from what would be written; --force replaces it\n")
    #expect(try folder.text(of: "out.json") == "precious\n")
    #expect(!folder.names.contains { $0.hasSuffix(".tmp") })
  }

  @Test("Bits that let a program run as another user are not copied")
  func setuid() throws {
    try folder.write("before", to: "out.json")
    Files.setMode(0o6755, of: "\(folder.path)/out.json")
    expectQuiet(try folder.deq("convert", "n.json", "-o", "out.json", "--force"))
    #expect(Files.mode(of: "\(folder.path)/out.json") == 0o755)
  }

  @Test("Waiting for the reader of a pipe can be interrupted", arguments: [SIGINT, SIGTERM])
  func pipeWithoutReader(_ signal: Int32) throws {
    _ = try folder.shell("mkfifo pipe")
    let process = folder.start(["convert", "n.json", "-o", "pipe"])
    usleep(500_000)
    kill(process.identifier, signal)
    #expect(process.wait() == 128 + signal)
  }

  @Test("A device or a pipe without an end is refused after a stated limit", .timeLimit(.minutes(30)))
  func endlessInput() throws {
    let line = "expected at most 4194304 bytes, found more"
    expectFailure(
      try folder.deq("inspect", "/dev/zero", "--memory-limit", "4194304"), 65, "/dev/zero: \(line)")
    let outcome = try folder.shell(#"yes | "$DEQ" inspect - --memory-limit 4194304"#)
    expectFailure(outcome, 65, "standard input: \(line)")
  }
}

/// `y = w + x` with w in a file of its own.
private enum ExternalModel {
  static let data: [UInt8] = [Float(1), 2].flatMap { number in
    withUnsafeBytes(of: number.bitPattern.littleEndian) { Array($0) }
  }

  /// A message of protocol buffers in a field.
  private static func field(_ number: UInt8, _ contents: [UInt8]) -> [UInt8] {
    [number << 3 | 2, UInt8(contents.count)] + contents
  }

  private static func field(_ number: UInt8, _ text: String) -> [UInt8] { field(number, Array(text.utf8)) }

  static let bytes: [UInt8] = {
    let entry = field(1, "location") + field(2, "e.data")
    let tensor = [0x08, 2, 0x10, 1] + field(8, "w") + field(13, entry) + [0x70, 1]
    func value(_ name: String, _ extent: UInt8) -> [UInt8] {
      let shape = field(1, [0x08, 1]) + field(1, [0x08, extent])
      return field(1, name) + field(2, field(1, [0x08, 1] + field(2, shape)))
    }
    let node = field(1, "x") + field(1, "w") + field(2, "y") + field(4, "Add")
    let graph = field(1, node) + field(5, tensor) + field(11, value("x", 2)) + field(12, value("y", 2))
    return [0x08, 8] + field(7, graph) + field(8, [0x10, 18])
  }()
}
