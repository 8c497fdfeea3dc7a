import LinearAlgebra

/// The budget and domain of a search for a counterexample.
public struct SearchSettings: Sendable {
  /// The seed of every random choice.
  public var seed: UInt64
  /// The most rows to evaluate. A row is one evaluation of both functions, of both gradients, or of one
  /// probe. Rows of `inputs`, of the judge and of shrinking do not count.
  public var budget: Int
  /// Inputs to try before all others, each as long as an input.
  public var inputs: [[Double]]
  /// The range of every coordinate of all other inputs; everything if nil.
  public var domain: ClosedRange<Double>?

  /// Settings for a search.
  public init(
    seed: UInt64, budget: Int, inputs: [[Double]] = [], domain: ClosedRange<Double>? = nil
  ) {
    self.seed = seed
    self.budget = budget
    self.inputs = inputs
    self.domain = domain
  }

  /// A budget in proportion to a check's samples: ten times as many if a row is expensive, up to a thousand
  /// times as many if it is cheap.
  ///
  /// - Parameters:
  ///   - samples: The samples of one check.
  ///   - multiplicationsPerRow: The cost of evaluating both functions on one row.
  public static func budget(samples: Int, multiplicationsPerRow: Int) -> Int {
    let affordable = affordableMultiplications / max(1, multiplicationsPerRow)
    return min(max(affordable, 10 * samples), 1_000 * samples)
  }

  /// About a second of work on a small machine.
  private static let affordableMultiplications = 2_000_000_000
}
