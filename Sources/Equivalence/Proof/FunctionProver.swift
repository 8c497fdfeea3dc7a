import Equilibria
import LinearAlgebra
import Operators

/// The digests of both models' bytes, 32 bytes each, which determine the challenge of a proof together with
/// its seed.
public struct ModelIdentities: Sendable {
  /// The first model's; nil means a digest of its equations.
  public var first: [UInt8]?
  /// The second model's; nil means a digest of its equations.
  public var second: [UInt8]?

  /// These identities.
  public init(first: [UInt8]? = nil, second: [UInt8]? = nil) {
    self.first = first
    self.second = second
  }
}

/// Proves that two systems of equations are one function: bit by bit if the equations are the same, else in
/// random fields.
///
/// The documentation page "Proof" describes a field proof and its assumptions.
final class FunctionProver {
  /// How many challenges are drawn if a denominator is zero.
  static let attempts: UInt64 = 4

  let first: EquationSystem
  let second: EquationSystem
  private let given: ModelIdentities
  private let seed: UInt64

  /// A prover about two systems.
  init(_ first: EquationSystem, _ second: EquationSystem, identities: ModelIdentities, seed: UInt64) {
    self.first = first
    self.second = second
    given = identities
    self.seed = seed
  }

  private lazy var identities = (
    first: given.first ?? first.contentDigest, second: given.second ?? second.contentDigest
  )

  /// What is proved.
  var report: ProofReport {
    if let reason = reasonOfSizes {
      let parameters = ParameterProver(self, function: nil).unproved(reason)
      return ProofReport(function: .notProved(ProofGap(reason: reason)), parameters: parameters)
    }
    guard let equations = Proof(network: first, model: second) else { return reportOfFields }
    let basis = ProofBasis(method: .equations)
    let function =
      first.hasOneEquilibrium ? FunctionProof.proved(basis) : FunctionProof.sameEquations(basis)
    let parameters = ParameterProver(self, function: nil)
    return ProofReport(
      function: function,
      parameters: equations.hasSameParameters
        ? parameters.provedByEquations : parameters.proof(given: function))
  }

  /// What is proved by values in random fields.
  ///
  /// A proof for all values of the parameters includes the values in the files. If both files have the same
  /// values it is tried first, because nothing else must then be evaluated. If it excludes values for which
  /// an output is undefined, it does not say whether the files' own values are excluded, so these are
  /// evaluated too.
  private var reportOfFields: ProofReport {
    var parameters = ParameterProver(self, function: nil)
    let early = parameters.coversSameNumbers ? parameters.proofByElements : nil
    if let early, case .proved(let basis) = early.outcome, !basis.whereDefined,
      first.hasOneEquilibrium || second.hasOneEquilibrium
    {
      return ProofReport(function: .proved(basis), parameters: early)
    }
    let comparison = comparison()
    let function = verdict(of: comparison)
    if case .notProved(var gap) = function {
      gap.difference = firstDifference(network: first, model: second)
      parameters = ParameterProver(self, function: comparison)
      return ProofReport(function: .notProved(gap), parameters: parameters.proof(given: function))
    }
    return ProofReport(
      function: function,
      parameters: early ?? ParameterProver(self, function: comparison).proof(given: function))
  }

  private var reasonOfSizes: String? {
    let inputs = [first, second].map { $0.inputShape.reduce(1, *) }
    if inputs[0] != inputs[1] { return "the first reads \(inputs[0]) numbers, the second \(inputs[1])" }
    let outputs = [first, second].map { $0.equations[$0.output].size }
    if outputs[0] != outputs[1] { return "the first returns \(outputs[0]) numbers, the second \(outputs[1])" }
    return nil
  }

  /// Both sides in random fields, drawn again if a denominator is zero.
  ///
  /// - Parameter parameters: Elements that replace the numbers of parameters on both sides, for a
  ///   challenge.
  func comparison(
    parameters: (Interpretation) -> (first: [String: ParameterImages], second: [String: ParameterImages]) = {
      _ in ([:], [:])
    }
  ) -> FieldComparison {
    var attempt: UInt64 = 0
    while true {
      let challenge = FieldChallenge(
        first: identities.first, second: identities.second, seed: seed, attempt: attempt)
      let elements = parameters(Interpretation(challenge))
      let applied = AppliedMaps()
      let comparison = FieldComparison(
        systems: (first, second),
        evaluations: (
          FieldEvaluation(of: first, under: challenge, parameters: elements.first, after: applied),
          FieldEvaluation(of: second, under: challenge, parameters: elements.second, after: applied)
        ))
      attempt += 1
      guard comparison.failure == .zeroDenominator, attempt < Self.attempts else { return comparison }
    }
  }

  private func verdict(of comparison: FieldComparison) -> FunctionProof {
    if let reason = comparison.difference { return .notProved(comparison.gap(reason)) }
    let basis = ProofBasis(
      method: .field, errorBound: comparison.errorBound, whereDefined: comparison.isPartial)
    switch comparison.groupMatch {
    case .unique: return .proved(basis)
    case .same: return .sameEquations(basis)
    case .different(let reason): return .notProved(comparison.gap(reason))
    }
  }
}

/// What is proved of two systems of equations.
///
/// - Parameters:
///   - identities: The models' identities, from which the challenge is drawn.
///   - seed: Another seed draws another challenge.
func proof(
  of first: EquationSystem, and second: EquationSystem, identities: ModelIdentities = ModelIdentities(),
  seed: UInt64 = 0
) -> ProofReport {
  FunctionProver(first, second, identities: identities, seed: seed).report
}
