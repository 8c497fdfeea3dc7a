/// The exit status of the command (`sysexits.h`).
enum ExitStatus: Int32 {
  /// Refuted, a regression, or no equilibrium.
  case refuted = 1
  /// The command was called wrongly.
  case usage = 64
  /// The contents of an input are wrong.
  case badData = 65
  /// An input does not exist or cannot be opened.
  case noInput = 66
  /// An output cannot be created.
  case cannotCreate = 73
  /// Reading or writing failed half-way.
  case inputOutput = 74
}

/// Ends the command with a status, and one line on standard error unless the report has said it all.
struct CommandFailure: Error {
  let status: ExitStatus
  let message: String

  init(_ status: ExitStatus, _ message: String = "") {
    self.status = status
    self.message = message
  }
}
