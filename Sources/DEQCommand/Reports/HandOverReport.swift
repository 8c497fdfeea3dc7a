import DeepEquilibrium

/// The report of `export` on files for another program.
struct HandOverReport {
  let command: ExportCommand
  let model: EquilibriumModel<Double>
  /// Whether the input was a network.
  let wasConverted: Bool
  /// What was written.
  let files: [String]

  func describe(in report: inout Report) {
    report.sentence(
      "exported: \(files.joined(separator: ", ")) from \(command.model), for \(command.to.rawValue)")
    if wasConverted {
      report.row("converted", "the network \(command.model) was converted to its equilibrium model first")
    }
    report.row("input", description(of: model.inputShape))
    report.row("output", description(of: model.outputShape))
    report.row("evaluation", evaluation)
  }

  private var evaluation: String {
    let groups = model.cyclicGroups
    if groups.isEmpty { return "one sweep over \(text(model.blocks.count, "block")), exact" }
    let size = groups.reduce(0) { $0 + $1.members.reduce(0) { $0 + model.blocks[$1].size } }
    return "\(text(groups.count, "group")) of blocks that read each other, \(text(size, "coordinate"))"
  }

  private func description(of shape: [Int]) -> String {
    "[\((["batch"] + shape.map(String.init)).joined(separator: ", "))]"
  }

  var json: String {
    get throws {
      try JSONText { (writer) throws(FileError) in
        try writer.heading(of: "export")
        try writer.string("file", command.model)
        try writer.string("format", command.to.rawValue)
        try writer.key("files")
        try writer.beginArray(.inLine)
        for file in files { try writer.string(file) }
        try writer.end()
        try writer.key("converted")
        try writer.boolean(wasConverted)
        try writer.integer("iteratedGroups", model.cyclicGroups.count)
      }.text
    }
  }
}
