/// A quantity that is compared between two models.
public enum Quantity: Sendable, Hashable {
  /// The output: a row for each sample.
  case output
  /// The gradient of `⟨cotangent, output⟩` with respect to the input: a row for each sample.
  case inputGradient
  /// The gradient with respect to a parameter, summed over the samples: its name in the first model, and in the second.
  case parameterGradient(first: String, second: String)

  /// `output`, `gradient of input`, `gradient of fc1.weight ↔ val_0`.
  public var description: String {
    switch self {
    case .output: "output"
    case .inputGradient: "gradient of input"
    case .parameterGradient(let first, let second):
      "gradient of \(first)" + (first == second ? "" : " ↔ \(second)")
    }
  }
}

/// How the values of a model were computed.
public enum EvaluationPath: Sendable, Hashable {
  /// The default: a network layer by layer, an equilibrium model along its dependency graph.
  case structured
  /// By a generic solver of this name, which iterates on the whole state and only evaluates f.
  case whole(solver: String)

  /// `structured`, `picard`.
  public var description: String {
    switch self {
    case .structured: "structured"
    case .whole(let solver): solver
    }
  }
}

/// How two values compare, in ascending order of difference.
public enum Agreement: Int, Sendable, Comparable {
  /// The same bits.
  case identical
  /// Rounding explains the difference.
  case rounding
  /// The difference vanishes at neighbouring inputs: a kink or a step that rounding decides.
  case kink
  /// Rounding may explain the difference, but is too large here to decide: see `RoundingLevel.cap`.
  case undecided
  /// Rounding does not explain the difference, neither here nor at neighbouring inputs.
  case differs

  public static func < (left: Agreement, right: Agreement) -> Bool { left.rawValue < right.rawValue }
}

/// The difference in one quantity on one path that most exceeds what rounding can explain. On the
/// structured path it is between the two models; on a generic path it is between that path and the
/// structured one for the same model.
public struct Discrepancy: Sendable, Equatable {
  /// The quantity compared.
  public let quantity: Quantity
  /// How the values were computed.
  public let path: EvaluationPath
  /// How the two values compare.
  public let agreement: Agreement
  /// The largest absolute difference in the row or tensor.
  public let absolute: Double
  /// That difference divided by the largest magnitude in the row or tensor.
  public let relative: Double
  /// That difference in units in the last place of the largest magnitude.
  public let ulps: Double
  /// The difference that rounding can explain at that index.
  public let allowed: Double
  /// The sample, if the quantity has a row for each.
  public let sample: Int?
  /// The index in the row or tensor, flattened.
  public let index: Int
  /// The first model's value there, or that of the structured path.
  public let first: Double
  /// The second model's value there, or that of the generic path.
  public let second: Double

  /// Whether rounding explains the whole difference.
  public var isRounding: Bool { agreement <= .rounding }

  /// The ratio of the difference to what rounding can explain; infinite if nothing is allowed.
  public var excess: Double { absolute == 0 ? 0 : absolute / allowed }
}
