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
  /// Any number: JSON has no infinities or NaN, so these are the strings `Infinity`, `-Infinity`, `NaN`.
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

/// Writes the statistics of iterations, one object each.
///
/// - Parameter traces: Whether residuals are written too, each with the number of updates before it.
func writeJSON(
  _ records: [SolveRecord], traces: Bool = false, to writer: inout JSONWriter
) throws(FileError) {
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
    try writer.anyNumber("tolerance", record.rule.relativeTolerance)
    try writer.anyNumber("absoluteTolerance", record.rule.absoluteTolerance)
    try writer.integer("maximumIterations", record.rule.maximumIterations)
    if let condition = record.conditionEstimate { try writer.anyNumber("condition", condition) }
    if let error = record.errorEstimate { try writer.anyNumber("error", error) }
    if let error = record.gradientErrorEstimate { try writer.anyNumber("gradientError", error) }
    let failures = Set(record.samples.filter { $0.reason != .converged }.map { "\($0.reason)" }).sorted()
    if !failures.isEmpty { try writer.strings("failures", failures) }
    try writer.key("stages")
    try writer.beginArray(.inLine)
    for stage in record.stages { try write(stage, to: &writer) }
    try writer.end()
    if traces { try writeTrace(of: record.stages, to: &writer) }
    try writer.end()
  }
  try writer.end()
}

private func write(_ stage: SolveStage, to writer: inout JSONWriter) throws(FileError) {
  try writer.beginObject(.inLine)
  try writer.string("solver", stage.solver)
  try writer.string("reason", stage.reason)
  try writer.integer("samples", stage.samples)
  try writer.integer("settled", stage.settled)
  try writer.integer("iterations", stage.iterations)
  try writer.integer("evaluations", stage.evaluations)
  try writer.anyNumber("residual", stage.residual)
  try writer.key("endings")
  try writer.beginArray(.inLine)
  for ending in stage.endings {
    try writer.beginObject(.inLine)
    try writer.string("status", "\(ending.reason)")
    try writer.integer("samples", ending.samples)
    try writer.end()
  }
  try writer.end()
  try writer.end()
}

/// Writes the residuals of all stages in order, each with its stage.
private func writeTrace(of stages: [SolveStage], to writer: inout JSONWriter) throws(FileError) {
  try writer.key("trace")
  try writer.beginArray(.inLine)
  for (number, stage) in stages.enumerated() {
    for entry in stage.trace.entries {
      try writer.beginObject(.inLine)
      try writer.integer("stage", number)
      try writer.string("solver", stage.solver)
      try writer.integer("iteration", entry.iteration)
      try writer.anyNumber("residual", entry.residual)
      try writer.end()
    }
  }
  try writer.end()
}
