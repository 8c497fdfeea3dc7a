/// The exit status of the command (`sysexits.h`).
enum ExitStatus: Int32 {
  /// Refuted, a regression, or a sample without an equilibrium found.
  case refuted = 1
  /// Neither proved nor refuted, or not proved where a proof is required.
  case undecided = 2
  /// The command line is invalid.
  case usage = 64
  /// The contents of an input are wrong.
  case badData = 65
  /// An input does not exist or cannot be opened.
  case noInput = 66
  /// The machine has not enough memory, or the process of a check was ended from outside.
  case noMemory = 70
  /// An output cannot be created.
  case cannotCreate = 73
  /// Reading or writing failed part-way.
  case inputOutput = 74
}

/// Ends the command with a status, and with one line on standard error unless the report already states the
/// failure.
struct CommandFailure: Error {
  let status: ExitStatus
  let message: String
  /// Whether it ends a report in JSON, and is an object too, whatever options stand on the command line.
  let isInReport: Bool

  init(_ status: ExitStatus, _ message: String = "", isInReport: Bool = false) {
    self.status = status
    self.message = message
    self.isInReport = isInReport
  }
}

extension ExitStatus {
  /// The severity of a status, for a command that ends with the worst of several.
  private var severity: Int {
    switch self {
    case .undecided: 0
    case .refuted: 1
    case .usage: 2
    case .badData: 3
    case .noInput: 4
    case .cannotCreate: 5
    case .inputOutput: 6
    case .noMemory: 7
    }
  }

  /// The worse of two.
  static func worse(_ left: ExitStatus?, _ right: ExitStatus?) -> ExitStatus? {
    guard let left, let right else { return left ?? right }
    return left.severity >= right.severity ? left : right
  }
}
