import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators

/// The numerical half of a check: both models in precision `S`, and the network in precision `T` too, which
/// measures the rounding.
struct Trial<S: Scalar, T: Scalar> {
  private let checker: EquivalenceChecker
  private let network: Network<S>
  private let networkInT: Network<T>
  private let model: EquilibriumModel<S>
  private let modelInT: EquilibriumModel<T>
  private let proof: Proof
  private let original: (network: Network<Double>, model: EquilibriumModel<Double>)
  private let level: RoundingLevel

  /// How the network's implicit layers are solved. Newton's method shares nothing with the solvers that the
  /// equilibrium model is given.
  private let networkMethod = SolutionMethod.structured(Polished(Newton()))

  init(
    checker: EquivalenceChecker, network: Network<Double>, model: EquilibriumModel<Double>, proof: Proof
  ) {
    self.checker = checker
    self.network = network.cast(to: S.self)
    networkInT = network.cast(to: T.self)
    let labelled = labelled(model, by: proof)
    self.model = labelled.cast(to: S.self)
    modelInT = labelled.cast(to: T.self)
    self.proof = proof
    original = (network, model)
    level = RoundingLevel(
      isFloat64: S.self == Double.self, isIterative: !model.cyclicGroups.isEmpty || network.hasImplicitLayers)
  }

  func run(_ report: inout EquivalenceReport) {
    var inputs = TestInputs(seed: checker.seed)
    let x = inputs.inputs(samples: checker.samples, size: network.inputSize)
    let comparable = selectComparable(x, &report)
    let selected = x.selectingRows(comparable)
    let cotangent = inputs.normal(rows: comparable.count, columns: network.outputSize)
    if !comparable.isEmpty {
      let reference = Reference(self, selected, cotangent)
      compareStructured(selected, cotangent, reference, &report)
      compareWhole(selected, cotangent, reference, &inputs, &report)
    }
    conclude(&report, inputs: selected)
  }

  // MARK: Which samples can be compared

  /// Runs both sides forward, and returns the samples for which both have finite values.
  private func selectComparable(_ x: Matrix<Double>, _ report: inout EquivalenceReport) -> [Int] {
    let x = x.cast(to: S.self)
    let ours = network.forward(x, solvingBy: networkMethod)
    let theirs = model.solve(x, by: .structured(Polished(GroupSolver())))
    var comparable: [Int] = []
    report.samples.drawn = x.rows
    for sample in 0..<x.rows {
      let finite = (allFinite(Array(ours.output.row(sample))), allFinite(Array(theirs.output.row(sample))))
      if !ours.converged[sample] || !theirs.converged[sample] {
        report.samples.unconverged += 1
      } else if !finite.0, !finite.1 {
        report.samples.notFinite += 1
      } else {
        comparable.append(sample)
      }
    }
    report.samples.compared = comparable.count
    if let failure = ours.failure { report.notes.append("network: \(failure)") }
    if let failure = theirs.failure { report.notes.append("equilibrium model: \(failure)") }
    if report.samples.notFinite > 0 {
      report.notes.append("\(report.samples.notFinite) samples: outputs of both are not finite; not compared")
    }
    return comparable
  }

  // MARK: The paths

  /// The network's side on a batch: layer by layer and backpropagation, in both precisions.
  private struct Reference {
    let output: Matrix<S>
    let gradients: Gradients<S>
    let outputInT: Matrix<T>
    let gradientsInT: Gradients<T>
    let failure: NoEquilibrium?

    init(_ trial: Trial, _ x: Matrix<Double>, _ cotangent: Matrix<Double>) {
      let method = trial.networkMethod
      let pass = trial.network.forward(x.cast(to: S.self), solvingBy: method)
      let back = trial.network.backpropagate(cotangent.cast(to: S.self), through: pass, solvingBy: method)
      output = pass.output
      gradients = back.gradients
      failure = back.failure
      let passInT = trial.networkInT.forward(x.cast(to: T.self), solvingBy: method)
      outputInT = passInT.output
      gradientsInT =
        trial.networkInT.backpropagate(cotangent.cast(to: T.self), through: passInT, solvingBy: method)
        .gradients
    }
  }

  private func compareStructured(
    _ x: Matrix<Double>, _ cotangent: Matrix<Double>, _ reference: Reference,
    _ report: inout EquivalenceReport
  ) {
    let method = SolutionMethod.structured(Polished(GroupSolver()))
    let run = PathRun(model, x, cotangent, by: method)
    let before = report
    compare(path: "structured", run, PathRun(modelInT, x, cotangent, by: method), reference, &report)
    report.offPattern = OffPatternGradient(of: model, at: run.point, adjoint: run.adjoint)
    if level.isIterative, report.discrepancies.contains(where: { !$0.isRounding }) {
      settleSeveralEquilibria(x, cotangent, reference, before: before, &report)
    }
  }

  /// Where a group has several equilibria, two solvers may each find another, and that is no difference between
  /// the models: with the network's own solver they agree.
  private func settleSeveralEquilibria(
    _ x: Matrix<Double>, _ cotangent: Matrix<Double>, _ reference: Reference, before: EquivalenceReport,
    _ report: inout EquivalenceReport
  ) {
    var again = before
    compare(
      path: "structured", PathRun(model, x, cotangent, by: networkMethod),
      PathRun(modelInT, x, cotangent, by: networkMethod), reference, &again)
    guard again.discrepancies.contains(where: { $0.path == "structured" }),
      again.discrepancies.allSatisfy(\.isRounding)
    else { return }
    again.offPattern = report.offPattern
    again.notes.append(
      "structured: \(GroupSolver().name) finds another equilibrium than newton, with which both models agree: "
        + "the equilibrium is not unique")
    report = again
  }

  private func compareWhole(
    _ x: Matrix<Double>, _ cotangent: Matrix<Double>, _ reference: Reference, _ inputs: inout TestInputs,
    _ report: inout EquivalenceReport
  ) {
    let name = checker.solver.name
    let affordable = Int(min(checker.workBudget / checker.cost(of: original.model), Double(x.rows)))
    guard affordable > 0 else {
      report.notes.append("\(name) on the whole state left out: one sample would exceed the work budget")
      return
    }
    if affordable < x.rows {
      report.notes.append(
        "\(name) on the whole state: \(affordable) of \(x.rows) samples, for the work budget")
    }
    let rows = Array(0..<affordable)
    let (x, cotangent) = (x.selectingRows(rows), cotangent.selectingRows(rows))
    let reference = affordable < reference.output.rows ? Reference(self, x, cotangent) : reference
    let method = SolutionMethod.whole(isExact ? checker.solver : Polished(checker.solver))
    // A contraction by 0.98 is settled until then; a slower one is a note, since nothing is decided by this path.
    let patience = isExact ? nil : 2_000
    let start = inputs.normal(rows: affordable, columns: model.stateSize)
    let adjointStart = inputs.normal(rows: affordable, columns: model.stateSize)
    compare(
      path: name,
      PathRun(
        model, x, cotangent, by: method, from: start, adjointFrom: adjointStart, patience: patience),
      PathRun(
        modelInT, x, cotangent, by: method, from: start, adjointFrom: adjointStart, patience: patience),
      reference, &report)
  }

  // MARK: Comparing

  private func compare(
    path: String, _ run: PathRun<S>, _ runInT: PathRun<T>, _ reference: Reference,
    _ report: inout EquivalenceReport
  ) {
    report.solves.append(PathRecord(path: path, forward: run.solution.records, adjoint: run.adjoint.records))
    guard run.solution.failure == nil else {
      report.notes.append("\(path): \(run.solution.failure!); not compared")
      return
    }
    var comparison = Comparison(level: level)
    var found = [
      comparison.worst(
        "output", path: path, network: reference.output, model: run.solution.output,
        others: [reference.outputInT] + (runInT.solution.failure == nil ? [runInT.solution.output] : []),
        rowsAreSamples: true)
    ]
    if let failure = run.adjoint.failure ?? reference.failure {
      report.notes.append("\(path): adjoint: \(failure); gradients not compared")
    } else {
      found += compareGradients(path: path, run, runInT, reference, &comparison, &report)
    }
    if comparison.notFinite > 0 {
      report.notes.append(
        "\(path): \(comparison.notFinite) gradients are not finite on both sides; not compared")
    }
    report.discrepancies += found.compactMap { $0 }
  }

  private func compareGradients(
    path: String, _ run: PathRun<S>, _ runInT: PathRun<T>, _ reference: Reference,
    _ comparison: inout Comparison,
    _ report: inout EquivalenceReport
  ) -> [Discrepancy?] {
    let gradients = run.gradients
    let inT = [reference.gradientsInT] + (runInT.failure == nil ? [runInT.gradients] : [])
    let ofInput = comparison.worst(
      "gradient of input", path: path, network: reference.gradients.input, model: gradients.input,
      others: inT.map { $0.input }, rowsAreSamples: true)
    let parameters = reference.gradients.parameters
    return [ofInput]
      + parameters.names.map { name in
        let ours = parameters[name]!
        guard let theirs = gradients.parameters[name], theirs.shape == ours.shape else {
          report.notes.append(
            "\(path): no gradient of \(name) with shape \(ours.shape) in the equilibrium model"
              + (gradients.parameters[name].map { ", but one with shape \($0.shape)" } ?? ""))
          return missing(name, path: path, of: ours)
        }
        return comparison.worst(
          "gradient of \(name)", path: path, network: row(ours), model: row(theirs),
          others: inT.compactMap { $0.parameters[name].map { row($0) } }, rowsAreSamples: false)
      }
  }

  /// A gradient that one side does not have differs by all of itself.
  private func missing(_ name: String, path: String, of tensor: Tensor<S>) -> Discrepancy {
    let scale = Double(largestMagnitude(tensor.elements[...]))
    let index = tensor.elements.firstIndex { abs(Double($0)) == scale } ?? 0
    return Discrepancy(
      quantity: "gradient of \(name)", path: path, absolute: .infinity, relative: .infinity, ulps: .infinity,
      allowed: 0, sample: nil, index: index, network: Double(tensor.elements[index]), equilibrium: .nan)
  }

  private func row<U: Scalar>(_ tensor: Tensor<U>) -> Matrix<U> {
    Matrix(rows: 1, columns: tensor.elements.count, elements: tensor.elements)
  }

  // MARK: The verdict

  private func conclude(_ report: inout EquivalenceReport, inputs: Matrix<Double>) {
    let decisive = report.discrepancies.filter { !$0.isRounding && isDecisive($0, in: report) }
    if let worst = decisive.max(by: { $0.excess < $1.excess }) {
      report.verdict = .refuted
      let output = decisive.filter { $0.quantity == "output" }.max { $0.excess < $1.excess }
      report.counterexample = counterexample(output ?? worst, inputs: inputs)
    } else if report.proof == .proved {
      report.verdict = .proved
    } else {
      report.verdict = report.samples.compared > 0 ? .agrees : .undecided
    }
    let others = report.discrepancies.filter { !$0.isRounding && !isDecisive($0, in: report) }
    if let worst = others.max(by: { $0.excess < $1.excess }) {
      report.notes.append(
        "\(worst.path): \(others.count) quantities differ by more than rounding, while the structured path agrees: "
          + "another equilibrium, a kink, or a solver that stopped short (\(worst.quantity): network "
          + "\(worst.network), equilibrium model \(worst.equilibrium))")
    }
  }

  /// Whether the generic solver reaches the fixed point exactly, by the theorem.
  private var isExact: Bool {
    original.model.nilpotencyIndex != nil && (checker.solver as? Picard)?.damping == 1
  }

  /// Whether a discrepancy speaks about the models, and not about a solver that may stop anywhere within its
  /// tolerance, or at another of several equilibria: the exact paths do, and every path if they disagree too.
  private func isDecisive(_ discrepancy: Discrepancy, in report: EquivalenceReport) -> Bool {
    if discrepancy.path == "structured" { return true }
    return isExact || report.discrepancies.contains { $0.path == "structured" && !$0.isRounding }
  }

  private func counterexample(_ discrepancy: Discrepancy, inputs: Matrix<Double>) -> Counterexample {
    let sample = discrepancy.sample ?? largestSample(inputs)
    let input = inputs.selectingRows([sample])
    return Counterexample(
      input: input.elements, discrepancy: discrepancy,
      contributor: largestContributor(on: input, model: original.model, proof: proof))
  }

  /// The sample with the largest input: a parameter's gradient is a sum over samples, and it speaks loudest.
  private func largestSample(_ inputs: Matrix<Double>) -> Int {
    (0..<inputs.rows).max { largestMagnitude(inputs.row($0)) < largestMagnitude(inputs.row($1)) } ?? 0
  }
}

extension Network {
  /// Whether a layer is the equilibrium of a model with a cyclic group.
  fileprivate var hasImplicitLayers: Bool {
    layers.contains { layer in
      if case .implicit(let layer) = layer { !layer.model.cyclicGroups.isEmpty } else { false }
    }
  }
}
