import ArgumentParser
import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The command line. One file for each subcommand; shared code is in `Support` and `Reports`.
@main
struct DEQ: ParsableCommand {
  /// The version of the tool.
  static let version = "1.1.0"

  static let configuration = CommandConfiguration(
    commandName: "deq",
    abstract: "Turns a network into the equilibrium model that is the same function, and checks that it is.",
    discussion: """
      A theorem of Bai, Kolter and Koltun (2019): every L-layer network equals one block-structured, \
      weight-tied layer z = σ(Wz z + Wx x + b), and any stack of equilibrium models equals a single one.

      Exit status: 0 fine; 1 refuted, a regression, or no equilibrium found; 2 undecided, or not proved where a proof is \
      required; 64 usage; 65 bad data; 66 no such input; 70 not enough memory, or a check's process was ended from outside; \
      73 cannot create output; 74 input or output failed.
      """,
    version: "deq \(version)",
    subcommands: [
      ConvertCommand.self, CheckCommand.self, MergeCommand.self, EvaluateCommand.self, InspectCommand.self,
      PropertyCommand.self, FixturesCommand.self, RecoverCommand.self, ExportCommand.self, ReportCommand.self,
      GenerateCommand.self,
    ])

  /// Runs the command named by the arguments, and ends the process with its exit status.
  static func main() {
    // A closed pipe is an error like any other (74), rather than a silent end of the process.
    signal(SIGPIPE, SIG_IGN)
    StandardStreams.fillGaps()
    Interruption.handle()
    Interruption.handleResources()
    keepFreedMemory()
    do {
      let arguments = Array(arguments.dropFirst())
      try requireSubcommand(arguments)
      var command = try parsed(RequiredProof.completed(arguments))
      try command.run()
    } catch let error as FileError {
      fail(error.description, status: exitStatus(of: error.kind))
    } catch let error as CommandFailure {
      fail(error.message, status: error.status, isInReport: error.isInReport)
    } catch  where exitCode(for: error) == .validationFailure {
      fail(usageMessage(of: error), status: .usage)
    } catch {
      printHelp(fullMessage(for: error))
    }
  }

  /// What the arguments ask for.
  ///
  /// A subcommand is parsed by itself: the parser builds the definitions of its options twice then, and four times where
  /// it parses the root first. Help, the version and scripts of completion are the root's, whose name is in their texts.
  private static func parsed(_ arguments: [String]) throws -> any ParsableCommand {
    let ofRoot: Set = ["--version", "--generate-completion-script", "--experimental-dump-help"]
    guard
      let named = configuration.subcommands.first(where: { $0.configuration.commandName == arguments.first }),
      ofRoot.isDisjoint(with: arguments.lazy.map { String($0.prefix { $0 != "=" }) })
    else { return try parseAsRoot(arguments) }
    let command: any ParsableCommand
    do {
      command = try named.parseAsRoot(Array(arguments.dropFirst()))
    } catch {
      throw CommandFailure(.usage, usageMessage(of: error))
    }
    // Another command is the parser's own, which prints the help.
    return type(of: command) == named ? command : try parseAsRoot(arguments)
  }

  private static func usageMessage(of error: any Error) -> String {
    "\(inOneLine(message(for: error))) (see deq --help)"
  }

  /// A message of the parser's in one line, where it has a line for each value that an option takes: `a, b, c`.
  private static func inOneLine(_ message: String) -> String {
    var words = ""
    var isInList = false
    for line in message.split(whereSeparator: \.isNewline) {
      let rest = line.drop { $0 == " " }
      let value = line.count > rest.count && rest.hasPrefix("- ") ? rest.dropFirst(2) : nil
      if value != nil, isInList { words += "," }
      words += (words.isEmpty ? "" : " ") + (value ?? line)
      isInList = value != nil
    }
    return words
  }

  /// The command line; names of files need not be UTF-8.
  static var arguments: [String] {
    (0..<Int(CommandLine.argc)).compactMap { index in
      CommandLine.unsafeArgv[index].map { argument in
        text(
          ofSystemName: UnsafeBufferPointer(start: argument, count: strlen(argument)).lazy.map {
            UInt8(bitPattern: $0)
          })
      }
    }
  }

  /// Help and the version are written like any other output.
  private static func printHelp(_ text: String) {
    do {
      try writeToStandardOutput(text + "\n")
    } catch {
      fail(error.description, status: exitStatus(of: error.kind))
    }
  }

  static func exitStatus(of kind: FileError.Kind) -> ExitStatus {
    switch kind {
    case .badData: .badData
    case .noInput: .noInput
    case .cannotCreate: .cannotCreate
    case .inputOutput: .inputOutput
    }
  }

  private static func fail(_ message: String, status: ExitStatus, isInReport: Bool = false) -> Never {
    if !message.isEmpty { writeToStandardError(complaint(oneLine(message), status, isInReport: isInReport)) }
    endProcess(status)
  }

  /// The line of an error: an object where the report would have been one.
  static func complaint(_ message: String, _ status: ExitStatus, isInReport: Bool = false) -> String {
    let arguments = CommandLine.arguments.prefix { $0 != "--" }
    let isJSON =
      isInReport || arguments.contains("--json") || arguments.contains("--format=json")
      || zip(arguments, arguments.dropFirst()).contains { $0 == ("--format", "json") }
    guard isJSON, let object = try? errorObject(message, status) else { return "deq: \(message)\n" }
    return object
  }

  private static func errorObject(_ message: String, _ status: ExitStatus) throws -> String {
    try JSONText { (writer) throws(FileError) in
      try writer.key("error")
      try writer.beginObject(.inLine)
      try writer.string("message", message)
      try writer.integer("status", Int(status.rawValue))
      try writer.end()
    }.text
  }

  /// Refuses a subcommand that does not exist, also after `help`, and names the one that is probably meant.
  private static func requireSubcommand(_ arguments: [String]) throws {
    let names = configuration.subcommands.compactMap { $0.configuration.commandName }
    var words = arguments[...]
    if words.first == "help" { words = words.dropFirst() }
    guard let word = words.first, !word.hasPrefix("-"), !names.contains(word), word != "help" else { return }
    throw CommandFailure(
      .usage,
      "expected one of \(names.joined(separator: ", ")), found \(quoted(word))"
        + suggestion(for: word, among: names) + " (see deq --help)")
  }
}

/// Ends the process. Inside a command `exit` is the parser's, which composes the usage for any status first.
private func endProcess(_ status: ExitStatus) -> Never { exit(status.rawValue) }
