import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators

/// One of the two models of a comparison, in one precision.
struct Side<S: Scalar>: Sendable {
  private enum Model: Sendable {
    case network(Network<S>)
    case equilibrium(EquilibriumModel<S>)
  }

  private let model: Model
  /// How its equilibria are found.
  private let settings: SolveSettings

  /// A model, every number rounded to nearest.
  ///
  /// - Parameter settings: How its equilibria are found: by default along its dependency graph, to rounding.
  init(_ model: JudgedModel, solving settings: SolveSettings = SolveSettings()) {
    self.settings = settings
    switch model {
    case .network(let network): self.model = .network(network.cast(to: S.self))
    case .equilibrium(let model): self.model = .equilibrium(model.cast(to: S.self))
    }
  }

  /// The settings when thousands of inputs are tried and a sample that does not converge is skipped.
  static var quick: SolveSettings {
    SolveSettings(by: .structured(IterationLimited(Anderson(), maximumIterations: 200)))
  }

  /// Evaluates the model on a batch `[batch, input]`.
  ///
  /// - Parameters:
  ///   - other: How its equilibria are found, if not by the side's own settings.
  ///   - retention: What is kept for one derivative; `backward` then gives its memory away.
  func forward(
    _ x: Matrix<S>, by other: SolveSettings? = nil, keeping retention: Retention
  ) -> ForwardValues<S> {
    let settings = other ?? self.settings
    let rule = settings.rule(of: S.self)
    switch model {
    case .network(let network):
      let pass = network.forward(x, solvingBy: settings.method, until: rule, keeping: retention)
      return ForwardValues(
        output: pass.output, converged: pass.converged, failure: pass.failure, records: [],
        trace: retention == .output ? nil : .network(network, pass), settings: settings)
    case .equilibrium(let model):
      // The gradients of whole matrices need the whole state.
      let retention = model.form == .matrix && retention == .ports ? .everything : retention
      let solution = model.solve(x, by: settings.method, until: rule, keeping: retention)
      return ForwardValues(
        output: solution.output, converged: solution.converged, failure: solution.failure,
        records: solution.records, trace: retention == .output ? nil : .equilibrium(model, solution),
        settings: settings)
    }
  }

  /// The outputs of a batch of any number of samples, and which of them are finite.
  func outputs(
    _ x: Matrix<S>, by other: SolveSettings? = nil, in passes: SamplePasses
  ) -> (values: Matrix<S>, converged: [Bool], isFinite: [Bool]) {
    let parts = passes.ranges(of: x.rows).map { forward(x.rows($0), by: other, keeping: .output) }
    let columns = parts.first?.output.columns ?? 0
    return (
      Matrix(below: parts.map(\.output), columns: columns), parts.flatMap(\.converged),
      parts.flatMap { part in part.converged.indices.map(part.isFinite) }
    )
  }

  /// The gradients of `Σ ⟨cotangent, output⟩` of a batch of any number of samples.
  func gradients(
    _ x: Matrix<S>, _ cotangent: Matrix<S>, by other: SolveSettings? = nil, in passes: SamplePasses
  ) -> Gradients<S> {
    let ranges = passes.ranges(of: x.rows)
    var sum: ParameterTensors<S>? = ranges.count > 1 ? ParameterTensors() : nil
    var inputs: [Matrix<S>] = []
    for range in ranges {
      var forward = forward(x.rows(range), by: other, keeping: passes.retention)
      var taken: ParameterTensors<S>?
      swap(&taken, &sum)
      let back = forward.backward(cotangent.rows(range), addingTo: consume taken)
      inputs.append(back.gradients.input)
      sum = back.gradients.parameters
    }
    return Gradients(input: Matrix(below: inputs, columns: x.columns), parameters: sum ?? ParameterTensors())
  }
}

/// A model's values on a batch, and what its derivative needs.
struct ForwardValues<S: Scalar> {
  /// The output, `[batch, outputs]`.
  let output: Matrix<S>
  /// Whether all equilibria of each sample were found.
  let converged: [Bool]
  /// The first sample without an equilibrium, or nil.
  let failure: NoEquilibrium?
  /// Records of an equilibrium model's iterations.
  let records: [SolveRecord]
  private(set) var trace: Trace?
  fileprivate let settings: SolveSettings

  enum Trace {
    case network(Network<S>, ForwardPass<S>)
    case equilibrium(EquilibriumModel<S>, EquilibriumSolution<S>)
  }

  /// Whether `backward` can be called.
  var isDifferentiable: Bool { trace != nil }

  /// Whether a sample has an output with only finite numbers.
  func isFinite(_ sample: Int) -> Bool { converged[sample] && allFinite(Array(output.row(sample))) }

  /// The gradients of `Σ ⟨cotangent, output⟩`, for a cotangent `[batch, outputs]`, once: what the evaluation kept is
  /// given away.
  ///
  /// - Parameter sum: Gradients to which those of the parameters are added, nil for none.
  /// - Precondition: `isDifferentiable`.
  mutating func backward(
    _ cotangent: Matrix<S>, addingTo sum: consuming ParameterTensors<S>? = nil
  ) -> BackwardValues<S> {
    let (method, rule) = (settings.method, settings.rule(of: S.self))
    var taken: Trace?
    swap(&taken, &trace)
    switch consume taken {
    case .network(let network, let pass):
      let back = network.backpropagate(
        cotangent, through: consume pass, solvingBy: method, until: rule, addingTo: consume sum)
      return BackwardValues(
        gradients: back.gradients, converged: back.converged, failure: back.failure, records: [],
        offPattern: nil)
    case .equilibrium(let model, let solution):
      var norms = OffPatternNorms(of: model, batch: cotangent.rows)
      let back = model.backpropagate(
        cotangent, through: consume solution, by: method, until: rule, addingTo: consume sum
      ) { norms.add($0, portCotangents: $1, value: $2) }
      return BackwardValues(
        gradients: back.gradients, converged: back.converged, failure: back.failure, records: back.records,
        offPattern: norms.gradient)
    case nil: preconditionFailure("a derivative of values that were not kept")
    }
  }
}

/// The gradients of a model on a batch.
struct BackwardValues<S: Scalar> {
  /// The gradient of the input for each sample, and the gradients of the parameters summed over the
  /// samples.
  var gradients: Gradients<S>
  /// Whether the adjoint of each sample converged.
  let converged: [Bool]
  /// The first sample whose adjoint did not converge, or nil.
  let failure: NoEquilibrium?
  /// Records of the adjoint's iterations of an equilibrium model.
  let records: [SolveRecord]
  /// The part of `∂ℓ/∂W_z` off the pattern of `W_z`, of an equilibrium model.
  let offPattern: OffPatternGradient?

  /// Whether a sample has a gradient of the input with only finite numbers.
  func isFinite(_ sample: Int) -> Bool { converged[sample] && allFinite(Array(gradients.input.row(sample))) }

  /// Whether all gradients of the parameters are finite.
  var hasFiniteParameters: Bool {
    gradients.parameters.names.allSatisfy { allFinite(gradients.parameters[$0]!.elements) }
  }
}

/// A solver with a lower limit on its iterations.
private struct IterationLimited: FixedPointSolver {
  let solver: any FixedPointSolver
  let maximumIterations: Int

  init(_ solver: any FixedPointSolver, maximumIterations: Int) {
    self.solver = solver
    self.maximumIterations = maximumIterations
  }

  var name: String { solver.name }

  func solve<S: Scalar>(
    _ problem: FixedPointProblem<S>, from start: Matrix<S>, until rule: StoppingRule
  ) -> FixedPointSolution<S> {
    var rule = rule
    rule.maximumIterations = min(rule.maximumIterations, maximumIterations)
    return solver.solve(problem, from: start, until: rule)
  }
}
