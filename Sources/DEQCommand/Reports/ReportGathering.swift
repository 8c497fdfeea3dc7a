import DeepEquilibrium

/// Everything that a page of `report` shows, computed from the models.
struct ReportGathering {
  let command: ReportCommand
  let models: [NamedModel]

  /// The contents of the page.
  ///
  /// - Parameter tell: Called with what is done next.
  func contents(_ tell: (String) -> Void) throws -> ReportContents {
    var timings: [(label: String, seconds: Double)] = []
    let (name, model, isConverted) = drawn
    let comparisons = try pairs.enumerated().map { number, pair in
      tell("comparing \(number + 1) of \(pairs.count)")
      return try timed("check of \(pair.second.paths[0])", &timings) { try comparison(pair) }
    }
    let sample = sample(of: model, comparisons)
    let gathering = IterationGathering(
      model: model, input: sample, seed: command.tried.seed, solve: command.solve, isTimed: command.timings)
    tell("iterating block by block")
    let play = timed("iterations, block by block", &timings) { gathering.play }
    tell("solving with each solver")
    let groups = timed("solvers and spectra", &timings) { gathering.groups }
    return ReportContents(
      name: name, isConverted: isConverted, model: model, comparisons: comparisons, play: play,
      groups: groups,
      files: files, command: words(["report"] + models.map { $0.paths[0] } + reportOptions),
      relatedCommands: relatedCommands, version: DEQ.version, timings: command.timings ? timings : [])
  }

  private func timed<Result>(
    _ label: String, _ timings: inout [(label: String, seconds: Double)], _ body: () throws -> Result
  ) rethrows -> Result {
    let clock = ContinuousClock()
    let start = clock.now
    let result = try body()
    timings.append((label, seconds(clock.now - start)))
    return result
  }

  // MARK: The models

  /// The model that is drawn: the first equilibrium model, else the first network's conversion.
  private var drawn: (name: String, model: EquilibriumModel<Double>, isConverted: Bool) {
    if let first = models.first(where: { $0.model.equilibrium != nil }) {
      return (first.paths[0], first.model.equilibrium!, false)
    }
    guard case .network(let network) = models[0].model else { preconditionFailure("neither kind of model") }
    return (models[0].paths[0], EquilibriumModel(converting: network), true)
  }

  /// What is compared: each model with the first; one alone with its conversion, or with itself.
  private var pairs: [(first: NamedModel, second: NamedModel)] {
    if models.count > 1 { return models.dropFirst().map { (models[0], $0) } }
    let (name, model, isConverted) = drawn
    let second = NamedModel(
      paths: [isConverted ? "the equilibrium model of \(name)" : name], model: .equilibrium(model),
      files: models[0].files)
    return [(models[0], second)]
  }

  private var isOfOneModel: Bool { models.count == 1 && models[0].model.equilibrium != nil }

  /// Every file once, in the order of reading.
  private var files: [InputFile] {
    var seen: Set<InputFile> = []
    return models.flatMap(\.files).filter { seen.insert($0).inserted }
  }

  private func comparison(_ pair: (first: NamedModel, second: NamedModel)) throws -> ReportContents.Comparison
  {
    let checker = try command.tried.checker(command.solve, pair.first, pair.second)
    let result = checker.check(pair.first.model, against: pair.second.model)
    let names = ReportNames(first: pair.first.paths, second: pair.second.paths[0])
    let model = pair.second.model.equilibrium ?? pair.first.model.equilibrium
    var report = Report()
    result.describe(names, model: model, in: &report)
    return ReportContents.Comparison(
      first: names.firstName, second: names.second, headline: result.headline(names),
      answers: (result.functionAnswer(model), result.inputGradientAnswer, result.parameterAnswer),
      rows: report.rows, result: result, isOfOneModel: isOfOneModel)
  }

  /// The sample that is iterated on: the second of the check's, since the first is zero; zeros where there is none.
  private func sample(
    of model: EquilibriumModel<Double>, _ comparisons: [ReportContents.Comparison]
  ) -> Matrix<Double> {
    guard
      let inputs = comparisons.lazy.map(\.result.measurement.inputs).first(where: {
        $0.rows > 0 && $0.columns == model.inputSize
      })
    else { return Matrix(rows: 1, columns: model.inputSize) }
    return inputs.selectingRows([min(1, inputs.rows - 1)])
  }

  // MARK: The commands

  private var reportOptions: [String] { checkOptions + (command.timings ? ["--timings"] : []) }

  /// The options that change what is computed.
  private var checkOptions: [String] {
    var options: [String] = []
    if let samples = command.tried.samples { options += ["--samples", "\(samples)"] }
    if let input = command.tried.input { options += ["--input", input] }
    if let bounds = command.tried.domain?.bounds {
      options += ["--range", "\(bounds.lowerBound),\(bounds.upperBound)"]
    }
    if let search = command.tried.search { options += ["--search", "\(search)"] }
    options += ["--seed", "\(command.tried.seed)"]
    return options + command.solve.words + readingOptions + command.threading.words
  }

  /// The options that change how the files are read.
  private var readingOptions: [String] { command.onnx.words + command.reading.words }

  private var relatedCommands: [(text: String, command: String)] {
    let inspect = models.map {
      ("What this file holds, as JSON:", words(["inspect", $0.paths[0]] + readingOptions + ["--json"]))
    }
    guard models.count > 1 else {
      let convert = ("The equilibrium model as a file, checked:", words(["convert", models[0].paths[0]]))
      return isOfOneModel ? inspect : [convert] + inspect
    }
    let checks = models.dropFirst().map {
      (
        "The verdict with all numbers, as JSON:",
        words(["check", models[0].paths[0], $0.paths[0]] + checkOptions + ["--json"])
      )
    }
    return checks + inspect
  }

  /// A command for a shell.
  private func words(_ words: [String]) -> String {
    (["deq"] + words).map { word in
      let isPlain =
        !word.isEmpty
        && word.utf8.allSatisfy { byte in
          (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122)
            || "_-./,+=:@%".utf8.contains(byte)
        }
      return isPlain
        ? word
        : "'" + word.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }.joined(separator: " ")
  }
}

/// A duration in seconds.
func seconds(_ duration: Duration) -> Double {
  Double(duration.components.seconds) + Double(duration.components.attoseconds) * 1e-18
}
