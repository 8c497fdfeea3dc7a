import DeepEquilibrium

/// The result of one conversion.
struct ConversionOutcome {
  /// The model that was converted.
  let original: JudgedModel
  /// What it was converted to.
  let converted: ModelFile
  /// The report of the check; nil if there was none.
  let result: EquivalenceReport?
  let provenance: ReportProvenance

  /// The exit status that it requires; nil for success.
  var status: ExitStatus? { result?.statusOfConversion }

  func writeKeys(to writer: inout JSONWriter) throws(FileError) {
    try writeJSON(result, provenance, to: &writer)
  }

  func describe(to descriptor: Int32) throws {
    var report = Report(to: descriptor)
    switch converted {
    case .equilibrium(let model):
      describe(model, as: "model", "converted", in: &report)
      if result == nil { describeSize(of: model, in: &report) }
      if status == nil {
        report.line()
        report.draw(PatternPicture(model))
      }
    case .network(let network):
      describe(original.equilibrium, as: "network", "recovered", in: &report)
      report.row("layers", "\(text(network.layers.count)), at most \(network.depth) one after the other")
    }
    try report.write()
  }

  /// Adds the report of the check between `model` and a network, or that there was none.
  private func describe(
    _ model: EquilibriumModel<Double>?, as kind: String, _ verb: String, in report: inout Report
  ) {
    guard let result else {
      report.sentence("\(verb), not checked: \(provenance.names.second)")
      return
    }
    result.describe(provenance.names, model: model, in: &report)
    if !result.isAccepted {
      report.row("written", "nothing: the \(kind) is kept only where the check accepts it")
    }
  }
}

extension ModelFile {
  /// The model as a side of a comparison.
  var judged: JudgedModel {
    switch self {
    case .network(let network): .network(network)
    case .equilibrium(let model): .equilibrium(model)
    }
  }
}
