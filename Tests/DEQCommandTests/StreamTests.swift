import Testing

/// Standard streams that are closed, full, or whose reader has gone.
@Suite struct StreamTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.write(Examples.network, to: "mlp.json")
    try folder.write(Examples.equilibrium, to: "mlp.deq.json")
    try folder.write(Examples.samples, to: "samples.json")
  }

  /// Commands that write to standard output, and write nothing else.
  static let commands = [
    "convert mlp.json -o -", "convert mlp.json", "convert mlp.json --json", "check mlp.json mlp.deq.json",
    "check mlp.json mlp.deq.json --json", "evaluate mlp.json --input samples.json",
    "evaluate mlp.deq.json --input samples.json --json", "inspect mlp.json", "inspect mlp.deq.json --json",
    "property --cases 1", "property --cases 1 --json", "--help", "check --help", "--version",
  ]

  /// What a command says of standard output: JSON where its report is.
  private func complaint(of command: String, _ reason: String) -> String {
    let message = "standard output: cannot be written: \(reason)"
    guard command.contains("--json") else { return "deq: \(message)\n" }
    return "{\n  \"error\": {\"message\": \"\(message)\", \"status\": 74}\n}\n"
  }

  @Test("A reader that has gone is status 74, with one line", arguments: commands)
  func goneReader(command: String) throws {
    let before = folder.names
    // The writer starts once the reader has closed its end.
    let outcome = try folder.shell(
      """
      mkfifo closed
      { read -r _ < closed; "$DEQ" \(command); echo $? > status; } | { exec <&-; echo > closed; }
      cat status; rm closed status
      """)
    #expect(outcome.text == "74\n")
    #expect(outcome.complaint == complaint(of: command, "Broken pipe"))
    #expect(folder.names == before)
  }

  @Test(
    "Standard output that is full is status 74", .enabled(if: Files.exist("/dev/full")), arguments: commands)
  func fullOutput(command: String) throws {
    let outcome = try folder.shell("\"$DEQ\" \(command) > /dev/full")
    #expect(outcome.status == 74)
    #expect(outcome.complaint == complaint(of: command, "No space left on device"))
  }

  @Test("Standard output that is closed is status 74", arguments: commands)
  func closedOutput(command: String) throws {
    let outcome = try folder.shell("\"$DEQ\" \(command) >&-")
    #expect(outcome.status == 74)
    #expect(outcome.complaint == complaint(of: command, "Bad file descriptor"))
  }

  @Test("A model is complete even where its report cannot be written")
  func reportIsLost() throws {
    #expect(try folder.shell("\"$DEQ\" convert mlp.json -o new.json >&-").status == 74)
    #expect(try folder.text(of: "new.json") == Examples.equilibrium)
  }

  @Test(
    "Standard input that is closed is status 74, and one that is empty bad data",
    arguments: [
      "convert -", "check mlp.json -", "evaluate mlp.json", "evaluate - --input samples.json", "inspect -",
    ])
  func closedInput(command: String) throws {
    expectFailure(
      try folder.shell("\"$DEQ\" \(command) <&-"), 74, "standard input: cannot be read: Bad file descriptor")
    expectFailure(
      try folder.shell("\"$DEQ\" \(command) < /dev/null"), 65,
      "standard input: expected a JSON object, found an empty file")
    expectFailure(
      try folder.shell("\"$DEQ\" \(command) < ."), 66, "standard input: expected a file, found a directory")
  }

  @Test("No message ends up in a model where standard error is closed")
  func closedErrors() throws {
    let outcome = try folder.shell("\"$DEQ\" convert mlp.json -o new.json <&- >&- 2>&-; echo $? > status")
    #expect(outcome.complaint == "")
    #expect(try folder.text(of: "status") == "74\n")
    #expect(try folder.text(of: "new.json") == Examples.equilibrium)
    #expect(
      try folder.shell("\"$DEQ\" evaluate mlp.deq.json --input samples.json 2>&- | head -1").text == "{\n")
  }

  @Test("A model that is piped is read whole")
  func pipes() throws {
    let outcome = try folder.shell(
      "\"$DEQ\" convert mlp.json -o - 2>/dev/null | \"$DEQ\" check mlp.json - --require-proof")
    expectQuiet(outcome)
    #expect(
      outcome.firstLine == "proved: - is the same function as mlp.json, with the same gradients")
  }

  @Test("A named pipe is an output like any other")
  func namedPipe() throws {
    let outcome = try folder.shell(
      "mkfifo pipe; cat pipe > copy.json & \"$DEQ\" convert mlp.json -o pipe; wait; rm pipe")
    expectQuiet(outcome)
    #expect(outcome.firstLine.hasPrefix("proved: pipe is the same function as mlp.json"))
    #expect(try folder.text(of: "copy.json") == Examples.equilibrium)
  }
}
