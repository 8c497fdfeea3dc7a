import DeepEquilibrium

/// What the models of a report are called.
struct ReportNames {
  let networks: [String]
  let model: String

  /// The networks, as one name.
  var network: String { networks.joined(separator: " + ") }
}

extension EquivalenceReport {
  /// Adds the report: the verdict first, then what it rests on.
  func describe(_ names: ReportNames, model: EquilibriumModel<Double>, in report: inout Report) {
    report.headline(verdict, headline(names))
    switch proof {
    case .proved:
      report.row("equations", "the same bit for bit: \(size(of: model))")
    case .refused(let difference):
      report.row("not proved", difference.description)
    }
    describeDiscrepancies("outputs", discrepancies.filter { $0.quantity == "output" }, in: &report)
    describeDiscrepancies("gradients", discrepancies.filter { $0.quantity != "output" }, in: &report)
    report.row("samples", describeSamples())
    for solve in solves { report.row(solve.path, solve.summary) }
    if let offPattern {
      report.row(
        "off pattern",
        "‖∂ℓ/∂Wz‖ is \(text(offPattern.off, digits: 3)) where Wz is structurally zero, "
          + "\(text(offPattern.on, digits: 3)) where it is not")
    }
    if let counterexample { describe(counterexample, in: &report) }
    for note in notes { report.row("note", note) }
  }

  private func headline(_ names: ReportNames) -> String {
    switch verdict {
    case .proved:
      "\(names.model) is the same function as \(names.network), with the same gradients"
        + (samples.compared == 0 ? "; no numbers could be compared" : "")
    case .agrees: "\(names.model) and \(names.network) agree to rounding on \(testedInputs)"
    case .refuted: "\(names.model) is not the same function as \(names.network)"
    case .undecided: "no tested input of \(names.network) and \(names.model) could be compared"
    }
  }

  private var testedInputs: String {
    samples.compared == samples.drawn
      ? "every tested input"
      : "\(samples.compared) of \(text(samples.drawn, "tested input")), the others could not be compared"
  }

  private func size(of model: EquilibriumModel<Double>) -> String {
    "\(text(model.blocks.count, "block")), \(text(model.stateSize, "coordinate")), "
      + text(model.parameterCount, "parameter")
  }

  private func describeDiscrepancies(_ label: String, _ found: [Discrepancy], in report: inout Report) {
    guard let worst = found.max(by: { ($0.ratio, $0.absolute) < ($1.ratio, $1.absolute) }) else { return }
    if worst.absolute == 0 {
      report.row(label, "the same to the last bit, on \(paths(of: found))")
    } else {
      report.row(
        label,
        "differ by at most \(text(worst.absolute)), \(text(worst.relative)) of scale, \(text(worst.ulps)) ulp"
          + " (\(worst.quantity), \(worst.path)); rounding explains \(text(worst.allowed))")
    }
  }

  private func paths(of found: [Discrepancy]) -> String {
    var paths: [String] = []
    for discrepancy in found where !paths.contains(discrepancy.path) { paths.append(discrepancy.path) }
    return paths.count == 1 ? "the \(paths[0]) path" : "the paths \(paths.joined(separator: " and "))"
  }

  private func describeSamples() -> String {
    var parts = ["\(samples.drawn) drawn, \(samples.compared) compared"]
    if samples.notFinite > 0 { parts.append("\(samples.notFinite) not finite on both sides") }
    if samples.unconverged > 0 { parts.append("\(samples.unconverged) without an equilibrium") }
    return parts.joined(separator: ", ")
  }

  private func describe(_ counterexample: Counterexample, in report: inout Report) {
    let found = counterexample.discrepancy
    report.row(
      "where",
      "\(found.quantity)[\(found.index)], \(found.path): network \(found.network), "
        + "equilibrium model \(found.equilibrium)")
    report.row(
      "difference",
      "\(text(found.absolute)), \(text(found.relative)) of scale, \(text(found.ulps)) ulp; "
        + "rounding explains \(text(found.allowed))")
    if let contributor = counterexample.contributor { report.row("first block", contributor) }
    let shown = counterexample.input.prefix(8).map { "\($0)" }.joined(separator: ", ")
    let rest = counterexample.input.count - 8
    report.row("input", "[\(shown)\(rest > 0 ? ", … \(rest) more: --json has all" : "")]")
  }
}

extension Discrepancy {
  /// The difference as a share of what rounding can explain.
  fileprivate var ratio: Double { absolute == 0 ? 0 : absolute / allowed }
}

extension PathRecord {
  /// What the path's iterations did, in a few words.
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

extension EquilibriumModel<Double> {
  /// How many numbers the entries hold.
  var parameterCount: Int {
    blocks.reduce(0) { sum, block in
      let weights = block.terms.reduce(0) { $0 + ($1.map.parameterShape?.reduce(1, *) ?? 0) }
      return sum + weights + block.offsets.reduce(0) { $0 + $1.count }
    }
  }
}

/// Adds the size of a model.
func describeSize(of model: EquilibriumModel<Double>, in report: inout Report) {
  report.row(
    "size",
    "\(text(model.blocks.count, "block")), \(text(model.stateSize, "coordinate")), "
      + text(model.parameterCount, "parameter"))
}
