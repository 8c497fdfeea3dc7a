import DeepEquilibrium

/// The data that reproduce a report: the command, the inputs at that time, and the settings that determine
/// the numbers.
struct ReportProvenance {
  /// The command's name.
  let command: String
  /// The names of the two sides.
  let names: ReportNames
  /// The files of the first model, with their digests.
  let first: [InputFile]
  /// The files of the second model, with their digests.
  let second: [InputFile]
  /// The settings; nil without a check.
  let checker: EquivalenceChecker?
  /// The solver options of the command line.
  let solve: SolveOptions

  /// Writes the keys that every report begins with.
  func write(to writer: inout JSONWriter) throws(FileError) {
    try writer.heading(of: command)
    try write("first", names.first, first, to: &writer)
    try write("second", [names.second], second, to: &writer)
    guard let checker else { return }
    try writer.string("seed", String(checker.seed))
    try writer.string("precision", checker.precision.rawValue)
    try solve.write(solver: checker.solver.name, to: &writer)
  }

  private func write(
    _ key: String, _ names: [String], _ files: [InputFile], to writer: inout JSONWriter
  ) throws(FileError) {
    try writer.key(key)
    try writer.beginObject()
    try writer.strings("models", names)
    try writer.key("files")
    try writer.beginArray()
    for file in files {
      try writer.beginObject(.inLine)
      try writer.string("path", file.path)
      try writer.string("sha256", file.digest.description)
      try writer.end()
    }
    try writer.end()
    try writer.end()
  }
}

/// Writes the keys of a report on two models; without a result, those of an unchecked conversion.
func writeJSON(
  _ result: EquivalenceReport?, _ provenance: ReportProvenance, to writer: inout JSONWriter
) throws(FileError) {
  try provenance.write(to: &writer)
  guard let result else { return try writer.string("verdict", "unchecked") }
  try writer.string("verdict", result.verdict.rawValue)
  try writer.string("headline", result.headline(provenance.names))
  try write(result.proof.function, verdict: result.function, to: &writer)
  try writer.key("inputGradient")
  try writer.beginObject(.inLine)
  try writer.string("verdict", result.inputGradient.rawValue)
  try writer.end()
  try write(result.proof.parameters, result, to: &writer)
  try writeNumbers(of: result, to: &writer)
  if let search = result.search { try write(search, to: &writer) }
  if let counterexample = result.counterexample { try write(counterexample, to: &writer) }
  try writer.strings("warnings", result.warnings)
  try writer.strings("notes", result.notes)
}

// MARK: What is proved

private func write(
  _ proof: FunctionProof, verdict: Verdict, to writer: inout JSONWriter
) throws(FileError) {
  try writer.key("function")
  try writer.beginObject()
  try writer.string("verdict", verdict.rawValue)
  switch proof {
  case .proved(let basis):
    try write(basis, to: &writer)
    try writer.key("unique")
    try writer.boolean(true)
  case .sameEquations(let basis):
    try write(basis, to: &writer)
    try writer.key("unique")
    try writer.boolean(false)
  case .notProved(let gap): try write(gap, to: &writer)
  }
  try writer.end()
}

private func write(_ basis: ProofBasis, to writer: inout JSONWriter) throws(FileError) {
  try writer.string("method", basis.method == .equations ? "equations" : "field")
  if let bound = basis.errorBound { try writer.anyNumber("errorBoundLog2", bound) }
  try writer.key("whereDefined")
  try writer.boolean(basis.whereDefined)
}

private func write(_ gap: ProofGap, to writer: inout JSONWriter) throws(FileError) {
  try writer.string("reason", gap.reason)
  if let difference = gap.difference {
    try writer.key("difference")
    try writer.beginObject(.inLine)
    try writer.string("place", difference.place)
    if let row = difference.row { try writer.integer("row", row) }
    if let column = difference.column { try writer.integer("column", column) }
    try writer.string("first", difference.first)
    try writer.string("second", difference.second)
    try writer.end()
  }
  for (key, place) in [("firstUnmatched", gap.first), ("secondUnmatched", gap.second)] {
    guard let place else { continue }
    try writer.key(key)
    try writer.beginObject(.inLine)
    try writer.string("block", place.block)
    try writer.integer("index", place.index)
    try writer.end()
  }
  guard let found = gap.correspondence else { return }
  try writer.key("correspondence")
  try writer.beginObject()
  for (key, share) in [
    ("firstUnits", found.firstUnits), ("firstBlocks", found.firstBlocks), ("secondUnits", found.secondUnits),
    ("secondBlocks", found.secondBlocks),
  ] {
    try writer.key(key)
    try writer.beginObject(.inLine)
    try writer.integer("count", share.count)
    try writer.integer("total", share.total)
    try writer.end()
  }
  try writer.end()
}

private func write(
  _ proof: ParameterProof, _ result: EquivalenceReport, to writer: inout JSONWriter
) throws(FileError) {
  try writer.key("parameters")
  try writer.beginObject()
  try writer.string("verdict", result.parameters.rawValue)
  switch proof.outcome {
  case .proved(let basis): try write(basis, to: &writer)
  case .notProved(let reason): try writer.string("reason", reason)
  case .nothingShared: break
  }
  try writer.key("matches")
  try writer.beginArray()
  for match in proof.matches {
    try writer.beginObject(.inLine)
    try writer.string("first", match.first)
    try writer.string("second", match.second)
    try writer.string("basis", "\(match.basis)")
    try writer.string("layout", "\(match.layout)")
    try writer.end()
  }
  try writer.end()
  try writer.strings("onlyFirst", proof.onlyFirst)
  try writer.strings("onlySecond", proof.onlySecond)
  try writer.strings("divided", proof.divided)
  if let other = result.measurement.atOtherParameters {
    try writer.key("atOtherValues")
    try write(other, to: &writer)
  }
  try writer.end()
}

// MARK: What was measured

private func writeNumbers(of result: EquivalenceReport, to writer: inout JSONWriter) throws(FileError) {
  let measurement = result.measurement
  try writer.key("numbers")
  try writer.beginArray()
  for discrepancy in measurement.discrepancies { try write(discrepancy, to: &writer) }
  try writer.end()
  try write(measurement.samples, to: &writer)
  try writer.key("solver")
  try writer.beginArray()
  for solve in measurement.solves {
    try writer.beginObject()
    try writer.string("path", solve.path.description)
    try writer.key("forward")
    try writeJSON(solve.forward, to: &writer)
    try writer.key("adjoint")
    try writeJSON(solve.adjoint, to: &writer)
    try writer.end()
  }
  try writer.end()
  guard let offPattern = measurement.offPattern else { return }
  try writer.key("offPattern")
  try writer.beginObject(.inLine)
  try writer.anyNumber("on", offPattern.on)
  try writer.anyNumber("off", offPattern.off)
  try writer.end()
}

private func write(_ discrepancy: Discrepancy, to writer: inout JSONWriter) throws(FileError) {
  try writer.beginObject(.inLine)
  try writer.string("quantity", discrepancy.quantity.description)
  try writer.string("path", discrepancy.path.description)
  try writer.string("agreement", "\(discrepancy.agreement)")
  try writer.anyNumber("absolute", discrepancy.absolute)
  try writer.anyNumber("relative", discrepancy.relative)
  try writer.anyNumber("ulps", discrepancy.ulps)
  try writer.anyNumber("allowed", discrepancy.allowed)
  if let sample = discrepancy.sample { try writer.integer("sample", sample) }
  try writer.integer("index", discrepancy.index)
  try writer.anyNumber("first", discrepancy.first)
  try writer.anyNumber("second", discrepancy.second)
  try writer.end()
}

private func write(_ samples: SampleCounts, to writer: inout JSONWriter) throws(FileError) {
  try writer.key("samples")
  try writer.beginObject(.inLine)
  try writer.integer("drawn", samples.drawn)
  try writer.integer("compared", samples.compared)
  try writer.integer("comparedByGradients", samples.comparedByGradients)
  try writer.integer("withoutValue", samples.withoutValue)
  try writer.integer("oneSided", samples.oneSided)
  try writer.integer("atOtherEquilibria", samples.atOtherEquilibria)
  try writer.end()
}

private func write(_ search: SearchReport, to writer: inout JSONWriter) throws(FileError) {
  try writer.key("search")
  try writer.beginObject()
  try writer.integer("tried", search.rows)
  try writer.key("strategies")
  try writer.beginArray()
  for turn in search.coverage {
    try writer.beginObject(.inLine)
    try writer.string("name", turn.strategy)
    try writer.integer("tried", turn.rows)
    try writer.end()
  }
  try writer.end()
  try writer.anyNumber("largestRelativeDifference", search.largestRelativeDifference)
  if let finding = search.finding { try writer.string("foundBy", finding.strategy) }
  try writer.end()
}

private func write(_ counterexample: Counterexample, to writer: inout JSONWriter) throws(FileError) {
  try writer.key("counterexample")
  try writer.beginObject()
  try writer.key("difference")
  try write(counterexample.discrepancy, to: &writer)
  if let origin = counterexample.origin {
    try writer.key("origin")
    try writer.beginObject(.inLine)
    try writer.string("block", origin.block)
    try writer.integer("index", origin.index)
    try writer.anyNumber("first", origin.first)
    try writer.anyNumber("second", origin.second)
    try writer.end()
  }
  try writer.key("input")
  try writer.beginArray(.inLine)
  try writer.numbers(counterexample.input)
  try writer.end()
  try writer.end()
}
