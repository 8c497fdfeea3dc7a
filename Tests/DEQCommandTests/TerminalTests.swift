import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A terminal of the test's own, which records what is shown on it.
private final class PseudoTerminal {
  let path: String
  private let master: Int32

  init?() {
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard master >= 0, let path = Self.unlockedPath(of: master) else { return nil }
    self.path = path
  }

  #if os(Linux)
    /// What `unlockpt` and `ptsname` do, which this module of the C library does not offer.
    private static func unlockedPath(of master: Int32) -> String? {
      var (isLocked, number): (Int32, Int32) = (0, 0)
      let (setLock, getNumber): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
      guard ioctl(master, setLock, &isLocked) == 0, ioctl(master, getNumber, &number) == 0 else { return nil }
      return "/dev/pts/\(number)"
    }
  #else
    private static func unlockedPath(of master: Int32) -> String? {
      guard grantpt(master) == 0, unlockpt(master) == 0 else { return nil }
      return ptsname(master).map { String(cString: $0) }
    }
  #endif

  /// Whether the system has pseudo-terminals.
  static let areAvailable = PseudoTerminal() != nil

  deinit { close(master) }

  /// Everything that is shown until the last process lets go of the terminal.
  func text() -> String {
    var shown: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(master, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return String(decoding: shown, as: UTF8.self) }
      shown += piece[..<count]
    }
  }
}

/// Colour and progress are for terminals.
@Suite(.enabled(if: PseudoTerminal.areAvailable)) struct TerminalTests {
  let folder: TemporaryFolder

  init() throws {
    folder = TemporaryFolder()
    try folder.write(Examples.network, to: "mlp.json")
    try folder.write(Examples.equilibrium, to: "mlp.deq.json")
    try folder.write(Examples.equilibrium.replacing("[0.25,2]", with: "[0.25,7]"), to: "wrong.json")
    try folder.write(
      Examples.equilibrium.replacing("0.25,2]", with: "0.25,2.0000000000000004]"), to: "near.json")
  }

  /// What a terminal shows of standard output, of standard error, or of both.
  private func shown(
    _ arguments: [String], output: Bool = true, errors: Bool = false, environment: [String: String] = [:]
  ) throws -> String {
    let terminal = try #require(PseudoTerminal())
    let process = RunningProcess(
      CommandLineTool.path, arguments, in: folder.path, environment: childEnvironment(environment),
      input: "/dev/null", output: output ? terminal.path : "/dev/null",
      errors: errors ? terminal.path : "/dev/null")
    let text = terminal.text()
    _ = process.wait()
    return text
  }

  @Test("On a terminal the verdict has its colour, and only the verdict")
  func colours() throws {
    for (model, verdict) in [
      ("mlp.deq.json", "\u{1B}[1;32mproved\u{1B}[0m: "), ("near.json", "\u{1B}[1;33magrees\u{1B}[0m: "),
      ("wrong.json", "\u{1B}[1;31mrefuted\u{1B}[0m: "),
    ] {
      let text = try shown(["check", "mlp.json", model])
      #expect(text.hasPrefix(verdict))
      #expect(text.split(separator: "\u{1B}", omittingEmptySubsequences: false).count == 3)
    }
  }

  @Test(
    "There is no colour with NO_COLOR, on a dumb terminal, or in JSON",
    arguments: [(["NO_COLOR": "1"], [String]()), (["TERM": "dumb"], []), ([:], ["--json"])])
  func noColour(environment: [String: String], options: [String]) throws {
    let text = try shown(["check", "mlp.json", "mlp.deq.json"] + options, environment: environment)
    #expect(text.contains("proved"))
    #expect(!text.contains("\u{1B}"))
  }

  @Test("An empty NO_COLOR is none")
  func emptyNoColour() throws {
    let text = try shown(["check", "mlp.json", "mlp.deq.json"], environment: ["NO_COLOR": ""])
    #expect(text.contains("\u{1B}"))
  }

  @Test("In a file there is no colour")
  func file() throws {
    #expect(try !folder.deq("check", "mlp.json", "mlp.deq.json").text.contains("\u{1B}"))
  }

  @Test("The colour of a report on standard error depends on standard error")
  func colourOfErrors() throws {
    let arguments = ["convert", "mlp.json", "-o", "-"]
    let errors = try shown(arguments, output: false, errors: true)
    #expect(errors.hasPrefix("\u{1B}[1;32mproved"))
    // The model on the terminal, the report in a file.
    let terminal = try #require(PseudoTerminal())
    let process = RunningProcess(
      CommandLineTool.path, arguments, in: folder.path, environment: childEnvironment(), input: "/dev/null",
      output: terminal.path, errors: "\(folder.path)/report")
    _ = terminal.text()
    #expect(process.wait() == 0)
    #expect(try folder.text(of: "report").hasPrefix("proved: "))
  }

  @Test("Progress is shown on a terminal, and taken away again")
  func progress() throws {
    let text = try shown(["property", "--cases", "2"], output: false, errors: true)
    #expect(text.contains("0 of 2 networks"))
    #expect(text.hasSuffix("\r\u{1B}[K"))
    let dumb = try shown(
      ["property", "--cases", "2"], output: false, errors: true, environment: ["TERM": "dumb"])
    #expect(dumb == "")
    expectQuiet(try folder.deq("property", "--cases", "2"))
    for arguments in [
      ["check", "mlp.json", "mlp.deq.json"], ["convert", "mlp.json", "-o", "a\u{1B}[31mb.json"],
    ] {
      let text = try shown(arguments, output: false, errors: true)
      #expect(text.hasPrefix("\r\u{1B}[K") && text.hasSuffix("\r\u{1B}[K"))
      #expect(!text.contains("\u{1B}[31m"))
    }
  }

  @Test("What names contain does not reach the terminal as escape sequences")
  func escapeSequences() throws {
    try folder.write(
      #"{"format": "network", "version": 1, "input": [2], "layers": [{"type": "dense", "name": "a\u001b[31m\nb\u202e", "weight": [[1, 2]]}]}"#,
      to: "red.json")
    for arguments in [["inspect", "red.json"], ["convert", "red.json"], ["inspect", "red.deq.json"]] {
      let text = try shown(arguments, environment: ["NO_COLOR": "1"])
      #expect(!text.contains("\u{1B}") && !text.contains("\u{202E}"))
      #expect(text.contains(#"a\u{1B}[31m\u{A}b\u{202E}"#) || text.contains(#"a\u{1B}[31m"#))
    }
  }
}
