import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators

/// Decides whether two models are one function, with the same gradients: two networks, two equilibrium models, or one of
/// each.
///
/// It proves what it can, runs both on seeded random inputs, and where nothing is proved looks for an input on which they
/// differ. A network is evaluated layer by layer and differentiated by backpropagation; an equilibrium model is solved
/// along its dependency graph, and again, from a random start, by a generic solver on the whole state; so is its adjoint.
/// It asks nothing of the conversion.
public struct EquivalenceChecker: Sendable {
  /// The precision in which both models are evaluated.
  public enum Precision: String, Sendable, CaseIterable {
    /// Double precision.
    case float64
    /// Single precision.
    case float32
  }

  /// How many random inputs are drawn; with 0 and no `inputs` there is the proof alone.
  public var samples = 16
  /// Inputs to compare besides, `[count, input]`.
  public var inputs: Matrix<Double>?
  /// The range in which every coordinate of the data lies: all inputs are drawn from it; unbounded if nil.
  public var domain: ClosedRange<Double>?
  /// What decides the challenge of the proof, the inputs, cotangents and random starts.
  public var seed: UInt64 = 0
  /// How equilibria and adjoints are found, and when they are accepted. Where that is not at rounding, what solving to
  /// rounding changes explains a difference too. The generic path is asked for rounding always.
  public var solving = SolveSettings()
  /// The generic solver, which iterates on the whole state.
  public var solver: any FixedPointSolver = Picard()
  /// The precision of the evaluation; a proof is always exact.
  public var precision = Precision.float64
  /// How much the generic path may cost, in multiplications. Beyond it the path takes fewer samples, or is left out, and
  /// the report says so.
  public var workBudget = 4e9
  /// How many inputs a search for a counterexample may try, where nothing is proved; if nil ten for each sample, and more
  /// where they cost little; none for 0.
  public var searchBudget: Int?
  /// The identities of both models, which decide the challenge of the proof; digests of their equations where nil.
  public var identities = ModelIdentities()

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
      return EquivalenceReport(proof: proof, measurement: Measurement(), counterexample: nil, search: nil)
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
      workBudget: workBudget,
      triesOtherParameters: triesOtherParameters, looksForOtherEquilibria: looksForOtherEquilibria)
  }
}
