/// What is proved of two models, in exact arithmetic: as functions of the input, and as functions of the input and their
/// parameters.
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
  /// The same equations up to a bijection of coordinates, hence the same set of equilibria for every input; that there is
  /// only one is not known.
  case sameEquations(ProofBasis)
  /// Neither was seen; that says nothing about whether it is so.
  case notProved(ProofGap)

  /// What the proof rests on, nil where there is none.
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

/// What a proof rests on.
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
  /// The binary logarithm of the probability, at most, that different models pass: −100 for 2⁻¹⁰⁰. Nil where the proof
  /// does not rest on chance.
  public var errorBound: Double?
  /// Whether a quotient took part that may be undefined: then the proof holds wherever both sides are defined.
  public var whereDefined: Bool

  /// A basis of these facts.
  public init(method: Method, errorBound: Double? = nil, whereDefined: Bool = false) {
    self.method = method
    self.errorBound = errorBound
    self.whereDefined = whereDefined
  }
}

/// Where a proof ended.
public struct ProofGap: Sendable, Equatable {
  /// One line: what stood against it.
  public var reason: String
  /// The first place where the equations are not the same bit by bit; nil where sizes or shapes stood against it before.
  public var difference: StructuralDifference?
  /// The first unit of the first model, in topological order, that has no counterpart in the second.
  public var first: UnitPlace?
  /// The first unit of the second model, in topological order, that has no counterpart in the first.
  public var second: UnitPlace?
  /// How much of the two models corresponds; nil where that was not found out.
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
  /// The block's name, as the file has it.
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

/// How many units and blocks of two models have a counterpart in the other: the same function of the input behind them.
public struct Correspondence: Sendable, Equatable {
  /// Units of the first model with a counterpart, of all.
  public var firstUnits: Share
  /// Units of the second model with a counterpart, of all.
  public var secondUnits: Share
  /// Blocks of the first model all of whose units have a counterpart, of all.
  public var firstBlocks: Share
  /// Blocks of the second model all of whose units have a counterpart, of all.
  public var secondBlocks: Share

  /// So many of so many.
  public struct Share: Sendable, Equatable {
    /// How many.
    public var count: Int
    /// Of how many.
    public var total: Int

    /// So many of so many.
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
  /// Parameters that both have, in the order of the first model.
  public var matches: [ParameterMatch]
  /// Names of parameters that only the first model has.
  public var onlyFirst: [String]
  /// Names of parameters that only the second model has.
  public var onlySecond: [String]
  /// Names of matched parameters, as the first model has them, that hold other numbers in another place of one model, and
  /// one set of numbers in the other: there the name is not that of a single parameter.
  public var divided: [String]
  /// Whether both are one function of the input and of all matched parameters, whatever their values; those that only
  /// one side has keep the numbers of its file.
  public var outcome: Outcome

  /// Whether two models are one function of their parameters.
  public enum Outcome: Sendable, Equatable {
    /// One function, for every value of the matched parameters: all their gradients are equal.
    case proved(ProofBasis)
    /// Not seen, for this reason.
    case notProved(String)
    /// There is no parameter on both sides.
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
