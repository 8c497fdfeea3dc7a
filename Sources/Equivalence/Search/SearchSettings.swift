import LinearAlgebra

/// How long and where a search looks for a counterexample.
public struct SearchSettings: Sendable {
  /// Decides every random choice.
  public var seed: UInt64
  /// How many rows may be evaluated at most. A row is one evaluation of both functions, of both gradients, or of one
  /// probe; what `inputs` holds, what the judge does, and shrinking are not counted.
  public var budget: Int
  /// Inputs to try before all others, each as long as an input.
  public var inputs: [[Double]]
  /// The range that every coordinate of every other input is kept in; everything if nil.
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

  /// A budget in proportion to a check's samples: ten times as many where a row costs much, and more, up to a thousand
  /// times as many, where it costs little.
  ///
  /// - Parameters:
  ///   - samples: The samples of one check.
  ///   - multiplicationsPerRow: What evaluating both functions on one row costs.
  public static func budget(samples: Int, multiplicationsPerRow: Int) -> Int {
    let affordable = affordableMultiplications / max(1, multiplicationsPerRow)
    return min(max(affordable, 10 * samples), 1_000 * samples)
  }

  /// About a second's work for a small machine.
  private static let affordableMultiplications = 2_000_000_000
}
