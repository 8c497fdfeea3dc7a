import Equilibria
import FixedPoints
import LinearAlgebra
import Networks
import Operators

/// Decides whether a network and an equilibrium model are the same function, with the same gradients.
///
/// It proves what it can (`Proof`), and runs both on seeded random inputs through different paths: the network
/// layer by layer and by backpropagation; the equilibrium model by the structured solver, and by a generic
/// solver on the whole state from a random start, the adjoint both ways too. It asks nothing of the conversion.
public struct EquivalenceChecker: Sendable {
  /// The precision in which both models are evaluated.
  public enum Precision: String, Sendable, CaseIterable {
    /// Double precision.
    case float64
    /// Single precision.
    case float32
  }

  /// How many random inputs are drawn; with 0 there is the proof alone.
  public var samples = 16
  /// What decides the inputs, cotangents and random starts.
  public var seed: UInt64 = 0
  /// The generic solver, which iterates on the whole state.
  public var solver: any FixedPointSolver = Picard()
  /// The precision of the evaluation; a proof is always exact.
  public var precision = Precision.float64
  /// How much the generic path may cost, in multiplications; see `cost`. Beyond it the path takes fewer
  /// samples, or is left out, and the report says so.
  public var workBudget = 4e9

  /// A checker with the default settings.
  public init() {}

  /// Checks one pair of models.
  public func check(
    _ network: Network<Double>, against model: EquilibriumModel<Double>
  ) -> EquivalenceReport {
    let proof = Proof(network: EquationSystem(network), model: EquationSystem(model))
    var report = EquivalenceReport(
      verdict: .undecided, proof: proof.outcome, discrepancies: [], counterexample: nil,
      samples: SampleCounts(), solves: [], offPattern: nil, notes: [])
    if (network.inputSize, network.outputSize) == (model.inputSize, model.outputSize) {
      guard samples > 0 else {
        report.verdict = proof.outcome == .proved ? .proved : .undecided
        return report
      }
      switch precision {
      case .float64:
        Trial<Double, Float>(checker: self, network: network, model: model, proof: proof).run(&report)
      case .float32:
        Trial<Float, Double>(checker: self, network: network, model: model, proof: proof).run(&report)
      }
    } else {
      report.verdict = .refuted
      report.notes.append(
        "network: \(network.inputSize) inputs, \(network.outputSize) outputs; "
          + "equilibrium model: \(model.inputSize) inputs, \(model.outputSize) outputs")
    }
    return report
  }

  /// What one solve on the whole state costs for each sample, in multiplications: evaluations of the
  /// transition, forward and adjoint, times the multiplications in it and an overhead for each block.
  func cost(of model: EquilibriumModel<Double>) -> Double {
    let products = model.blocks.reduce(0.0) { sum, block in
      block.terms.reduce(sum) { $0 + Double($1.map.multiplications) }
    }
    let evaluations = Double(model.nilpotencyIndex ?? 100) + 1
    return 3 * evaluations * (products + 4000 * Double(model.blocks.count))
  }
}
