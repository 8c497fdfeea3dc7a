import DeepEquilibrium

/// JSON text, written through the project's own writer.
struct JSONText {
  let text: String

  /// One object, whose keys `body` writes.
  init(_ body: (inout JSONWriter) throws(FileError) -> Void) throws(FileError) {
    let sink = MemorySink(named: "standard output")
    var writer = JSONWriter(to: sink)
    try writer.beginObject()
    try body(&writer)
    try writer.end()
    try writer.finish()
    text = String(decoding: sink.bytes, as: UTF8.self)
  }
}

extension JSONWriter {
  /// A number that may be anything: JSON has no infinities, so those are the strings `Infinity`, `-Infinity`, `NaN`.
  mutating func anyNumber(_ key: String, _ value: Double) throws(FileError) {
    try self.key(key)
    if value.isFinite {
      try number(value)
    } else {
      try string(value.isNaN ? "NaN" : value < 0 ? "-Infinity" : "Infinity")
    }
  }

  /// A key with a string.
  mutating func string(_ key: String, _ value: String) throws(FileError) {
    try self.key(key)
    try string(value)
  }

  /// A key with an integer.
  mutating func integer(_ key: String, _ value: Int) throws(FileError) {
    try self.key(key)
    try integer(value)
  }

  /// A key with an array of strings.
  mutating func strings(_ key: String, _ values: [String]) throws(FileError) {
    try self.key(key)
    try beginArray(.inLine)
    for value in values { try string(value) }
    try end()
  }
}

/// Writes the keys of a `check` or `convert` report; without a result, what an unchecked conversion can say.
func writeJSON(
  _ result: EquivalenceReport?, command: String, names: ReportNames, to writer: inout JSONWriter
) throws(FileError) {
  try writer.string("command", command)
  try writer.strings("networks", names.networks)
  try writer.string("equilibrium", names.model)
  guard let result else {
    try writer.string("verdict", "unchecked")
    return
  }
  try writer.string("verdict", result.verdict.rawValue)
  try writer.key("proof")
  try write(result.proof, to: &writer)
  try writer.key("outputs")
  try write(result.discrepancies.filter { $0.quantity == "output" }, to: &writer)
  try writer.key("gradients")
  try writer.beginObject()
  for (name, found) in result.gradientsByParameter {
    try writer.key(name)
    try write(found, to: &writer)
  }
  try writer.end()
  try write(result.samples, to: &writer)
  try writer.key("solver")
  try writer.beginArray()
  for solve in result.solves { try write(solve, to: &writer) }
  try writer.end()
  if let offPattern = result.offPattern {
    try writer.key("offPattern")
    try writer.beginObject(.inLine)
    try writer.anyNumber("on", offPattern.on)
    try writer.anyNumber("off", offPattern.off)
    try writer.end()
  }
  if let counterexample = result.counterexample { try write(counterexample, to: &writer) }
  try writer.strings("notes", result.notes)
}

extension EquivalenceReport {
  /// The discrepancies of gradients by `input` or the parameter's name, in the order of the network.
  fileprivate var gradientsByParameter: [(name: String, found: [Discrepancy])] {
    var order: [String] = []
    var groups: [String: [Discrepancy]] = [:]
    for discrepancy in discrepancies where discrepancy.quantity != "output" {
      let name = String(discrepancy.quantity.dropFirst("gradient of ".count))
      if groups[name] == nil { order.append(name) }
      groups[name, default: []].append(discrepancy)
    }
    return order.map { ($0, groups[$0]!) }
  }
}

private func write(_ proof: ProofOutcome, to writer: inout JSONWriter) throws(FileError) {
  try writer.beginObject(.inLine)
  try writer.key("proved")
  try writer.boolean(proof == .proved)
  if case .refused(let difference) = proof {
    try writer.string("place", difference.place)
    if let row = difference.row { try writer.integer("row", row) }
    if let column = difference.column { try writer.integer("column", column) }
    try writer.string("network", difference.network)
    try writer.string("equilibrium", difference.equilibrium)
  }
  try writer.end()
}

private func write(_ discrepancies: [Discrepancy], to writer: inout JSONWriter) throws(FileError) {
  try writer.beginObject()
  for discrepancy in discrepancies {
    try writer.key(discrepancy.path)
    try write(discrepancy, to: &writer)
  }
  try writer.end()
}

private func write(_ discrepancy: Discrepancy, to writer: inout JSONWriter) throws(FileError) {
  try writer.beginObject(.inLine)
  try writer.anyNumber("absolute", discrepancy.absolute)
  try writer.anyNumber("relative", discrepancy.relative)
  try writer.anyNumber("ulps", discrepancy.ulps)
  try writer.anyNumber("allowed", discrepancy.allowed)
  if let sample = discrepancy.sample { try writer.integer("sample", sample) }
  try writer.integer("index", discrepancy.index)
  try writer.anyNumber("network", discrepancy.network)
  try writer.anyNumber("equilibrium", discrepancy.equilibrium)
  try writer.end()
}

private func write(_ samples: SampleCounts, to writer: inout JSONWriter) throws(FileError) {
  try writer.key("samples")
  try writer.beginObject(.inLine)
  try writer.integer("drawn", samples.drawn)
  try writer.integer("compared", samples.compared)
  try writer.integer("notFinite", samples.notFinite)
  try writer.integer("unconverged", samples.unconverged)
  try writer.end()
}

private func write(_ solve: PathRecord, to writer: inout JSONWriter) throws(FileError) {
  try writer.beginObject()
  try writer.string("path", solve.path)
  try writer.key("forward")
  try writeJSON(solve.forward, to: &writer)
  try writer.key("adjoint")
  try writeJSON(solve.adjoint, to: &writer)
  try writer.end()
}

/// Writes the statistics of iterations, an object for each.
func writeJSON(_ records: [SolveRecord], to writer: inout JSONWriter) throws(FileError) {
  try writer.beginArray()
  for record in records {
    try writer.beginObject(.inLine)
    try writer.string("solver", record.solver)
    try writer.integer("blocks", record.blocks.count)
    try writer.string("first", record.blocks.first ?? "")
    try writer.key("converged")
    try writer.boolean(record.converged)
    try writer.integer("iterations", record.iterations)
    try writer.integer("evaluations", record.evaluations)
    try writer.anyNumber("residual", record.samples.map(\.residual).max() ?? 0)
    let failures = Set(record.samples.filter { $0.reason != .converged }.map { "\($0.reason)" }).sorted()
    if !failures.isEmpty { try writer.strings("failures", failures) }
    try writer.end()
  }
  try writer.end()
}

private func write(_ counterexample: Counterexample, to writer: inout JSONWriter) throws(FileError) {
  try writer.key("counterexample")
  try writer.beginObject()
  try writer.string("quantity", counterexample.discrepancy.quantity)
  try writer.key("difference")
  try write(counterexample.discrepancy, to: &writer)
  if let contributor = counterexample.contributor { try writer.string("contributor", contributor) }
  try writer.key("input")
  try writer.beginArray(.inLine)
  try writer.numbers(counterexample.input)
  try writer.end()
  try writer.end()
}
