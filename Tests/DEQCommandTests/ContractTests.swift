import Testing

/// What every command promises: exit statuses, help, and one line for an error.
@Suite struct ContractTests {
  static let commands = [
    "convert", "check", "evaluate", "inspect", "property", "fixtures", "recover", "export", "report",
    "generate",
  ]

  @Test("The version is one line")
  func version() throws {
    let outcome = try TemporaryFolder().deq("--version")
    expectQuiet(outcome)
    #expect(outcome.text == "deq 1.1.0\n")
  }

  @Test("Help names every command and every exit status")
  func help() throws {
    let outcome = try TemporaryFolder().deq("--help")
    expectQuiet(outcome)
    for command in Self.commands { #expect(outcome.text.contains("\n  \(command) ")) }
    for status in ["0", "1", "64", "65", "66", "73", "74"] { #expect(outcome.text.contains(status)) }
  }

  #if canImport(Glibc)
    @Test("The command loads FoundationEssentials at most")
    func libraries() throws {
      // The dynamic linker then says what it would load, and ends.
      let loaded = try TemporaryFolder().shell("LD_TRACE_LOADED_OBJECTS=1 \"$DEQ\"").text
      #expect(loaded.contains("libswiftCore.so"))
      for library in ["libFoundation.so", "libFoundationInternationalization.so", "lib_FoundationICU.so"] {
        #expect(!loaded.contains(library))
      }
    }
  #endif

  @Test("Without arguments the help is shown")
  func noArguments() throws {
    let folder = TemporaryFolder()
    #expect(try folder.deq().text == folder.deq("--help").text)
  }

  @Test(
    "The help of a command names its options",
    arguments: [
      ("convert", ["--output", "--matrix", "--no-check", "--force", "--json"]),
      ("check", ["--samples", "--seed", "--solver", "--precision", "--require-proof", "--json"]),
      (
        "evaluate",
        [
          "--input", "--solver", "--tolerance", "--maximum-iterations", "--start", "--precision", "--output",
          "--force", "--json", "--state", "--trace", "--spectral-radius", "--time",
        ]
      ),
      ("inspect", ["--json"]),
      (
        "report",
        ["--output", "--samples", "--input", "--range", "--search", "--seed", "--timings", "--force"]
      ),
      ("property", ["--cases", "--seed", "--max-depth", "--max-width", "--json"]),
      ("fixtures", ["--record", "--json"]),
    ])
  func help(command: String, options: [String]) throws {
    let folder = TemporaryFolder()
    let outcome = try folder.deq(command, "--help")
    expectQuiet(outcome)
    for option in options { #expect(outcome.text.contains(option)) }
    #expect(try folder.deq("help", command).text == outcome.text)
  }

  @Test(
    "What the whole command answers is the same after a subcommand",
    arguments: ["--version", "--generate-completion-script=bash", "--generate-completion-script zsh"])
  func rootRequests(request: String) throws {
    let folder = TemporaryFolder()
    let words = request.split(separator: " ").map(String.init)
    let outcome = try folder.deq(words)
    expectQuiet(outcome)
    #expect(try folder.deq(["convert"] + words).text == outcome.text)
  }

  @Test(
    "A wrong call is status 64 with one line, and nothing is said on standard output",
    arguments: [
      ["nonsense"], ["--nonsense"], ["convert"], ["convert", "a", "--nonsense"], ["check"], ["evaluate"],
      ["inspect"], ["inspect", "a", "b"], ["check", "a", "b", "--solver", "euler"],
      ["check", "a", "b", "--precision", "float16"], ["check", "a", "b", "--seed", "x"],
      ["check", "a", "b", "--seed", "18446744073709551616"], ["check", "a", "b", "--samples", "1e3"],
      ["convert", "a", "-o"], ["property", "--cases", "many"], ["fixtures", "a", "b"],
      ["convert", "a", "--line\nbreak"],
    ])
  func usage(arguments: [String]) throws {
    let outcome = try TemporaryFolder().deq(arguments)
    #expect(outcome.status == 64)
    #expect(outcome.text == "")
    #expect(lines(of: outcome.complaint).count == 1)
    #expect(outcome.complaint.hasPrefix("deq: "))
    #expect(outcome.complaint.hasSuffix(" (see deq --help)\n"))
  }

  @Test(
    "A number out of range is status 64, with the range",
    arguments: [
      (["check", "a", "b", "--samples", "-1"], "--samples: expected a number from 0 to 100000, found -1"),
      (
        ["check", "a", "b", "--samples", "100001"],
        "--samples: expected a number from 0 to 100000, found 100001"
      ),
      (["property", "--cases", "0"], "--cases: expected a number from 1 to 10000000, found 0"),
      (["property", "--max-depth", "0"], "--max-depth: expected a number from 1 to 10000, found 0"),
      (["property", "--max-width", "4097"], "--max-width: expected a number from 1 to 4096, found 4097"),
      (["check", "a"], "expected two models, found 1 file; --stack compares a stack"),
      (
        ["generate", "-o", "m", "--kind", "mpl"],
        "The value 'mpl' is invalid for '--kind <kind>'. Please provide one of the following: mlp, cnn, transformer, deq, mondeq, multiscale"
      ),
    ])
  func range(arguments: [String], complaint: String) throws {
    expectFailure(try TemporaryFolder().deq(arguments), 64, "\(complaint) (see deq --help)")
  }

  @Test(
    "Standard input can be named once",
    arguments: [
      ["convert", "-", "-"], ["check", "-", "-"], ["check", "-", "--against", "-"], ["evaluate", "-"],
      ["evaluate", "-", "--input", "-"],
    ])
  func standardInputOnce(arguments: [String]) throws {
    expectFailure(
      try TemporaryFolder().deq(arguments), 64,
      "expected - once at most, since standard input can be read once")
  }

  @Test("Escape sequences of an argument do not reach the terminal")
  func escapeSequences() throws {
    let outcome = try TemporaryFolder().deq("inspect", "a", "\u{1B}[31mb")
    #expect(outcome.status == 64)
    #expect(!outcome.complaint.contains("\u{1B}"))
  }

  @Test("Help that cannot be written is an error like any other", .enabled(if: Files.exist("/dev/full")))
  func unwritableHelp() throws {
    for arguments in ["--help", "--version", "convert --help"] {
      expectFailure(
        try TemporaryFolder().shell("\"$DEQ\" \(arguments) > /dev/full"), 74,
        "standard output: cannot be written: No space left on device")
    }
  }
}
