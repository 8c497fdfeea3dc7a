import DeepEquilibrium

/// One conversion of `convert` or `recover`, after the theorem has been applied: the result is written, read again,
/// checked against the model that it was made from, and kept if the check accepts it.
struct CheckedConversion {
  /// The command's name.
  let command: String
  /// What was read.
  let source: NamedModel
  /// What the result must equal: the model that was read, or the network that it stands for.
  let original: JudgedModel
  /// The result.
  let converted: ModelFile
  /// The form in which an equilibrium model is written.
  var form: ModelForm?
  /// Where the result goes; - is standard output.
  let target: String
  /// Where the weights go.
  let weights: WeightsMode
  /// Whether a reference to weights is refused where none came from a file.
  var requiresWeightsFile = true
  /// Whether it is checked and kept, and how it is reported.
  let options: ConversionOptions
  /// How the check solves.
  let solve: SolveOptions

  /// Writes, reads again, checks, and keeps or discards.
  func run() throws -> ConversionOutcome {
    var checker = solve.checker
    if options.check {
      try fitIntoMemory(&checker, toCheck: original, converted.judged, isAskedFor: false)
    }
    // A model on standard output would mix with the progress line.
    let progress = target == "-" ? nil : Progress()
    progress?.show("writing \(target)")
    defer { progress?.finish() }
    var result: EquivalenceReport?
    var files: [InputFile] = []
    let accepts: (ModelOutput.Written) throws -> Bool = { written in
      progress?.show("checking \(target) as written")
      files = written.files
      checker.identities = ModelIdentities(
        first: source.identity, second: InputFile.identity(of: files).bytes)
      let report = checker.check(original, against: written.model.judged)
      result = report
      return report.isAccepted
    }
    let output = ModelOutput(
      model: converted, form: form, target: target, weights: weights,
      force: options.force, requiresWeightsFile: requiresWeightsFile)
    _ = try output.write(options.check ? accepts : nil)
    let provenance = ReportProvenance(
      command: command,
      names: ReportNames(first: source.paths, second: target == "-" ? "standard output" : target),
      first: source.files, second: files, checker: options.check ? checker : nil, solve: solve)
    return ConversionOutcome(
      original: original, converted: converted, result: result, provenance: provenance)
  }
}
