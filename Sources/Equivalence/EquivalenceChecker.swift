import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators

/// Decides whether two models are the same function with the same gradients: two networks, two equilibrium
/// models, or one of each.
///
/// It attempts a proof, evaluates both models on seeded random inputs, and without a proof searches for an
/// input on which they differ. A network is evaluated layer by layer and differentiated by backpropagation.
/// An equilibrium model is solved along its dependency graph, and again, from a random start, by a generic
/// solver on the whole state; so is its adjoint. The checker uses nothing of the conversion.
public struct EquivalenceChecker: Sendable {
  /// How many random inputs are drawn; with 0 and no `inputs` only a proof is attempted.
  public var samples = 16
  /// Additional inputs to compare, `[count, input]`.
  public var inputs: Matrix<Double>?
  /// The range of every coordinate of the data, from which all inputs are drawn; unbounded if nil.
  public var domain: ClosedRange<Double>?
  /// How many samples are evaluated together. If nil, as many as have four million numbers together, at least one:
  /// whatever memory a machine has, so that sums of gradients have the same bits on every machine.
  public var samplesAtOnce: Int?
  /// The seed of the proof's challenge, the inputs, cotangents and random starts.
  public var seed: UInt64 = 0
  /// How equilibria and adjoints are found, and when they are accepted. If they are accepted before
  /// rounding level, the change made by solving to rounding level explains a difference too. The generic
  /// path always solves to rounding level.
  public var solving = SolveSettings()
  /// The generic solver, which iterates on the whole state.
  public var solver: any FixedPointSolver = Picard()
  /// The precision of the evaluation; a proof is always exact.
  public var precision = Precision.float64
  /// The cost limit of the generic path, in multiplications. Beyond it the path takes fewer samples or is
  /// skipped, and the report says so.
  public var workBudget = 4e9
  /// The most inputs that a search for a counterexample may try without a proof. If nil, ten for each
  /// sample, and more if they are cheap; 0 skips the search.
  public var searchBudget: Int?
  /// The identities of both models, which determine the challenge of the proof; nil means digests of their
  /// equations.
  public var identities = ModelIdentities()

  /// Notes for the report on how the check was set up, such as why it draws fewer samples.
  public var notes: [String] = []

  /// A checker with the default settings.
  public init() {}

  /// Checks a network against an equilibrium model.
  public func check(
    _ network: Network<Double>, against model: EquilibriumModel<Double>
  ) -> EquivalenceReport {
    check(.network(network), against: .equilibrium(model))
  }

  /// Checks one pair of models.
  public func check(_ first: JudgedModel, against second: JudgedModel) -> EquivalenceReport {
    let proof = proof(of: first.equations, and: second.equations, identities: identities, seed: seed)
    guard (first.inputSize, first.outputSize) == (second.inputSize, second.outputSize) else {
      return EquivalenceReport(
        proof: proof, measurement: Measurement(), counterexample: nil, search: nil, hasOtherSizes: true,
        notes: [
          "first model: \(first.inputSize) inputs, \(first.outputSize) outputs; "
            + "second model: \(second.inputSize) inputs, \(second.outputSize) outputs"
        ])
    }
    guard samples > 0 || inputs != nil else {
      return EquivalenceReport(
        proof: proof, measurement: Measurement(), counterexample: nil, search: nil, notes: notes)
    }
    switch precision {
    case .float64: return Judgement<Double, Float>(self, first, second, proof).report()
    case .float32: return Judgement<Float, Double>(self, first, second, proof).report()
    }
  }

  func measurementSettings(of proof: ProofReport) -> MeasurementSettings {
    var looksForOtherEquilibria = true
    var triesOtherParameters = false
    if case .proved = proof.function { looksForOtherEquilibria = false }
    if case .notProved = proof.parameters.outcome { triesOtherParameters = proof.function.isProved }
    return MeasurementSettings(
      samples: samples, inputs: inputs, domain: domain, seed: seed, solving: solving, solver: solver,
      workBudget: workBudget, samplesAtOnce: samplesAtOnce,
      triesOtherParameters: triesOtherParameters, looksForOtherEquilibria: looksForOtherEquilibria)
  }
}
