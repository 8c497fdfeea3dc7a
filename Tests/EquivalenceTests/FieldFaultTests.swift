import Conversion
import Equilibria
import LinearAlgebra
import Networks
import RandomNetworks
import TestSupport
import Testing

@testable import Equivalence

/// Every kind of fault, in the conversions of random networks: does the proof in finite fields believe one?
@Suite("Planted faults and the proof in finite fields")
struct FieldFaultTests {
  /// What became of the faults of one kind.
  private struct Row {
    var planted = 0
    /// How many were seen to change the function.
    var effective = 0
    /// How many others were proved: faults that are none.
    var harmless = 0
  }

  private static func settings(graphs: Bool) -> NetworkGenerator {
    var settings = NetworkGenerator()
    settings.graphShare = graphs ? 1 : 0
    settings.maximumDepth = 5
    settings.maximumWidth = 6
    return settings
  }

  @Test("No fault that changes the function is proved", arguments: [false, true])
  func faults(graphs: Bool) {
    let settings = Self.settings(graphs: graphs)
    var table: [Fault.Kind: Row] = [:]
    for seed in 0..<UInt64(campaignSize(16)) {
      let network = settings.network(seed: 20_000 + seed)
      let converted = EquilibriumModel(converting: network)
      let equations = JudgedModel.network(network).equations
      for (position, kind) in Fault.Kind.allCases.enumerated() {
        var generator = SeededGenerator(seed: seed << 8 | UInt64(position))
        guard let fault = Fault.planted(in: converted, kind: kind, using: &generator) else { continue }
        let function = proof(of: equations, and: JudgedModel.equilibrium(fault.model).equations, seed: seed)
          .function
        var row = table[kind] ?? Row()
        row.planted += 1
        let isEffective = isEffective(fault.model, on: converted, seed: seed)
        if isEffective { row.effective += 1 }
        if function.basis != nil {
          #expect(!isEffective, "seed \(20_000 + seed), graphs \(graphs): \(fault)")
          row.harmless += 1
        }
        table[kind] = row
      }
    }
    let lines = Fault.Kind.allCases.compactMap { kind in
      table[kind].map { "\(kind.rawValue) | \($0.planted) | \($0.effective) | \($0.harmless)" }
    }
    print((["fault | planted | changes the function | proved harmless"] + lines).joined(separator: "\n"))
    #expect(table.values.reduce(0) { $0 + $1.effective } > table.values.reduce(0) { $0 + $1.planted } / 3)
  }
}
