import DeepEquilibrium

/// The report of `export` on the file that it wrote.
struct ExportReport {
  let command: ExportCommand
  let precision: Precision
  let export: ONNXExport
  /// The name of the file in messages.
  let target: String
  /// Whether the input was a network.
  let wasConverted: Bool
  let nilpotencyIndex: Int?
  /// The result of the check of the written file; nil if there was none.
  let check: EquivalenceReport?

  func describe(in report: inout Report) {
    let what = command.to == .onnx ? "equilibrium" : "transition"
    report.sentence("exported: \(target) is the \(what) of \(command.model), in ONNX")
    if wasConverted {
      report.row("converted", "the network \(command.model) was converted to its equilibrium model first")
    }
    report.row(
      "format",
      "opset \(export.opset), \(precision.rawValue), \(text(export.nodeCount, "node")), "
        + "\(text(bytes: export.byteCount))")
    report.row(
      "check",
      check.map { "read again, \($0.verdict.rawValue) in \(precision.rawValue)" }
        ?? "none: not read again")
    for port in export.inputs { report.row("input", description(of: port)) }
    for port in export.outputs { report.row("output", description(of: port)) }
    if let iterations = export.iterations {
      let reason =
        nilpotencyIndex.map { "exact, since Wz^\($0) = 0" }
        ?? "at most, until every sample has converged"
      report.row("iterations", "\(text(iterations)), \(reason)")
    }
  }

  private func description(of port: ONNXExport.Port) -> String {
    "\(port.name): \(port.type) [\((["batch"] + port.shape.map(String.init)).joined(separator: ", "))]"
  }

  var json: String {
    get throws {
      try JSONText { (writer) throws(FileError) in
        try writer.heading(of: "export")
        try writer.string("file", command.model)
        try writer.string("format", command.to.rawValue)
        try writer.string("output", target)
        try writer.key("converted")
        try writer.boolean(wasConverted)
        try writer.integer("opset", export.opset)
        try writer.string("precision", precision.rawValue)
        try writer.string("verdict", check?.verdict.rawValue ?? "unchecked")
        try writer.integer("nodes", export.nodeCount)
        try writer.integer("bytes", export.byteCount)
        if let iterations = export.iterations { try writer.integer("iterations", iterations) }
        try write(export.inputs, as: "inputs", to: &writer)
        try write(export.outputs, as: "outputs", to: &writer)
      }.text
    }
  }

  /// Writes names, types and the shapes of a sample.
  private func write(
    _ ports: [ONNXExport.Port], as key: String, to writer: inout JSONWriter
  ) throws(FileError) {
    try writer.key(key)
    try writer.beginArray()
    for port in ports {
      try writer.beginObject(.inLine)
      try writer.string("name", port.name)
      try writer.string("type", port.type)
      try writer.key("sample")
      try writer.beginArray(.inLine)
      for extent in port.shape { try writer.integer(extent) }
      try writer.end()
      try writer.end()
    }
    try writer.end()
  }
}
