/// The rule by which verdicts follow from proof, measurement and search, and from nothing else.
///
/// - A proof decides a question, whatever the measurements. Measurements that contradict it are warnings: a
///   kink that is hit exactly, cancellation, overflow on one path. A proof that holds where everything is
///   defined needs samples where it is.
/// - Without a proof of the function, an input on which the outputs differ refutes it. It is undecided if a
///   sample has a value on one side only, a difference may or may not be rounding, there are several
///   equilibria, or most samples have no value on either side. Otherwise it agrees.
/// - The same equations without a certificate of uniqueness are never refuted: they agree if the
///   measurements do, and are undecided otherwise.
/// - The overall verdict is that on the function; a gradient of the input that differs also refutes.
///   Parameters are matched by names and numbers, which need not mean the same in both models, so a
///   difference of their gradients refutes nothing.
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

  /// Whether the outputs of all samples agree, except for samples without a value on either side, which
  /// must be fewer than half.
  private var numbersAgree: Bool {
    let samples = measurement.samples
    return samples.oneSided == 0 && 2 * samples.compared >= samples.drawn
      && gradientVerdict { $0 == .output } == .agrees
  }

  /// Whether a proof that holds where everything on the way is defined applies to most samples: both sides
  /// have the same values. A comparison or a choice may return a number even for arguments that are NaN.
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
      // At different equilibria they may differ without a difference between the models.
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
      // If a name stands for several parameters on one side only, it has no gradient of its own there.
      if measurement.atOtherParameters != nil || !proof.parameters.divided.isEmpty { return .differs }
      return gradientVerdict {
        if case .parameterGradient = $0 { true } else { false }
      }
    }
  }

  /// The matched pairs of parameters whose gradients differ.
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

  /// Measurements that contradict a proof; each one line.
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
      default: "more than rounding explains: a kink, cancellation, or another equilibrium"
      }
    let place = discrepancy.sample.map { "sample \($0), " } ?? ""
    return "\(discrepancy.quantity.description)[\(discrepancy.index)] (\(place)\(discrepancy.first) and "
      + "\(discrepancy.second)) differs numerically, by \(cause)"
  }
}
