import DeepEquilibrium

/// The names of the two sides of a report.
struct ReportNames {
  /// The first model's files; several for a stack.
  let first: [String]
  /// The second model's file.
  let second: String

  /// The first model, as one name.
  var firstName: String { first.joined(separator: " + ") }
}

extension EquivalenceReport {
  /// Adds the report: the verdict first, then the answer to each question, then what it rests on.
  ///
  /// - Parameter model: The equilibrium model whose size is reported, if there is one.
  func describe(_ names: ReportNames, model: EquilibriumModel<Double>?, in report: inout Report) {
    report.headline(verdict, headline(names))
    report.row("function", functionAnswer(model))
    report.row("gradients", inputGradientAnswer)
    describeParameters(names, in: &report)
    describeGap(names, in: &report)
    describeNumbers(in: &report)
    if let counterexample { describe(counterexample, names, in: &report) }
    for warning in warnings { report.row("warning", warning) }
    for note in notes { report.row("note", note) }
  }

  // MARK: The three answers

  /// The sentence that says the result, without the verdict.
  func headline(_ names: ReportNames) -> String {
    switch verdict {
    case .proved:
      "\(names.second) is the same function as \(names.firstName)"
        + (parameters == .differs
          ? (differingParameters.isEmpty
            ? ", but not of its parameters"
            : "; gradients of \(text(differingParameters.count, "parameter")) differ")
          : ", with the same gradients" + (hasOtherGradientNumbers ? " wherever these exist" : ""))
        + (measurement.samples.compared == 0 ? "; no numbers could be compared" : "")
    case .agrees: "\(names.second) and \(names.firstName) agree to rounding on \(testedInputs)"
    case .refuted: "\(names.second) is not the same function as \(names.firstName)"
    case .undecided: "\(names.second) and \(names.firstName): \(openQuestion)"
    }
  }

  private var testedInputs: String {
    let samples = measurement.samples
    return samples.compared == samples.drawn
      ? "every tested input"
      : "\(samples.compared) of \(text(samples.drawn, "tested input")), the others have no value on either side"
  }

  private var openQuestion: String {
    let samples = measurement.samples
    if samples.compared == 0, samples.oneSided == 0 { return "no tested input could be compared" }
    if 2 * samples.compared < samples.drawn, samples.oneSided == 0 {
      return "\(samples.withoutValue) of \(text(samples.drawn, "tested input")) have no value on either side"
    }
    if samples.oneSided > 0 {
      return "\(samples.oneSided) of \(text(samples.drawn, "tested input")) have a value on one side only"
    }
    if samples.atOtherEquilibria > 0 { return "each comes to rest at another of several equilibria" }
    if proof.function.isProved {
      return "proved where everything is defined, which is not so on tested inputs"
    }
    if measurement.discrepancies.contains(where: { $0.quantity == .output && $0.agreement == .kink }) {
      return "at a step of the function rounding may decide the output"
    }
    if measurement.hasSeveralEquilibria { return "there are several equilibria, and not all were compared" }
    return "rounding may be as large as the difference"
  }

  func functionAnswer(_ model: EquilibriumModel<Double>?) -> String {
    let size = model.map { ": \(sizeText(of: $0))" } ?? ""
    switch proof.function {
    case .proved(let basis):
      return "\(function.rawValue)\(function == .proved ? "" : ": proved"), \(described(basis))" + size
    case .sameEquations(let basis):
      return
        "\(function.rawValue): the same equations, \(described(basis)); the equilibrium is not known to be "
        + "unique" + size
    case .notProved: return function == .agrees ? "agrees, not proved" : function.rawValue
    }
  }

  private func described(_ basis: ProofBasis) -> String {
    let defined = basis.whereDefined ? " wherever both are defined" : ""
    switch basis.method {
    case .equations: return "the same equations bit for bit\(defined)"
    case .field:
      let bound = basis.errorBound.map { ", error below 2^\(Int($0.rounded(.up)))" } ?? ""
      return "in exact arithmetic\(defined)\(bound)"
    }
  }

  var inputGradientAnswer: String {
    switch inputGradient {
    case .proved: "of the input: the same, since the function is"
    case .agrees: "of the input: agree on \(text(measurement.samples.comparedByGradients, "tested input"))"
    case .differs: "of the input: differ"
    case .undecided, .nothingShared: "of the input: undecided"
    }
  }

  private func describeParameters(_ names: ReportNames, in report: inout Report) {
    let found = proof.parameters
    report.row("parameters", parameterAnswer)
    let renamed = found.matches.filter { $0.basis == .correspondence || $0.layout != .same }
    for match in renamed.prefix(Self.mostNames) {
      let layout = match.layout == .same ? "" : ", \(match.layout)"
      report.row("", "\(match.first) ↔ \(match.second)\(layout)")
    }
    if renamed.count > Self.mostNames {
      report.row("", "… \(renamed.count - Self.mostNames) more: --json has all")
    }
    for difference in differingParameters.prefix(Self.mostNames) {
      report.row("", "\(described(difference)): more than rounding explains")
    }
    for name in found.divided.prefix(Self.mostNames) {
      report.row("", "\(name) holds other numbers in another place of one model")
    }
    if let other = measurement.atOtherParameters {
      report.row(
        "",
        "with other values of the parameters: output[\(other.index)] is \(other.first) and \(other.second)")
    }
    describeNames("only in \(names.firstName)", found.onlyFirst, in: &report)
    describeNames("only in \(names.second)", found.onlySecond, in: &report)
  }

  /// The largest number of names or rows of one kind in a report.
  private static let mostNames = 8

  var parameterAnswer: String {
    let count = text(proof.parameters.matches.count, "parameter")
    switch parameters {
    case .proved: return "proved for every value of \(count)"
    case .agrees: return "gradients of \(count) agree"
    case .differs:
      return differingParameters.isEmpty
        ? "another function of \(count), though the gradients at these values agree"
        : "gradients of \(differingParameters.count) of \(count) differ"
    case .undecided: return "gradients of \(count): undecided"
    case .nothingShared: return "none on both sides"
    }
  }

  private func describeNames(_ label: String, _ names: [String], in report: inout Report) {
    guard !names.isEmpty else { return }
    let shown = names.prefix(Self.mostNames).joined(separator: ", ")
    let rest = names.count - Self.mostNames
    report.row("", "\(label): \(shown)\(rest > 0 ? ", … \(rest) more" : "")")
  }

  // MARK: What it rests on

  private func describeGap(_ names: ReportNames, in report: inout Report) {
    guard case .notProved(let gap) = proof.function else { return }
    report.row("not proved", gap.difference?.description ?? gap.reason)
    if gap.difference != nil { report.row("", gap.reason) }
    for (place, found, name, other) in [
      (gap.first, gap.correspondence.map { ($0.firstUnits, $0.firstBlocks) }, names.firstName, names.second),
      (
        gap.second, gap.correspondence.map { ($0.secondUnits, $0.secondBlocks) }, names.second,
        names.firstName
      ),
    ] {
      guard let (units, blocks) = found else { continue }
      let first = place.map { "; the first without: \($0.block)[\($0.index)]" } ?? ""
      report.row(
        "",
        "\(name): \(described(units)) units and \(described(blocks)) blocks have a counterpart in \(other)\(first)"
      )
    }
  }

  private func described(_ share: Correspondence.Share) -> String {
    "\(text(share.count)) of \(text(share.total))"
  }

  private func describeNumbers(in report: inout Report) {
    describeDiscrepancies("outputs", in: &report) { $0 == .output }
    describeDiscrepancies("numbers", in: &report) { $0 != .output }
    if measurement.samples.drawn > 0 { report.row("samples", describeSamples()) }
    if let search { report.row("search", described(search)) }
    for solve in measurement.solves { report.row(solve.path.description, solve.summary) }
    if let offPattern = measurement.offPattern {
      report.row(
        "off pattern",
        "‖∂ℓ/∂Wz‖ is \(text(offPattern.off, digits: 3)) where Wz is structurally zero, "
          + "\(text(offPattern.on, digits: 3)) where it is not")
    }
  }

  private func describeDiscrepancies(
    _ label: String, in report: inout Report, _ isMeant: (Quantity) -> Bool
  ) {
    let found = measurement.discrepancies.filter { isMeant($0.quantity) }
    guard
      let worst = found.max(by: {
        ($0.agreement, $0.excess, $0.absolute) < ($1.agreement, $1.excess, $1.absolute)
      })
    else { return }
    let subject = label == "outputs" ? "" : "gradients "
    if worst.absolute == 0 {
      report.row(label, "\(subject)the same to the last bit, on \(paths(of: found))")
    } else {
      report.row(label, "\(subject)differ by at most \(described(worst))")
    }
  }

  private func described(_ found: Discrepancy) -> String {
    "\(text(found.absolute)), \(text(found.relative)) of scale, \(text(found.ulps)) ulp"
      + " (\(found.quantity.description), \(found.path.description)); rounding explains \(text(found.allowed))"
  }

  private func paths(of found: [Discrepancy]) -> String {
    var paths: [String] = []
    for discrepancy in found where !paths.contains(discrepancy.path.description) {
      paths.append(discrepancy.path.description)
    }
    return paths.count == 1 ? "the \(paths[0]) path" : "the paths \(paths.joined(separator: " and "))"
  }

  private func describeSamples() -> String {
    let samples = measurement.samples
    var parts = ["\(samples.drawn) drawn, \(samples.compared) compared"]
    if samples.comparedByGradients < samples.compared {
      parts.append("\(samples.comparedByGradients) of them by their gradients")
    }
    if samples.withoutValue > 0 { parts.append("\(samples.withoutValue) without a value on either side") }
    if samples.oneSided > 0 { parts.append("\(samples.oneSided) with a value on one side only") }
    if samples.atOtherEquilibria > 0 {
      parts.append("\(samples.atOtherEquilibria) at different equilibria that both have")
    }
    return parts.joined(separator: ", ")
  }

  private func described(_ search: SearchReport) -> String {
    if let finding = search.finding {
      return "found by \(finding.strategy), of \(text(search.rows, "input"))"
    }
    let strategies = search.coverage.map { "\(text($0.rows)) \($0.strategy)" }.joined(separator: ", ")
    return "\(text(search.rows, "input")) tried, none of which tells the two apart: \(strategies)"
  }

  private func describe(_ counterexample: Counterexample, _ names: ReportNames, in report: inout Report) {
    let found = counterexample.discrepancy
    report.row(
      "where",
      "\(found.quantity.description)[\(found.index)]: \(names.firstName) \(found.first), \(names.second) \(found.second)"
    )
    report.row(
      "difference",
      "\(text(found.absolute)), \(text(found.relative)) of scale, \(text(found.ulps)) ulp; "
        + "rounding explains \(text(found.allowed))")
    if let origin = counterexample.origin {
      var line = "\(origin.block)[\(origin.index)]: \(origin.first) and \(origin.second)"
      if let summand = origin.summand {
        line += "; most in the product with \(summand.place): \(summand.first) and \(summand.second)"
      }
      report.row("first block", line)
    }
    report.row("input", described(input: counterexample.input))
  }

  /// The input; if few coordinates are nonzero, only those.
  private func described(input: [Double]) -> String {
    let nonzero = input.indices.filter { input[$0] != 0 }
    if input.count > 8, nonzero.count <= 4 {
      let shown = nonzero.map { "x[\($0)] = \(input[$0])" }.joined(separator: ", ")
      return "\(shown.isEmpty ? "" : shown + ", ")\(nonzero.isEmpty ? "all" : "the other") "
        + "\(input.count - nonzero.count) are 0"
    }
    let shown = input.prefix(8).map { "\($0)" }.joined(separator: ", ")
    let rest = input.count - 8
    return "[\(shown)\(rest > 0 ? ", … \(rest) more: --json has all" : "")]"
  }
}

extension PathRecord {
  /// A short description of the path's iterations.
  fileprivate var summary: String {
    if forward.isEmpty, adjoint.isEmpty { return "one pass, nothing to iterate" }
    return "\(Self.summary(of: forward)); adjoint \(Self.summary(of: adjoint))"
  }

  private static func summary(of records: [SolveRecord]) -> String {
    guard let longest = records.max(by: { $0.iterations < $1.iterations }) else { return "one pass" }
    let residual = records.flatMap(\.samples).map(\.residual).max() ?? 0
    let groups = records.count > 1 ? " in \(records.count) groups" : ""
    let state = records.allSatisfy(\.converged) ? "" : ", not converged"
    return "\(text(longest.iterations, "iteration"))\(groups), residual \(text(residual))\(state)"
  }
}

/// A short description of a model's size.
private func sizeText(of model: EquilibriumModel<Double>) -> String {
  "\(text(model.blocks.count, "block")), \(text(model.stateSize, "coordinate")), "
    + text(model.parameterCount, "parameter")
}

/// Adds the size of a model.
func describeSize(of model: EquilibriumModel<Double>, in report: inout Report) {
  report.row("size", sizeText(of: model))
}
