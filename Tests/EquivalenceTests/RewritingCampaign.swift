import Conversion
import Equilibria
import Equivalence
import LinearAlgebra
import Networks
import RandomNetworks
import TestSupport

/// What a proof says of rewritten networks, and of the same with one number changed: a table by kind.
struct RewritingCampaign {
  /// What is asked to prove that two models are one function.
  typealias Prover = (_ first: JudgedModel, _ second: JudgedModel, _ seed: UInt64) -> ProofReport

  /// What became of the pairs of one kind.
  struct Row {
    /// Pairs that are one function.
    var rewritings = 0
    /// Those that were proved to be.
    var proved = 0
    /// Those that were proved to have the same equations, though not a single equilibrium.
    var sameEquations = 0
    /// Why others were not, each with the seed.
    var reasons: [String] = []
    /// Why those that were proved were not proved for every value of the parameters that both sides name, each with the
    /// seed.
    var parameterReasons: [String] = []
    /// Pairs that are not one function.
    var faults = 0
    /// Those of them that were proved, each with the seed.
    var provedFaults: [String] = []
  }

  let settings: NetworkGenerator
  let prover: Prover
  private(set) var rows: [RewritingKind: Row] = [:]

  init(settings: NetworkGenerator, prover: @escaping Prover) {
    self.settings = settings
    self.prover = prover
  }

  /// Runs a kind through seeds.
  mutating func run(_ kind: RewritingKind, seeds: Range<UInt64>) {
    var row = rows[kind] ?? Row()
    for seed in seeds {
      guard let rewriting = NetworkRewriting.drawn(kind, seed: seed, settings: settings) else { continue }
      row.rewritings += 1
      let report = prove(rewriting.original, rewriting.rewritten, seed)
      switch report.function {
      case .proved: row.proved += 1
      case .sameEquations: row.sameEquations += 1
      case .notProved(let gap): row.reasons.append("seed \(seed): \(gap.reason)")
      }
      if case .notProved(let reason) = report.parameters.outcome, report.function.basis != nil {
        row.parameterReasons.append("seed \(seed): \(reason)")
      }
      var generator = SeededGenerator(seed: ~seed)
      guard let fault = rewriting.fault(using: &generator) else { continue }
      row.faults += 1
      guard prove(rewriting.original, fault.network, seed).function.basis != nil else { continue }
      row.provedFaults.append("seed \(seed): \(fault)")
    }
    rows[kind] = row
  }

  /// Asks for a proof of two networks, of one and the other's equilibrium model, or of both equilibrium models, in turn.
  private func prove(_ first: Network<Double>, _ second: Network<Double>, _ seed: UInt64) -> ProofReport {
    prover(
      seed % 4 < 2 ? .network(first) : .equilibrium(EquilibriumModel(converting: first)),
      seed % 2 < 1 ? .network(second) : .equilibrium(EquilibriumModel(converting: second)), seed)
  }

  /// One line for each kind.
  var table: String {
    let lines = RewritingKind.allCases.compactMap { kind -> String? in
      guard let row = rows[kind] else { return nil }
      let numbers = [
        row.rewritings, row.proved, row.sameEquations, row.reasons.count, row.parameterReasons.count,
        row.faults,
        row.provedFaults.count,
      ]
      return ([kind.rawValue] + numbers.map { "\($0)" } + [row.reasons.first ?? ""]).joined(separator: " | ")
    }
    return
      ([
        "kind | pairs | proved | same equations | not proved | parameters not | faults | faults proved | reason"
      ] + lines)
      .joined(separator: "\n")
  }
}
