/// Everything that a check found: three questions answered apart, and what the answers rest on.
public struct EquivalenceReport: Sendable {
  /// The overall verdict; see `VerdictRule` for how it follows.
  public let verdict: Verdict
  /// Whether both are one function of the input.
  public let function: Verdict
  /// Whether the gradients of the input are the same.
  public let inputGradient: GradientVerdict
  /// Whether the gradients of the parameters that both have are the same. Where they differ, that is a fact and no fault:
  /// parameters are matched by their names and numbers.
  public let parameters: GradientVerdict
  /// What is proved.
  public let proof: ProofReport
  /// What was measured.
  public let measurement: Measurement
  /// What the search for a counterexample tried; nil where none was made.
  public let search: SearchReport?
  /// An input on which the two differ; there is one for every function that is refuted, but where the sizes of input or
  /// output differ.
  public let counterexample: Counterexample?
  /// Matched parameters whose gradients differ.
  public let differingParameters: [Discrepancy]
  /// Where numbers contradict what is proved; each one line. In a test of conversions they are failures.
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

  /// Whether nothing at all separates the two: what a conversion has to be. The function is proved, or the equations are;
  /// gradients of parameters do not differ; no number contradicts either.
  public var isFaultless: Bool {
    isProvedToHaveSameEquations && parameters != .differs && warnings.isEmpty
      && measurement.samples.oneSided == 0 && measurement.samples.atOtherEquilibria == 0
      && measurement.structured.allSatisfy(\.isRounding)
  }

  /// Whether a conversion may be kept: the two are proved to say the same or agree, and the gradients of the parameters do
  /// not differ.
  public var isAccepted: Bool {
    (isProvedToHaveSameEquations || verdict == .proved || verdict == .agrees) && parameters != .differs
  }

  /// What stands against the two models being the same in every respect; one line, nil where nothing does.
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
  /// What differs most there.
  public let discrepancy: Discrepancy
  /// Where the difference comes from; nil where the blocks' names do not correspond.
  public let origin: DifferenceOrigin?
}
