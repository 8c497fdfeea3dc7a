/// What is proved of two models in exact arithmetic: as functions of the input, and as functions of the
/// input and their parameters.
public struct ProofReport: Sendable, Equatable {
  /// Whether both are one function of the input.
  public var function: FunctionProof
  /// Whether both are one function of the input and of the parameters that they share.
  public var parameters: ParameterProof

  /// A report of these two answers.
  public init(function: FunctionProof, parameters: ParameterProof) {
    self.function = function
    self.parameters = parameters
  }
}

/// Whether two models are one function of the input.
public enum FunctionProof: Sendable, Equatable {
  /// The same outputs for every input, in exact arithmetic.
  case proved(ProofBasis)
  /// The same equations up to a bijection of coordinates, hence the same set of equilibria for every input;
  /// it is not known whether there is only one.
  case sameEquations(ProofBasis)
  /// No proof was found; the models may still be equal.
  case notProved(ProofGap)

  /// The basis of the proof, nil if there is none.
  public var basis: ProofBasis? {
    switch self {
    case .proved(let basis), .sameEquations(let basis): basis
    case .notProved: nil
    }
  }

  /// Whether both are proved to be one function.
  public var isProved: Bool {
    if case .proved = self { true } else { false }
  }
}

/// The basis of a proof.
public struct ProofBasis: Sendable, Equatable {
  /// How two models are proved to be the same.
  public enum Method: Sendable, Equatable {
    /// The same equations, every number bit by bit, up to the order and the names of blocks.
    case equations
    /// The same values in random finite fields, with nonlinearities as random functions.
    case field
  }

  /// How the proof was found.
  public var method: Method
  /// The binary logarithm of an upper bound on the probability that different models pass: −100 for 2⁻¹⁰⁰.
  /// Nil if the proof is deterministic.
  public var errorBound: Double?
  /// Whether the proof holds only where both sides are defined, because it involves a quotient that may be
  /// undefined.
  public var whereDefined: Bool

  /// A basis of these facts.
  public init(method: Method, errorBound: Double? = nil, whereDefined: Bool = false) {
    self.method = method
    self.errorBound = errorBound
    self.whereDefined = whereDefined
  }
}

/// Why a proof failed, and where.
public struct ProofGap: Sendable, Equatable {
  /// The reason in one line.
  public var reason: String
  /// The first position where the equations differ bit by bit; nil if sizes or shapes already prevent a
  /// proof.
  public var difference: StructuralDifference?
  /// The first unit of the first model, in topological order, that has no counterpart in the second.
  public var first: UnitPlace?
  /// The first unit of the second model, in topological order, that has no counterpart in the first.
  public var second: UnitPlace?
  /// How much of the two models corresponds; nil if unknown.
  public var correspondence: Correspondence?

  /// A gap with these facts.
  public init(
    reason: String, difference: StructuralDifference? = nil, first: UnitPlace? = nil,
    second: UnitPlace? = nil, correspondence: Correspondence? = nil
  ) {
    self.reason = reason
    self.difference = difference
    self.first = first
    self.second = second
    self.correspondence = correspondence
  }
}

/// One coordinate of a block's value.
public struct UnitPlace: Sendable, Equatable {
  /// The position of the block among the model's equations.
  public var equation: Int
  /// The block's name in the file.
  public var block: String
  /// The coordinate within the block, from 0.
  public var index: Int

  /// A place.
  public init(equation: Int, block: String, index: Int) {
    self.equation = equation
    self.block = block
    self.index = index
  }
}

/// How many units and blocks of two models have a counterpart in the other, that is, the same function of
/// the input.
public struct Correspondence: Sendable, Equatable {
  /// The first model's units with a counterpart.
  public var firstUnits: Share
  /// The second model's units with a counterpart.
  public var secondUnits: Share
  /// The first model's blocks all of whose units have a counterpart.
  public var firstBlocks: Share
  /// The second model's blocks all of whose units have a counterpart.
  public var secondBlocks: Share

  /// A count and its total.
  public struct Share: Sendable, Equatable {
    /// The count.
    public var count: Int
    /// The total.
    public var total: Int

    /// A count and its total.
    public init(_ count: Int, of total: Int) {
      self.count = count
      self.total = total
    }
  }

  /// These four shares.
  public init(firstUnits: Share, secondUnits: Share, firstBlocks: Share, secondBlocks: Share) {
    self.firstUnits = firstUnits
    self.secondUnits = secondUnits
    self.firstBlocks = firstBlocks
    self.secondBlocks = secondBlocks
  }
}

/// Which parameters of two models are the same ones, and whether the models are proved to be one function of them.
public struct ParameterProof: Sendable, Equatable {
  /// The shared parameters, in the order of the first model.
  public var matches: [ParameterMatch]
  /// Names of parameters that only the first model has.
  public var onlyFirst: [String]
  /// Names of parameters that only the second model has.
  public var onlySecond: [String]
  /// Names of matched parameters, in the first model, that stand for several sets of numbers in one model
  /// and a single set in the other, so that the name does not denote one parameter there.
  public var divided: [String]
  /// Whether both are one function of the input and of all matched parameters, whatever their values;
  /// parameters of one side only keep the numbers of its file.
  public var outcome: Outcome

  /// Whether two models are one function of their parameters.
  public enum Outcome: Sendable, Equatable {
    /// One function, for every value of the matched parameters: all their gradients are equal.
    case proved(ProofBasis)
    /// Not proved, for this reason.
    case notProved(String)
    /// No parameter is on both sides.
    case nothingShared
  }

  /// A proof of these facts.
  public init(
    matches: [ParameterMatch], onlyFirst: [String], onlySecond: [String], divided: [String] = [],
    outcome: Outcome
  ) {
    self.divided = divided
    self.matches = matches
    self.onlyFirst = onlyFirst
    self.onlySecond = onlySecond
    self.outcome = outcome
  }
}
