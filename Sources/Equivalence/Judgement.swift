import Blocks
import Equilibria
import LinearAlgebra
import Networks
import Operators

/// The judgement of one pair of models after the proof attempt: evaluation in precision `S`, with rounding
/// measured against precision `T`.
struct Judgement<S: Scalar, T: Scalar> {
  private let checker: EquivalenceChecker
  private let first: JudgedModel
  private let second: JudgedModel
  private let proof: ProofReport
  private var measuring: Measuring<S, T>

  init(
    _ checker: EquivalenceChecker, _ first: JudgedModel, _ second: JudgedModel, _ proof: ProofReport
  ) {
    self.checker = checker
    self.first = first
    self.second = second
    self.proof = proof
    measuring = Measuring(
      first, second, matches: proof.parameters.matches, settings: checker.measurementSettings(of: proof))
  }

  func report() -> EquivalenceReport {
    var measuring = measuring
    let measurement = measuring.measure()
    var counterexample = counterexample(in: measurement)
    var summary: SearchReport?
    if counterexample?.discrepancy.quantity != .output, proof.function.basis == nil {
      let (found, tried) = search(measuring)
      (counterexample, summary) = (found ?? counterexample, tried)
    }
    return EquivalenceReport(
      proof: proof, measurement: measurement,
      counterexample: counterexample.map { summary?.finding == nil ? shrunk($0, measuring) : $0 },
      search: summary, notes: checker.notes)
  }

  /// The sample whose outputs differ most; nil if a proof exists or no outputs differ.
  private func counterexample(in measurement: Measurement) -> Counterexample? {
    guard proof.function.basis == nil,
      let worst = measurement.structured.first(where: { $0.quantity == .output && $0.agreement == .differs })
        ?? measurement.structured.first(where: {
          $0.quantity == .inputGradient && $0.agreement == .differs
        }),
      let sample = worst.sample
    else { return nil }
    return counterexample(worst, on: measurement.inputs.selectingRows([sample]))
  }

  private func counterexample(_ discrepancy: Discrepancy, on x: Matrix<Double>) -> Counterexample {
    Counterexample(
      input: x.elements, discrepancy: discrepancy,
      origin: DifferenceOrigin(on: x, first: first.equations, second: second.equations))
  }

  // MARK: The search

  /// Searches for an input on which the outputs differ.
  private func search(_ measuring: Measuring<S, T>) -> (Counterexample?, SearchReport?) {
    let budget =
      checker.searchBudget
      ?? SearchSettings.budget(
        samples: max(1, checker.samples),
        multiplicationsPerRow: first.multiplications + second.multiplications)
    guard budget > 0, first.inputSize > 0 else { return (nil, nil) }
    let settings = SearchSettings(seed: checker.seed, budget: budget, domain: checker.domain)
    let report = CounterexampleSearch(settings: settings).run(on: target(measuring))
    guard let input = report.finding?.input else { return (nil, report) }
    let x = Matrix(rows: 1, columns: input.count, elements: input)
    // The judge confirmed this difference while the input was shrunk.
    return (measuring.outputDifferences(on: x)[0].map { counterexample($0, on: x) }, report)
  }

  /// A sample's counterexample on a simpler input: fewer non-zero coordinates, shorter numbers, and a
  /// difference that is not much smaller.
  private func shrunk(_ found: Counterexample, _ measuring: Measuring<S, T>) -> Counterexample {
    guard found.discrepancy.quantity == .output else { return found }
    let domain = SearchDomain(checker.domain)
    let shrinking = InputShrinking(
      target: target(measuring), domain: domain.contains(found.input) ? domain : SearchDomain(nil))
    let input = shrinking.shrunk(found)
    let x = Matrix(rows: 1, columns: input.count, elements: input)
    return measuring.outputDifferences(on: x)[0].map { counterexample($0, on: x) } ?? found
  }

  private func target(_ measuring: Measuring<S, T>) -> SearchTarget {
    let (sides, passes) = (measuring.sides, measuring.passes)
    return SearchTarget(
      inputSize: first.inputSize,
      evaluate: { x in
        let (own, quick) = (x.cast(to: S.self), Side<S>.quick)
        let ours = sides.first.outputs(own, by: quick, in: passes)
        let theirs = sides.second.outputs(own, by: quick, in: passes)
        return PairedOutputs(
          first: ours.values.cast(to: Double.self), second: theirs.values.cast(to: Double.self),
          comparable: zip(ours.isFinite, theirs.isFinite).map { $0 && $1 })
      },
      inputGradient: { x, cotangent in
        let (x, u, quick) = (x.cast(to: S.self), cotangent.cast(to: S.self), Side<S>.quick)
        var difference = sides.first.gradients(x, u, by: quick, in: passes).input.cast(to: Double.self)
        let other = sides.second.gradients(x, u, by: quick, in: passes).input.cast(to: Double.self)
        for index in difference.elements.indices { difference.elements[index] -= other.elements[index] }
        return difference
      },
      differences: { x in
        measuring.outputDifferences(on: x).map { found in
          found.map { OutputDifference($0) }
        }
      },
      probes: probes)
  }

  /// The units at which the proof failed.
  private var probes: [SearchProbe] {
    guard case .notProved(let gap) = proof.function else { return [] }
    return [(gap.first, first), (gap.second, second)].compactMap { place, model in
      place.flatMap { SearchProbe(unit: $0, of: model.equations) }
    }
  }
}

extension OutputDifference {
  fileprivate init(_ discrepancy: Discrepancy) {
    self.init(index: discrepancy.index, first: discrepancy.first, second: discrepancy.second)
  }
}

extension InputShrinking {
  /// The input of a counterexample from outside the search.
  fileprivate func shrunk(_ found: Counterexample) -> [Double] {
    var shrinking = self
    let finding = SearchFinding(
      input: found.input, difference: OutputDifference(found.discrepancy), strategy: "samples")
    return shrinking.shrink(finding).input
  }
}

extension SearchProbe {
  /// A unit of a model: its pre-activation if its block is elementwise, else its value; nil if the equation
  /// is not one of a model's.
  fileprivate init?(unit: UnitPlace, of system: EquationSystem) {
    var blocks = system.equations
    guard blocks.indices.contains(unit.equation), unit.index < blocks[unit.equation].size else { return nil }
    if blocks[unit.equation].portSizes == [blocks[unit.equation].size] {
      blocks[unit.equation].nonlinearity = Identity()
    }
    guard
      let model = try? EquilibriumModel(
        inputShape: system.inputShape, blocks: blocks, output: unit.equation)
    else { return nil }
    let side = Side<Double>(.equilibrium(model))
    let passes = SamplePasses(.equilibrium(model), .equilibrium(model), samplesAtOnce: nil)
    let size = blocks[unit.equation].size
    self.init { x in
      var (values, gradients): ([Double], [Matrix<Double>]) = ([], [])
      for range in passes.ranges(of: x.rows) {
        var forward = side.forward(x.rows(range), by: Side<Double>.quick, keeping: passes.retention)
        var cotangent = Matrix<Double>(rows: range.count, columns: size)
        for row in 0..<range.count { cotangent[row, unit.index] = 1 }
        values += (0..<range.count).map { forward.output[$0, unit.index] }
        gradients.append(forward.backward(cotangent).gradients.input)
      }
      return (values, Matrix(below: gradients, columns: x.columns))
    }
  }
}

extension JudgedModel {
  /// The multiplications for one sample. A cyclic group counts as so many that the search uses its least
  /// budget, because a sample that does not converge takes hundreds of iterations.
  fileprivate var multiplications: Int {
    switch self {
    case .network(let network):
      network.layers.reduce(0) { sum, layer in
        switch layer {
        case .explicit(let block): sum + block.multiplications
        case .implicit(let layer): sum + JudgedModel.equilibrium(layer.model).multiplications
        }
      }
    case .equilibrium(let model):
      model.groups.reduce(0) { sum, group in
        sum + (group.isCyclic ? 1 << 40 : group.members.reduce(0) { $0 + model.blocks[$1].multiplications })
      }
    }
  }
}

extension Block {
  /// The multiplications of the linear maps for one sample, plus one for each coordinate.
  fileprivate var multiplications: Int { terms.reduce(size) { $0 + $1.map.multiplications } }
}
