import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators

/// Makes a measurement: both sides in precision `S` on the same samples. Differences that need an
/// explanation are compared with those at neighbouring inputs, in precision `T` too.
struct Measuring<S: Scalar, T: Scalar> {
  let settings: MeasurementSettings
  let models: (first: JudgedModel, second: JudgedModel)
  let sides: (first: Side<S>, second: Side<S>)
  let matches: [ParameterMatch]
  let comparison: QuantityComparison
  let equilibria: EquilibriumPair?
  /// How the samples are divided.
  let passes: SamplePasses
  var result = Measurement()

  init(
    _ first: JudgedModel, _ second: JudgedModel, matches: [ParameterMatch], settings: MeasurementSettings
  ) {
    self.settings = settings
    self.matches = matches
    models = (first, second)
    passes = SamplePasses(first, second, samplesAtOnce: settings.samplesAtOnce)
    sides = (Side(first, solving: settings.solving), Side(second, solving: settings.solving))
    let (ours, theirs) = (first.equations, second.equations)
    equilibria = EquilibriumPair(ours, theirs)
    comparison = QuantityComparison(
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
    let cotangent = inputs.normal(rows: x.rows, columns: models.first.outputSize)
    let beginning = (result, inputs)
    var sums = PassSums(addsAtOnce: passes.ranges(of: x.rows).count > 1)
    while true {
      for rows in passes.ranges(of: x.rows) where !sums.isSpoiled {
        measure(rows, of: x, cotangent, &sums, &inputs)
      }
      guard sums.isSpoiled else { break }
      // A sample without finite gradients must not be added to the others: each pass is looked at on its own.
      sums = PassSums(addsAtOnce: false)
      (result, inputs) = beginning
    }
    finish(sums, of: x, cotangent)
    return result
  }

  /// Measures the samples of one pass.
  private mutating func measure(
    _ rows: Range<Int>, of x: Matrix<Double>, _ cotangent: Matrix<Double>, _ sums: inout PassSums,
    _ inputs: inout TestInputs
  ) {
    guard var batch = compareOutputs(of: rows, in: x, &sums) else { return }
    batch.cotangent = cotangent.selectingRows(batch.samples)
    let compared = batch.x
    if let differentiated = compareGradients(&batch, &sums) {
      if sums.differentiated.isEmpty { compareWhole(differentiated, &inputs, &sums) }
      sums.add(differentiated)
    }
    if settings.triesOtherParameters, !sums.hasTriedOtherParameters {
      sums.hasTriedOtherParameters = true
      tryOtherParameters(on: compared)
    }
  }

  /// Adds what was found over all passes to the result.
  private mutating func finish(_ sums: PassSums, of x: Matrix<Double>, _ cotangent: Matrix<Double>) {
    result.samples.comparedByGradients = sums.differentiated.count
    if sums.differentiated.isEmpty, sums.samplesTried > 0 {
      result.notes.append("gradients: finite on both sides for none of \(sums.samplesTried) samples")
    }
    if sums.passes > 1, !result.solves.isEmpty {
      result.notes.append("the solvers' statistics and the norms off the pattern are those of the first pass")
    }
    append(sums.outputs)
    append(sums.inputGradients)
    compareParameterGradients(
      sums, of: x.selectingRows(sums.differentiated), cotangent.selectingRows(sums.differentiated))
    result.discrepancies += sums.whole
  }

  private func drawn(_ inputs: inout TestInputs) -> Matrix<Double> {
    let size = models.first.inputSize
    let random = inputs.inputs(samples: settings.samples, size: size, domain: settings.domain)
    guard let own = settings.inputs else { return random }
    return Matrix(rows: random.rows + own.rows, columns: size, elements: random.elements + own.elements)
  }

  // MARK: Outputs

  /// Samples for which both sides have values.
  struct Batch {
    /// Their positions among the drawn samples.
    var samples: [Int]
    var x: Matrix<Double>
    var cotangent = Matrix<Double>(rows: 0, columns: 0)
    var first: ForwardValues<S>
    var second: ForwardValues<S>

    /// The batch of these rows; evaluated again unless these are all, and can still be differentiated.
    func selecting(_ rows: [Int], from measuring: Measuring) -> Batch {
      if rows.count == samples.count, first.isDifferentiable, second.isDifferentiable { return self }
      return evaluated(rows, by: measuring.sides, in: measuring.passes)
    }

    /// These rows, evaluated again.
    func evaluated(
      _ rows: [Int], by sides: (first: Side<S>, second: Side<S>), in passes: SamplePasses
    ) -> Batch {
      var batch = self
      batch.samples = rows.map { samples[$0] }
      batch.x = x.selectingRows(rows)
      if cotangent.rows > 0 { batch.cotangent = cotangent.selectingRows(rows) }
      let own = batch.x.cast(to: S.self)
      batch.first = sides.first.forward(own, keeping: passes.retention)
      batch.second = sides.second.forward(own, keeping: passes.retention)
      return batch
    }
  }

  /// A batch of the given samples.
  private func batch(of samples: Range<Int>, in x: Matrix<Double>) -> Batch {
    let x = x.rows(samples)
    let own = x.cast(to: S.self)
    return Batch(
      samples: Array(samples), x: x, first: sides.first.forward(own, keeping: passes.retention),
      second: sides.second.forward(own, keeping: passes.retention))
  }

  /// Evaluates both sides, classifies the samples, and compares the outputs if both sides have values; nil
  /// if no sample does.
  private mutating func compareOutputs(
    of rows: Range<Int>, in x: Matrix<Double>, _ sums: inout PassSums
  ) -> Batch? {
    let all = batch(of: rows, in: x)
    let comparable = sortOut(all)
    guard !comparable.isEmpty else { return nil }
    var batch = all.selecting(comparable, from: self)
    let discrepancies = outputDiscrepancies(batch)
    let isElsewhere = discrepancies.indices.map { row in
      discrepancies[row].agreement == .differs
        && equilibria?.mayDifferByEquilibrium(on: batch.x.selectingRows([row]), seed: settings.seed) == true
    }
    result.samples.atOtherEquilibria += isElsewhere.count { $0 }
    let kept = discrepancies.indices.filter { !isElsewhere[$0] }
    sums.outputs += kept.map { discrepancies[$0] }
    if settings.looksForOtherEquilibria, let equilibria, sums.passes == 0 {
      let some = batch.x.selectingRows(Array(0..<min(4, batch.x.rows)))
      result.hasSeveralEquilibria = equilibria.hasSeveralEquilibria(on: some, seed: settings.seed)
    }
    sums.passes += 1
    guard !kept.isEmpty else { return nil }
    batch = batch.selecting(kept, from: self)
    return batch
  }

  /// Compares the outputs of every sample of a batch for which both sides have values.
  private func outputDiscrepancies(_ batch: Batch) -> [Discrepancy] {
    let rows = (0..<batch.samples.count).map { row in
      (batch.first.output.row(row).map { Double($0) }, batch.second.output.row(row).map { Double($0) })
    }
    let unexplained = rows.indices.filter { comparison.needsMeasurement(rows[$0].0, rows[$0].1) }
    let statistics = neighbourhood(of: batch.x.selectingRows(unexplained))?.outputs()
    return rows.enumerated().map { row, values in
      comparison.worst(
        .output, path: .structured, first: values.0, second: values.1, sample: batch.samples[row],
        neighbours: unexplained.firstIndex(of: row).map { QuantityComparison.Neighbours(statistics![$0]) })
    }
  }

  /// For each of the inputs `x`, `[batch, input]`, the difference of the outputs, unless rounding explains
  /// it or each side's equilibrium is also one of the other.
  func outputDifferences(on x: Matrix<Double>) -> [Discrepancy?] {
    var found = [Discrepancy?](repeating: nil, count: x.rows)
    for rows in passes.ranges(of: x.rows) {
      let own = x.rows(rows).cast(to: S.self)
      var all = Batch(
        samples: Array(rows), x: x.rows(rows), first: sides.first.forward(own, keeping: .output),
        second: sides.second.forward(own, keeping: .output))
      let comparable = (0..<rows.count).filter { all.first.isFinite($0) && all.second.isFinite($0) }
      guard !comparable.isEmpty else { continue }
      if comparable.count < rows.count { all = all.selecting(comparable, from: self) }
      for discrepancy in outputDiscrepancies(all) {
        guard discrepancy.agreement == .differs, let sample = discrepancy.sample else { continue }
        if equilibria?.mayDifferByEquilibrium(on: x.selectingRows([sample]), seed: settings.seed) == true {
          continue
        }
        found[sample] = discrepancy
      }
    }
    return found
  }

  /// Counts the outcomes of the samples, and returns those with a finite output on both sides.
  private mutating func sortOut(_ batch: Batch) -> [Int] {
    var comparable: [Int] = []
    for (row, _) in batch.samples.enumerated() {
      switch (batch.first.isFinite(row), batch.second.isFinite(row)) {
      case (true, true): comparable.append(row)
      case (false, false): result.samples.withoutValue += 1
      default: result.samples.oneSided += 1
      }
    }
    result.samples.compared += comparable.count
    note(batch.first.failure, batch.second.failure, in: batch)
    return comparable
  }

  /// Notes each side's first failure.
  mutating func note(
    _ first: NoEquilibrium?, _ second: NoEquilibrium?, _ kind: String = "", in batch: Batch
  ) {
    for (name, failure) in [("first", first), ("second", second)] {
      let beginning = "\(name) model: \(kind)none found"
      guard let failure, !result.notes.contains(where: { $0.hasPrefix(beginning) }) else { continue }
      let sample = batch.samples[failure.sample]
      result.notes.append("\(name) model: \(kind)\(failure.description(ofSample: sample))")
    }
  }

  func neighbourhood(of x: Matrix<Double>) -> Neighbourhood<S, T>? {
    guard x.rows > 0 else { return nil }
    return Neighbourhood(
      of: x, models.first, models.second, level: comparison.level, solving: settings.solving,
      passes: passes, seed: settings.seed)
  }

  /// Adds the worst of several samples' differences; those at kinks are counted separately.
  private mutating func append(_ found: [Discrepancy]) { result.discrepancies += worst(of: found) }

  /// The worst of several samples' differences, and the worst of those at kinks.
  func worst(of found: [Discrepancy]) -> [Discrepancy] {
    [false, true].compactMap { kinks in
      found.filter { ($0.agreement == .kink) == kinks }
        .max { ($0.agreement, $0.excess, $0.absolute) < ($1.agreement, $1.excess, $1.absolute) }
    }
  }

  /// Compares the outputs at other values of the parameters. Equal functions of the parameters have equal
  /// gradients, but equal gradients at one point say nothing about the next step of training.
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
}
