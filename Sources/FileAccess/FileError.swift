/// What is wrong with a file, in one line: `mlp.json: layers[2].weight[3]: expected 50 numbers, found 49`.
public struct FileError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The sort of trouble, from which a command takes its exit status (`sysexits.h`).
  public enum Kind: Sendable {
    /// The contents are not what the format asks for (65, `EX_DATAERR`).
    case badData
    /// The file does not exist, or cannot be opened for reading (66, `EX_NOINPUT`).
    case noInput
    /// The file cannot be created, or must not be overwritten (73, `EX_CANTCREAT`).
    case cannotCreate
    /// Reading or writing failed half-way: a full disk, a closed pipe (74, `EX_IOERR`).
    case inputOutput
  }

  /// The sort of trouble.
  public let kind: Kind
  /// The file's path, or `standard input`, `standard output`.
  public let file: String
  /// Where in the file: a path such as `layers[2].weight`, a line and column such as `3:17`, or empty.
  public let place: String
  /// What was expected and what was found.
  public let problem: String

  /// The longest problem that is told in full; a list of a thousand extents is no help.
  private static let longestProblem = 1_000

  /// An error at a place of a file; an empty place means the file as a whole.
  public init(_ kind: Kind, file: String, place: String = "", _ problem: String) {
    self.kind = kind
    self.file = file
    self.place = place
    self.problem = abbreviated(problem, to: Self.longestProblem)
  }

  /// `FILE: PLACE: PROBLEM`, on one line whatever the file is called and contains.
  public var description: String {
    oneLine([file, place, problem].filter { !$0.isEmpty }.joined(separator: ": "))
  }
}
