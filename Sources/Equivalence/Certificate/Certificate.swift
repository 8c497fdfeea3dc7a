import Blocks

/// What another program needs to repeat a proof in random finite fields: the challenge, and the value of every input, block
/// and output of both models.
///
/// `Tests/Oracles/certificate.py` is such a program. From which files the models were read is added when a certificate is
/// written, since models do not know.
public struct Certificate: Sendable, Equatable {
  /// What follows from the values.
  public enum Claim: String, Sendable {
    /// The same outputs for every input, in exact arithmetic.
    case function = "one function"
    /// The same equations, whose equilibrium is not known to be unique.
    case equations = "the same equations"
  }

  /// What follows from the values.
  public let claim: Claim
  /// Whether the claim holds only where both sides are defined: something took part that need not be.
  public let whereDefined: Bool
  /// The binary logarithm of the probability, at most, that different models pass.
  public let errorBound: Double
  /// What was drawn at random, and from what.
  public let challenge: Challenge
  /// The elements of the input's coordinates.
  public let input: [Element]
  /// The values of the first model, with the numbers of its files.
  public let first: Evaluation
  /// The values of the second model, with the numbers of its files.
  public let second: Evaluation
  /// Both models with parameters drawn at random; nil where they are not proved to be one function of their parameters.
  public let parameters: ParameterEvaluations?

  /// What a proof draws at random: three primes and the key of all random functions.
  public struct Challenge: Sendable, Equatable {
    /// What stands for the files of both models, 32 bytes each.
    public let identities: [[UInt8]]
    /// The seed that the user chose.
    public let seed: UInt64
    /// How often a denominator was zero before.
    public let attempt: UInt64
    /// The digest that everything follows from, 32 bytes.
    public let digest: [UInt8]
    /// The three primes.
    public let primes: [UInt64]
    /// The key of the random functions, 32 bytes.
    public let key: [UInt8]
  }

  /// A number in three prime fields at once.
  public struct Element: Sendable, Hashable {
    /// The number in the first field.
    public let first: UInt64
    /// The number in the second field.
    public let second: UInt64
    /// The number in the third field.
    public let third: UInt64
  }

  /// The values of one model.
  public struct Evaluation: Sendable, Equatable {
    /// The values of all blocks, in the order in which the model has them.
    public let blocks: [Block]
    /// The elements of the output's coordinates.
    public let outputs: [Element]
    /// The groups of blocks that read each other.
    public let groups: [Group]
  }

  /// The values of one block.
  public struct Block: Sendable, Equatable {
    /// The block's name; of an equilibrium layer's block both names, `core.z`.
    public let name: String
    /// One element for each coordinate.
    public let values: [Element]
  }

  /// A group of blocks that read each other.
  public struct Group: Sendable, Equatable {
    /// Coordinates that every cycle passes through but for those of linear equations, by block and index.
    public let cut: [(block: String, index: Int)]
    /// What stands for the group's equations, whatever the order of its coordinates.
    public let digest: [UInt8]
    /// Whether coordinates that are the same function of the others have one unknown together.
    public let isMerged: Bool

    public static func == (left: Group, right: Group) -> Bool {
      left.digest == right.digest && left.isMerged == right.isMerged
        && left.cut.elementsEqual(right.cut, by: ==)
    }
  }

  /// The values of both models with parameters drawn at random.
  public struct ParameterEvaluations: Sendable, Equatable {
    /// Which parameters are drawn, the same elements on both sides.
    public let matches: [ParameterMatch]
    /// The values of the first model.
    public let first: Evaluation
    /// The values of the second model.
    public let second: Evaluation
  }
}
