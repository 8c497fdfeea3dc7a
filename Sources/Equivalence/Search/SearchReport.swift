/// What a search found, and what it covered.
public struct SearchReport: Sendable, Equatable {
  /// An input on which the two functions differ by more than rounding explains, shrunk; nil if none was found.
  public var finding: SearchFinding?
  /// How many rows were evaluated by each strategy, in the order in which they took their turn.
  public var coverage: [SearchCoverage]
  /// How many of the rows were no inputs that both functions have a value for.
  public var incomparable: Int
  /// How many rows the judge was asked about, those of shrinking included.
  public var judged: Int
  /// The largest difference seen, relative to the largest magnitude of the same row's outputs. Where nothing was found,
  /// it is one that rounding explains. Infinite where one of two values is not finite.
  public var largestRelativeDifference: Double

  /// A report of these facts.
  public init(
    finding: SearchFinding?, coverage: [SearchCoverage], incomparable: Int, judged: Int,
    largestRelativeDifference: Double
  ) {
    self.finding = finding
    self.coverage = coverage
    self.incomparable = incomparable
    self.judged = judged
    self.largestRelativeDifference = largestRelativeDifference
  }

  /// How many rows were evaluated in all.
  public var rows: Int { coverage.reduce(0) { $0 + $1.rows } }
}

/// An input on which two functions differ.
public struct SearchFinding: Sendable, Equatable {
  /// The input, after shrinking.
  public var input: [Double]
  /// Where and by how much the functions differ on it.
  public var difference: OutputDifference
  /// The name of the strategy that found it.
  public var strategy: String

  /// A finding.
  public init(input: [Double], difference: OutputDifference, strategy: String) {
    self.input = input
    self.difference = difference
    self.strategy = strategy
  }
}

/// How much one strategy of a search tried.
public struct SearchCoverage: Sendable, Equatable {
  /// What the strategy tries, in words that fit into a report.
  public var strategy: String
  /// How many rows it evaluated.
  public var rows: Int

  /// So many rows by this strategy.
  public init(strategy: String, rows: Int) {
    self.strategy = strategy
    self.rows = rows
  }
}
