/// The result of a check: the answers to three separate questions, and their basis.
public struct EquivalenceReport: Sendable {
  /// The overall verdict, decided by `VerdictRule`.
  public let verdict: Verdict
  /// Whether both are one function of the input.
  public let function: Verdict
  /// Whether the gradients of the input are the same.
  public let inputGradient: GradientVerdict
  /// Whether the gradients of the shared parameters are the same. A difference is a fact and not a fault,
  /// since parameters are only matched by their names and numbers.
  public let parameters: GradientVerdict
  /// What is proved.
  public let proof: ProofReport
  /// The measurement.
  public let measurement: Measurement
  /// The search for a counterexample; nil if there was none.
  public let search: SearchReport?
  /// An input on which the two differ. Every refuted function has one, unless the sizes of input or output
  /// differ.
  public let counterexample: Counterexample?
  /// Matched parameters whose gradients differ.
  public let differingParameters: [Discrepancy]
  /// Measurements that contradict a proof; each one line. In a test of conversions they are failures.
  public let warnings: [String]
  /// Other facts; each one line.
  public let notes: [String]

  init(
    proof: ProofReport, measurement: Measurement, counterexample: Counterexample?, search: SearchReport?,
    hasOtherSizes: Bool = false, notes: [String] = []
  ) {
    let rule = VerdictRule(proof: proof, measurement: measurement, counterexample: counterexample)
    verdict = hasOtherSizes ? .refuted : rule.verdict
    function = hasOtherSizes ? .refuted : rule.function
    inputGradient = hasOtherSizes ? .nothingShared : rule.inputGradient
    parameters = hasOtherSizes ? .nothingShared : rule.parameters
    differingParameters = rule.differingParameters
    warnings = rule.warnings
    self.proof = proof
    self.measurement = measurement
    self.search = search
    self.counterexample = counterexample
    self.notes = measurement.notes + notes
  }

  /// Whether both are the same equations or one function, by a proof.
  public var isProvedToHaveSameEquations: Bool { proof.function.basis != nil }

  /// Whether some gradient differs numerically by more than rounding. Where the gradients are proved, the numbers lie at
  /// a kink, where no gradient exists and each side takes one of the values from either side.
  public var hasOtherGradientNumbers: Bool {
    measurement.structured.contains { $0.quantity != .output && $0.agreement == .differs }
  }

  /// Whether nothing at all separates the two, which a conversion must achieve: the function or the
  /// equations are proved, gradients of parameters do not differ, and no measurement contradicts either.
  public var isFaultless: Bool {
    isProvedToHaveSameEquations && parameters != .differs && warnings.isEmpty
      && measurement.samples.oneSided == 0 && measurement.samples.atOtherEquilibria == 0
      && measurement.structured.allSatisfy(\.isRounding)
  }

  /// Whether a conversion may be kept: the equations or the function are proved or agree, and the gradients
  /// of the parameters do not differ.
  public var isAccepted: Bool {
    (isProvedToHaveSameEquations || verdict == .proved || verdict == .agrees) && parameters != .differs
  }

  /// The reason why the two models are not the same in every respect, in one line; nil if they are.
  public var fault: String? {
    if case .notProved(let gap) = proof.function { return gap.difference?.description ?? gap.reason }
    if let found = counterexample?.discrepancy {
      return "\(found.quantity.description): \(found.first) and \(found.second)"
    }
    if let found = differingParameters.first {
      return "\(found.quantity.description): \(found.first) and \(found.second)"
    }
    return warnings.first
  }
}

/// An input on which two models differ by more than rounding.
public struct Counterexample: Sendable, Equatable {
  /// The input, flattened.
  public let input: [Double]
  /// The largest difference there.
  public let discrepancy: Discrepancy
  /// The origin of the difference; nil if the blocks' names do not correspond.
  public let origin: DifferenceOrigin?
}
