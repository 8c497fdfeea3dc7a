import ArgumentParser
import DeepEquilibrium

struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract:
      "Shows what a file holds: layers or blocks, sizes, the pattern of Wz, and whether it is well posed.",
    usage: "deq inspect <model> [<options>]")

  @Argument(help: "A network or an equilibrium model, as JSON or ONNX; - is standard input.")
  var model: String

  @OptionGroup var reading: ReadingOptions

  @Flag(help: "Print the report as one JSON object.")
  var json = false

  @OptionGroup(title: "ONNX options") var onnx: ONNXOptions

  func run() throws {
    reading.apply()
    let inspection: Inspection =
      switch try ModelFile.read(model, as: onnx.reading) {
      case .network(let network): Inspection(model, network)
      case .equilibrium(let equilibrium): Inspection(model, equilibrium)
      }
    if json { return try writeToStandardOutput(inspection.json) }
    var report = Report()
    inspection.describe(in: &report)
    try report.write()
  }
}

/// The report of `inspect` on a file.
private struct Inspection {
  let name: String
  /// The network, if the file holds one.
  let network: Network<Double>?
  /// The model; for a network, its conversion.
  let model: EquilibriumModel<Double>
  let groups: [(blocks: [String], size: Int, wellPosedness: WellPosedness)]

  init(_ name: String, _ network: Network<Double>) {
    self.init(name, network, EquilibriumModel(converting: network))
  }

  init(_ name: String, _ model: EquilibriumModel<Double>) {
    self.init(name, nil, model)
  }

  private init(_ name: String, _ network: Network<Double>?, _ model: EquilibriumModel<Double>) {
    self.name = name
    self.network = network
    self.model = model
    groups = model.cyclicGroups.map { group in
      (
        group.members.map { model.blocks[$0].name }, group.members.reduce(0) { $0 + model.blocks[$1].size },
        model.wellPosedness(of: group)
      )
    }
  }

  func describe(in report: inout Report) {
    if let network {
      report.sentence("network: \(name)")
      report.row("input", "\(network.inputShape)")
      report.row("output", "\(network.outputSize), of \"\(network.layers[network.output].name)\"")
      describeSignature(in: &report)
      report.row("layers", "\(text(network.layers.count)), at most \(network.depth) one after the other")
      report.row("parameters", text(model.parameterCount))
      report.sentence("as an equilibrium model:")
    } else {
      report.sentence("equilibrium model, \(model.form == .matrix ? "matrix" : "block") form: \(name)")
      report.row("input", "\(model.inputShape)")
      report.row("output", "\(model.outputSize), of \"\(model.blocks[model.output].name)\"")
      describeSignature(in: &report)
    }
    describeSize(of: model, in: &report)
    if let index = model.nilpotencyIndex {
      report.row(
        "nilpotency", "Wz^\(index) = 0: Picard iteration ends after \(text(index, "step")), from any start")
      report.row("well posed", "yes, for every weight whatever")
    }
    for group in groups {
      let shown = group.blocks.prefix(4).joined(separator: ", ") + (group.blocks.count > 4 ? ", …" : "")
      report.row("cyclic group", "\(shown): \(text(group.size, "coordinate"))")
      report.row(
        "well posed",
        group.wellPosedness.isCertified
          ? "yes: \(group.wellPosedness.description)" : "unknown: \(group.wellPosedness.description)")
    }
    report.line()
    report.draw(PatternPicture(model))
  }

  /// Adds the names and shapes of the tensors of which the input and the output consist, if they have names.
  private func describeSignature(in report: inout Report) {
    for (kind, tensors) in [("inputs", model.signature.inputs), ("outputs", model.signature.outputs)]
    where !tensors.isEmpty {
      let shown = tensors.prefix(4).map { "\"\($0.name)\" \($0.shape)" }.joined(separator: ", ")
      report.row(kind, shown + (tensors.count > 4 ? " and \(tensors.count - 4) more" : ""))
    }
  }

  var json: String {
    get throws {
      try JSONText { (writer) throws(FileError) in
        try writer.heading(of: "inspect")
        try writer.string("file", name)
        try writer.string("format", network == nil ? "equilibrium" : "network")
        if network == nil { try writer.string("form", model.form == .matrix ? "matrix" : "blocks") }
        try writer.key("input")
        try writer.beginArray(.inLine)
        for extent in model.inputShape { try writer.integer(extent) }
        try writer.end()
        if let network { try writer.integer("layers", network.layers.count) }
        try writer.integer("coordinates", model.stateSize)
        try writer.integer("parameters", model.parameterCount)
        if let index = model.nilpotencyIndex { try writer.integer("nilpotencyIndex", index) }
        try writer.string("output", model.blocks[model.output].name)
        try writer.signature(model.signature)
        try writer.key("blocks")
        try writer.beginArray()
        for block in model.blocks { try write(block, to: &writer) }
        try writer.end()
        try writer.key("cyclicGroups")
        try writer.beginArray()
        for group in groups {
          try writer.beginObject(.inLine)
          try writer.strings("blocks", group.blocks)
          try writer.integer("coordinates", group.size)
          try writer.key("wellPosed")
          // Without a certificate it is unknown, which is not the same as false.
          if group.wellPosedness.isCertified { try writer.boolean(true) } else { try writer.null() }
          try writer.string("condition", group.wellPosedness.description)
          try writer.end()
        }
        try writer.end()
      }.text
    }
  }

  private func write(_ block: Block<Double>, to writer: inout JSONWriter) throws(FileError) {
    try writer.beginObject(.inLine)
    try writer.string("name", block.name)
    try writer.integer("size", block.size)
    try writer.string("activation", block.nonlinearity.description)
    var reads: [String] = []
    for term in block.terms {
      let source = if case .node(let index) = term.source { model.blocks[index].name } else { "input" }
      if !reads.contains(source) { reads.append(source) }
    }
    try writer.strings("reads", reads)
    try writer.end()
  }
}
