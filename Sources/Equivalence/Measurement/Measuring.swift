import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators

/// Makes a measurement: both sides in precision `S` on the same samples, with every difference that needs it explained by
/// what lies next to it, in precision `T` too.
struct Measuring<S: Scalar, T: Scalar> {
  let settings: MeasurementSettings
  let models: (first: JudgedModel, second: JudgedModel)
  let sides: (first: Side<S>, second: Side<S>)
  private let matches: [ParameterMatch]
  let comparison: Comparison
  private let equilibria: EquilibriumPair?
  var result = Measurement()

  init(
    _ first: JudgedModel, _ second: JudgedModel, matches: [ParameterMatch], settings: MeasurementSettings
  ) {
    self.settings = settings
    self.matches = matches
    models = (first, second)
    sides = (Side(first, solving: settings.solving), Side(second, solving: settings.solving))
    let (ours, theirs) = (first.equations, second.equations)
    equilibria = EquilibriumPair(ours, theirs)
    comparison = Comparison(
      level: RoundingLevel(isFloat64: S.self == Double.self, isIterative: equilibria != nil))
  }

  /// The measurement.
  mutating func measure() -> Measurement {
    var inputs = TestInputs(seed: settings.seed)
    let x = drawn(&inputs)
    result.inputs = x
    result.samples.drawn = x.rows
    if settings.solving.hasTolerance, equilibria != nil {
      result.notes.append(
        "equilibria are accepted within the tolerance asked for; a difference counts where that does not explain it"
      )
    }
    guard var batch = compareOutputs(on: x) else { return result }
    let cotangent = inputs.normal(rows: x.rows, columns: models.first.outputSize)
      .selectingRows(batch.samples)
    batch.cotangent = cotangent
    if let differentiated = compareGradients(&batch) {
      compareWhole(differentiated, &inputs)
    }
    if settings.triesOtherParameters { tryOtherParameters(on: batch.x) }
    return result
  }

  private func drawn(_ inputs: inout TestInputs) -> Matrix<Double> {
    let size = models.first.inputSize
    let random = inputs.inputs(samples: settings.samples, size: size, domain: settings.domain)
    guard let own = settings.inputs else { return random }
    return Matrix(rows: random.rows + own.rows, columns: size, elements: random.elements + own.elements)
  }

  // MARK: Outputs

  /// Samples that both sides have values for.
  struct Batch {
    /// Their positions among those drawn.
    var samples: [Int]
    var x: Matrix<Double>
    var cotangent = Matrix<Double>(rows: 0, columns: 0)
    var first: ForwardValues<S>
    var second: ForwardValues<S>

    /// Some of its rows.
    func selecting(_ rows: [Int], from sides: (first: Side<S>, second: Side<S>)) -> Batch {
      if rows.count == samples.count { return self }
      var part = self
      part.samples = rows.map { samples[$0] }
      part.x = x.selectingRows(rows)
      if cotangent.rows > 0 { part.cotangent = cotangent.selectingRows(rows) }
      return part.evaluated(by: sides)
    }

    /// The same samples, evaluated again.
    func evaluated(by sides: (first: Side<S>, second: Side<S>)) -> Batch {
      var batch = self
      let own = x.cast(to: S.self)
      (batch.first, batch.second) = (sides.first.forward(own), sides.second.forward(own))
      return batch
    }
  }

  /// Evaluates both sides, sorts the samples out, and compares the outputs of those that both have values for; nil where
  /// there is none.
  private mutating func compareOutputs(on x: Matrix<Double>) -> Batch? {
    let own = x.cast(to: S.self)
    let all = Batch(
      samples: Array(0..<x.rows), x: x, first: sides.first.forward(own), second: sides.second.forward(own))
    let comparable = sortOut(all)
    guard !comparable.isEmpty else { return nil }
    var batch = all.selecting(comparable, from: sides)
    let discrepancies = outputDiscrepancies(batch)
    let isElsewhere = discrepancies.indices.map { row in
      discrepancies[row].agreement == .differs
        && equilibria?.mayAgree(on: batch.x.selectingRows([row]), seed: settings.seed) == true
    }
    result.samples.atOtherEquilibria = isElsewhere.count { $0 }
    let kept = discrepancies.indices.filter { !isElsewhere[$0] }
    append(kept.map { discrepancies[$0] })
    if settings.looksForOtherEquilibria, let equilibria {
      let some = batch.x.selectingRows(Array(0..<min(4, batch.x.rows)))
      result.hasSeveralEquilibria = equilibria.hasSeveralEquilibria(on: some, seed: settings.seed)
    }
    guard !kept.isEmpty else { return nil }
    batch = batch.selecting(kept, from: sides)
    return batch
  }

  /// Compares the outputs of every sample of a batch that both sides have values for.
  private func outputDiscrepancies(_ batch: Batch) -> [Discrepancy] {
    let rows = (0..<batch.samples.count).map { row in
      (batch.first.output.row(row).map { Double($0) }, batch.second.output.row(row).map { Double($0) })
    }
    let unexplained = rows.indices.filter { comparison.needsMeasurement(rows[$0].0, rows[$0].1) }
    let neighbourhood = neighbourhood(of: unexplained, in: batch)
    return rows.enumerated().map { row, values in
      comparison.worst(
        .output, path: .structured, first: values.0, second: values.1, sample: batch.samples[row],
        neighbours: unexplained.firstIndex(of: row).map {
          Comparison.Neighbours(neighbourhood!.output(ofSample: $0))
        })
    }
  }

  /// For each of the inputs `x`, `[batch, input]`, the difference of the outputs there, where rounding does not explain it
  /// and each side's equilibrium is not one of the other too.
  func outputDifferences(on x: Matrix<Double>) -> [Discrepancy?] {
    let own = x.cast(to: S.self)
    let all = Batch(
      samples: Array(0..<x.rows), x: x, first: sides.first.forward(own), second: sides.second.forward(own))
    let comparable = all.samples.filter { all.first.isFinite($0) && all.second.isFinite($0) }
    var found = [Discrepancy?](repeating: nil, count: x.rows)
    guard !comparable.isEmpty else { return found }
    for discrepancy in outputDiscrepancies(all.selecting(comparable, from: sides)) {
      guard discrepancy.agreement == .differs, let sample = discrepancy.sample else { continue }
      if equilibria?.mayAgree(on: x.selectingRows([sample]), seed: settings.seed) == true { continue }
      found[sample] = discrepancy
    }
    return found
  }

  /// Counts what became of the samples, and returns those with a finite output on both sides.
  private mutating func sortOut(_ batch: Batch) -> [Int] {
    var comparable: [Int] = []
    for sample in batch.samples {
      switch (batch.first.isFinite(sample), batch.second.isFinite(sample)) {
      case (true, true): comparable.append(sample)
      case (false, false): result.samples.withoutValue += 1
      default: result.samples.oneSided += 1
      }
    }
    result.samples.compared = comparable.count
    if let failure = batch.first.failure { result.notes.append("first model: \(failure)") }
    if let failure = batch.second.failure { result.notes.append("second model: \(failure)") }
    return comparable
  }

  private func neighbourhood(of rows: [Int], in batch: Batch) -> Neighbourhood<S, T>? {
    guard !rows.isEmpty else { return nil }
    return Neighbourhood(
      of: batch.x.selectingRows(rows), models.first, models.second, level: comparison.level,
      solving: settings.solving, seed: settings.seed)
  }

  /// Adds the worst of several samples' differences, and of those at kinks, which count apart.
  mutating func append(_ found: [Discrepancy]) {
    for kinks in [false, true] {
      let worst = found.filter { ($0.agreement == .kink) == kinks }
        .max { ($0.agreement, $0.excess, $0.absolute) < ($1.agreement, $1.excess, $1.absolute) }
      if let worst { result.discrepancies.append(worst) }
    }
  }

  /// Compares the outputs for other values of the parameters: gradients of one function of its parameters are equal, while
  /// equal gradients at one point say nothing of the next step of a training.
  private mutating func tryOtherParameters(on x: Matrix<Double>) {
    let scales = models.first.parameterScales
    let moved = [true, false].map { isFirst in
      (isFirst ? models.first : models.second)
        .withRandomParameters(matches, isFirst: isFirst, scales: scales, seed: settings.seed)
    }
    let other = Measuring(moved[0], moved[1], matches: matches, settings: settings)
    result.atOtherParameters = other.outputDifferences(on: x).compactMap { $0 }
      .max { ($0.excess, $0.absolute) < ($1.excess, $1.absolute) }
  }

  // MARK: Gradients

  /// Samples with their gradients on both sides.
  struct Differentiated {
    let batch: Batch
    let first: BackwardValues<S>
    let second: BackwardValues<S>

    init(_ batch: Batch) {
      self.batch = batch
      let cotangent = batch.cotangent.cast(to: S.self)
      first = batch.first.backward(cotangent)
      second = batch.second.backward(cotangent)
    }

    /// The rows with finite gradients of the input on both sides.
    var finiteRows: [Int] {
      batch.samples.indices.filter { first.isFinite($0) && second.isFinite($0) }
    }

    var isFinite: Bool {
      finiteRows.count == batch.samples.count && first.hasFiniteParameters && second.hasFiniteParameters
    }
  }

  /// Differentiates both sides, and compares the gradients of those samples where both are finite; nil where there is none.
  private mutating func compareGradients(_ batch: inout Batch) -> Differentiated? {
    var all = Differentiated(batch)
    if !all.isFinite {
      note(all)
      let rows = rowsWithFiniteGradients(all)
      guard !rows.isEmpty else {
        result.notes.append("gradients: finite on both sides for none of \(batch.samples.count) samples")
        return nil
      }
      all = Differentiated(batch.selecting(rows, from: sides))
    }
    result.samples.comparedByGradients = all.batch.samples.count
    result.offPattern = all.second.offPattern ?? all.first.offPattern
    record(all)
    compareInputGradients(all)
    compareParameterGradients(all)
    return all
  }

  private mutating func note(_ all: Differentiated) {
    if let failure = all.first.failure { result.notes.append("first model: adjoint: \(failure)") }
    if let failure = all.second.failure { result.notes.append("second model: adjoint: \(failure)") }
  }

  /// One sample's gradient of a parameter may be infinite while that of its input is not; so each is tried by itself where
  /// the sum over all is not finite.
  private func rowsWithFiniteGradients(_ all: Differentiated) -> [Int] {
    let rows = all.finiteRows
    guard !rows.isEmpty else { return [] }
    if rows.count < all.batch.samples.count,
      Differentiated(all.batch.selecting(rows, from: sides)).isFinite
    {
      return rows
    }
    return rows.filter { Differentiated(all.batch.selecting([$0], from: sides)).isFinite }
  }

  private mutating func record(_ all: Differentiated) {
    for (model, forward, backward) in [
      (models.first, all.batch.first, all.first), (models.second, all.batch.second, all.second),
    ] {
      guard case .equilibrium = model else { continue }
      result.solves.append(
        PathRecord(path: .structured, forward: forward.records, adjoint: backward.records))
    }
  }

  private mutating func compareInputGradients(_ all: Differentiated) {
    let rows = all.batch.samples.indices.map { row in
      (
        all.first.gradients.input.row(row).map { Double($0) },
        all.second.gradients.input.row(row).map { Double($0) }
      )
    }
    let unexplained = rows.indices.filter { comparison.needsMeasurement(rows[$0].0, rows[$0].1) }
    let neighbours = neighbourhood(of: unexplained, in: all.batch)?
      .gradients(all.batch.cotangent.selectingRows(unexplained))
    append(
      rows.enumerated().map { row, values in
        comparison.worst(
          .inputGradient, path: .structured, first: values.0, second: values.1,
          sample: all.batch.samples[row],
          neighbours: unexplained.firstIndex(of: row).map {
            Comparison.Neighbours(neighbours!.input(ofSample: $0))
          })
      })
  }

  private mutating func compareParameterGradients(_ all: Differentiated) {
    let pairs = matches.compactMap { match -> (ParameterMatch, [Double], [Double])? in
      guard let ours = all.first.gradients.parameters[match.first],
        let theirs = all.second.gradients.parameters[match.second], ours.count == theirs.count
      else { return nil }
      return (match, ours.elements.map { Double($0) }, match.inFirstLayout(theirs).map { Double($0) })
    }
    let needed = pairs.contains { comparison.needsMeasurement($0.1, $0.2) }
    let neighbours =
      needed
      ? neighbourhood(of: Array(all.batch.samples.indices), in: all.batch)?.gradients(all.batch.cotangent)
      : nil
    for (match, ours, theirs) in pairs {
      let isUnexplained = comparison.needsMeasurement(ours, theirs)
      result.discrepancies.append(
        comparison.worst(
          .parameterGradient(first: match.first, second: match.second), path: .structured, first: ours,
          second: theirs, sample: nil,
          neighbours: isUnexplained
            ? neighbours?.parameter(match).map { Comparison.Neighbours($0) } : nil))
    }
  }
}
