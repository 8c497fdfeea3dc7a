import DeepEquilibrium
import FileAccess

/// Everything that a converted model is handed over as.
struct Exports {
  let model: EquilibriumModel<Double>
  /// What the model is compared with on the page.
  let network: Network<Double>

  /// Writes the model for every program.
  ///
  /// - Returns: The first refusal: not every program can express every operator.
  func run() -> FileError? {
    var refusal: FileError?
    func attempt(_ body: () throws(FileError) -> Void) {
      do throws(FileError) { try body() } catch { refusal = refusal ?? error }
    }
    for library in PythonLibrary.allCases {
      attempt { () throws(FileError) in
        let export = try PythonExport(model, for: library, weights: "fuzz.safetensors", source: "fuzz.json")
        precondition(Self.isVisible(export.text), "a module with control characters")
        let weights = MemorySink(named: "fuzz.safetensors")
        try export.writeWeights(to: weights)
      }
    }
    attempt { () throws(FileError) in
      let export = try MatrixExport(model, file: "fuzz.npz")
      try export.write(as: .npz, to: MemorySink(named: "fuzz.npz"))
      try export.write(as: .mat, to: MemorySink(named: "fuzz.mat"))
    }
    for content in [ONNXExport.Content.equilibrium(iterations: 10), .transition] {
      attempt { () throws(FileError) in
        let export = try ONNXExport(model, as: content, precision: .float64, file: "fuzz.onnx")
        let sink = MemorySink(named: "fuzz.onnx")
        try export.write(to: sink)
        do throws(FileError) { _ = try ModelFile.read(FileContents(sink.bytes, named: sink.name)) } catch {
          preconditionFailure("an ONNX file that cannot be read: \(error)")
        }
      }
    }
    let graph = GraphExport(model, named: "fuzz")
    precondition(Self.isVisible(graph.dot), "a graph with control characters")
    precondition(Self.isBalanced(graph.svg), "a picture with an open element")
    precondition(Self.isBalanced(page), "a page with an open element")
    return refusal
  }

  // MARK: The page

  /// The page of `deq report`, with the first iterations from zero.
  private var page: String {
    let result = FuzzTarget.checker.check(.network(network), against: .equilibrium(model))
    let comparison = ReportContents.Comparison(
      first: "fuzz.json", second: "fuzz.deq.json", headline: result.verdict.rawValue,
      answers: (result.function.rawValue, result.inputGradient.rawValue, result.parameters.rawValue),
      rows: (result.warnings + result.notes).map { ("note", $0) }, result: result, isOfOneModel: false)
    let groups = model.cyclicGroups.prefix(2).map { group in
      ReportContents.Group(
        blocks: group.members.map { model.blocks[$0].name },
        coordinates: group.members.reduce(0) { $0 + model.blocks[$1].size },
        wellPosedness: model.wellPosedness(of: group), spectrum: nil, solves: [])
    }
    return HTMLReport(
      ReportContents(
        name: "fuzz.json", isConverted: true, model: model, comparisons: [comparison], play: play,
        groups: groups, files: [], command: "deq report fuzz.json", relatedCommands: [], version: "0")
    ).html
  }

  private var play: ReportContents.Play {
    let count = min(model.nilpotencyIndex ?? 16, 16)
    var forward = IterationRecording(of: model, iterations: count)
    let start = model.blocks.map { Matrix<Double>(rows: 1, columns: $0.size) }
    let input = Matrix<Double>(rows: 1, columns: model.inputSize)
    _ = model.iterate(at: input, from: start, count: count) { forward.observe($0, $1) }
    return .recorded(forward: forward, adjoint: nil)
  }

  // MARK: What every text must be

  /// Whether a text has no control characters but the ends of lines.
  private static func isVisible(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0 == "\n" || !isInvisible($0) }
  }

  /// Whether every element of well-formed XML that is opened is closed in turn. Names and attributes that come from the
  /// model have no `<`, and what is quoted no `>`, since both are written as references.
  private static func isBalanced(_ text: String) -> Bool {
    var open: [Substring] = []
    var rest = text[...]
    while let start = rest.firstIndex(of: "<") {
      rest = rest[rest.index(after: start)...]
      guard let end = rest.firstIndex(of: ">") else { return false }
      let tag = rest[..<end]
      rest = rest[rest.index(after: end)...]
      if tag.hasPrefix("!") || tag.hasPrefix("?") || tag.hasSuffix("/") { continue }
      let name = tag.prefix { $0 != " " && $0 != "/" && $0 != "\n" }
      if tag.hasPrefix("/") {
        guard open.popLast() == tag.dropFirst() else { return false }
        continue
      }
      open.append(name)
      // Their text is no markup.
      if name == "script" || name == "style" {
        guard let close = rest.firstRange(of: "</\(name)>") else { return false }
        rest = rest[close.lowerBound...]
      }
    }
    return open.isEmpty
  }
}
