/// The rule by which verdicts follow from what was proved, what was measured and what a search found. It sees nothing else.
///
/// - A proof decides a question, whatever the numbers are. Numbers that contradict one are warnings: a kink that is hit
///   exactly, cancellation, overflow on one path. A proof that holds where everything is defined needs samples where it is.
/// - Without a proof of the function: an input on which the outputs differ refutes it; a sample on which one side has a
///   value and the other none, a difference that rounding may or may not explain, several equilibria, or values on neither
///   side for most samples leave it undecided; else it agrees.
/// - The same equations without a certificate of uniqueness are never refuted: they agree where the numbers do, and are
///   undecided elsewhere.
/// - The overall verdict is that on the function; a gradient of the input that differs refutes too. Parameters are matched
///   by names and numbers, which nobody has promised to mean the same, so their gradients differ as a fact and refute nothing.
struct VerdictRule {
  let proof: ProofReport
  let measurement: Measurement
  let counterexample: Counterexample?

  /// The overall verdict.
  var verdict: Verdict { inputGradient == .differs ? .refuted : function }

  /// Whether both are one function of the input.
  var function: Verdict {
    switch proof.function {
    case .proved(let basis): basis.whereDefined && !isMostlyDefined ? .undecided : .proved
    case .sameEquations: numbersAgree && measurement.samples.atOtherEquilibria == 0 ? .agrees : .undecided
    case .notProved:
      if counterexample?.discrepancy.quantity == .output {
        .refuted
      } else {
        numbersAgree && measurement.samples.atOtherEquilibria == 0 && !measurement.hasSeveralEquilibria
          ? .agrees : .undecided
      }
    }
  }

  /// Whether the outputs of all samples agree, those without a value on either side apart, which are fewer than half.
  private var numbersAgree: Bool {
    let samples = measurement.samples
    return samples.oneSided == 0 && 2 * samples.compared >= samples.drawn
      && gradientVerdict { $0 == .output } == .agrees
  }

  /// Whether a proof that holds where everything on the way is defined speaks of most samples: both sides have values, and
  /// the same ones. A comparison or a choice may return a number where what it compares is none.
  private var isMostlyDefined: Bool {
    let samples = measurement.samples
    return 2 * samples.compared >= samples.drawn
      && !measurement.structured.contains { $0.quantity == .output && $0.agreement == .differs }
  }

  /// Whether the gradients of the input are the same.
  var inputGradient: GradientVerdict {
    switch proof.function {
    case .proved:
      function == .proved
        ? .proved : measured(.inputGradient) == .differs ? .undecided : measured(.inputGradient)
    case .sameEquations:
      // At different equilibria they may differ, and that is no difference between the models.
      measured(.inputGradient) == .differs ? .undecided : measured(.inputGradient)
    case .notProved: measured(.inputGradient)
    }
  }

  /// Whether the gradients of the parameters on both sides are the same.
  var parameters: GradientVerdict {
    switch proof.parameters.outcome {
    case .proved: return .proved
    case .nothingShared: return .nothingShared
    case .notProved:
      // A name that stands for several parameters on one side alone has no gradient of its own there.
      if measurement.atOtherParameters != nil || !proof.parameters.divided.isEmpty { return .differs }
      return gradientVerdict {
        if case .parameterGradient = $0 { true } else { false }
      }
    }
  }

  /// What the parameters' gradients are to each other, one by one: matched pairs whose gradients differ.
  var differingParameters: [Discrepancy] {
    guard parameters == .differs else { return [] }
    return measurement.structured.filter {
      if case .parameterGradient = $0.quantity { $0.agreement == .differs } else { false }
    }
  }

  private func measured(_ quantity: Quantity) -> GradientVerdict { gradientVerdict { $0 == quantity } }

  private func gradientVerdict(_ isMeant: (Quantity) -> Bool) -> GradientVerdict {
    let found = measurement.structured.filter { isMeant($0.quantity) }.map(\.agreement)
    if found.contains(.differs) { return .differs }
    if found.contains(.undecided) { return .undecided }
    // At a step an output is one of two numbers, and rounding may decide which.
    if isMeant(.output), found.contains(.kink) { return .undecided }
    return found.contains { $0 <= .rounding } ? .agrees : .undecided
  }

  /// Where numbers contradict what is proved; each one line.
  var warnings: [String] {
    var warnings: [String] = []
    if proof.function.basis != nil {
      if measurement.samples.oneSided > 0 {
        warnings.append("\(measurement.samples.oneSided) samples have a finite output on one side only")
      }
      warnings += measurement.structured.filter { $0.agreement > .rounding && isProved($0.quantity) }
        .map(Self.warning)
    }
    return warnings
  }

  private func isProved(_ quantity: Quantity) -> Bool {
    switch quantity {
    case .output, .inputGradient: proof.function.isProved
    case .parameterGradient: parameters == .proved
    }
  }

  private static func warning(_ discrepancy: Discrepancy) -> String {
    let cause =
      switch discrepancy.agreement {
      case .kink: "a kink or a step within rounding"
      case .undecided: "rounding that may be as large"
      default: "more than rounding explains: cancellation, or another equilibrium"
      }
    let place = discrepancy.sample.map { "sample \($0), " } ?? ""
    return "\(discrepancy.quantity.description)[\(discrepancy.index)] (\(place)\(discrepancy.first) and "
      + "\(discrepancy.second)) differs numerically, by \(cause)"
  }
}
