import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators

/// A model in one precision, on its way through a comparison.
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

  /// How a model is solved where thousands of inputs are tried and a sample that does not settle is passed over.
  static var quick: SolveSettings {
    SolveSettings(by: .structured(Impatient(Anderson(), maximumIterations: 200)))
  }

  /// Evaluates the model on a batch `[batch, input]`.
  ///
  /// - Parameter other: How its equilibria are found, if not as usual.
  func forward(_ x: Matrix<S>, by other: SolveSettings? = nil) -> ForwardValues<S> {
    let settings = other ?? self.settings
    let rule = settings.rule(of: S.self)
    switch model {
    case .network(let network):
      let pass = network.forward(x, solvingBy: settings.method, until: rule)
      return ForwardValues(
        output: pass.output, converged: pass.converged, failure: pass.failure, records: [],
        trace: .network(network, pass), settings: settings)
    case .equilibrium(let model):
      let solution = model.solve(x, by: settings.method, until: rule)
      return ForwardValues(
        output: solution.output, converged: solution.converged, failure: solution.failure,
        records: solution.records, trace: .equilibrium(model, solution), settings: settings)
    }
  }
}

/// What a model returns on a batch, and what its derivative needs.
struct ForwardValues<S: Scalar> {
  /// The output, `[batch, outputs]`.
  let output: Matrix<S>
  /// Whether each sample has its equilibria.
  let converged: [Bool]
  /// The first sample without one, or nil.
  let failure: NoEquilibrium?
  /// What the iterations of an equilibrium model did.
  let records: [SolveRecord]
  fileprivate let trace: Trace
  fileprivate let settings: SolveSettings

  fileprivate enum Trace {
    case network(Network<S>, ForwardPass<S>)
    case equilibrium(EquilibriumModel<S>, EquilibriumSolution<S>)
  }

  /// Whether a sample has an output, every number of it finite.
  func isFinite(_ sample: Int) -> Bool { converged[sample] && allFinite(Array(output.row(sample))) }

  /// The gradients of `Σ ⟨cotangent, output⟩`, for a cotangent `[batch, outputs]`.
  func backward(_ cotangent: Matrix<S>) -> BackwardValues<S> {
    let (method, rule) = (settings.method, settings.rule(of: S.self))
    switch trace {
    case .network(let network, let pass):
      let back = network.backpropagate(cotangent, through: pass, solvingBy: method, until: rule)
      return BackwardValues(
        gradients: back.gradients, converged: back.converged, failure: back.failure, records: [],
        offPattern: nil)
    case .equilibrium(let model, let solution):
      let point = model.linearization(at: solution)
      let adjoint = model.adjoint(at: point, cotangent: cotangent, by: method, until: rule)
      return BackwardValues(
        gradients: model.gradients(at: point, adjoint: adjoint), converged: adjoint.converged,
        failure: adjoint.failure, records: adjoint.records,
        offPattern: OffPatternGradient(of: model, at: point, adjoint: adjoint))
    }
  }
}

/// The gradients of a model on a batch.
struct BackwardValues<S: Scalar> {
  /// The gradient of the input for each sample, and that of the parameters, summed over the samples.
  let gradients: Gradients<S>
  /// Whether the adjoint of each sample has been reached.
  let converged: [Bool]
  /// The first sample whose adjoint has not, or nil.
  let failure: NoEquilibrium?
  /// What the adjoint's iterations of an equilibrium model did.
  let records: [SolveRecord]
  /// The part of `∂ℓ/∂W_z` off the pattern of `W_z`, of an equilibrium model.
  let offPattern: OffPatternGradient?

  /// Whether a sample has a gradient of the input, every number of it finite.
  func isFinite(_ sample: Int) -> Bool { converged[sample] && allFinite(Array(gradients.input.row(sample))) }

  /// Whether all gradients of the parameters are finite.
  var hasFiniteParameters: Bool {
    gradients.parameters.names.allSatisfy { allFinite(gradients.parameters[$0]!.elements) }
  }
}

/// A solver that gives up early.
private struct Impatient: FixedPointSolver {
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
