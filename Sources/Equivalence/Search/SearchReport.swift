/// The result of a search, and its coverage.
public struct SearchReport: Sendable, Equatable {
  /// An input on which the two functions differ by more than rounding explains, shrunk; nil if none was found.
  public var finding: SearchFinding?
  /// How many rows each strategy evaluated, in order.
  public var coverage: [SearchCoverage]
  /// How many rows were inputs for which not both functions have a value.
  public var incomparable: Int
  /// How many rows were judged, including those of shrinking.
  public var judged: Int
  /// The largest difference seen, relative to the largest magnitude of the same row's outputs. Without a
  /// finding, rounding explains it. Infinite if one of two values is not finite.
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

/// How many rows one strategy of a search tried.
public struct SearchCoverage: Sendable, Equatable {
  /// A description of the strategy's inputs, for a report.
  public var strategy: String
  /// How many rows it evaluated.
  public var rows: Int

  /// The coverage of this strategy.
  public init(strategy: String, rows: Int) {
    self.strategy = strategy
    self.rows = rows
  }
}
