import RandomNetworks
import TestSupport
import Testing

@testable import Equivalence

/// Whether the proof sees that rewritten networks are one function, and that those with a number changed are not.
@Suite("Proofs of rewritten networks")
struct RewritingCampaignTests {
  private static let settings: NetworkGenerator = {
    var settings = NetworkGenerator()
    settings.maximumDepth = 5
    settings.maximumWidth = 6
    return settings
  }()

  @Test("A campaign sees a prover that believes everything, and one that believes nothing")
  func campaignSeesBadProvers() {
    let report = { (function: FunctionProof) in
      ProofReport(
        function: function,
        parameters: ParameterProof(matches: [], onlyFirst: [], onlySecond: [], outcome: .nothingShared))
    }
    var credulous = RewritingCampaign(settings: Self.settings) { _, _, _ in
      report(.proved(ProofBasis(method: .field)))
    }
    credulous.run(.unitsPermuted, seeds: 0..<3)
    #expect(credulous.rows[.unitsPermuted]?.provedFaults.count == 3)
    #expect(credulous.rows[.unitsPermuted]?.proved == 3)
    var sceptical = RewritingCampaign(settings: Self.settings) { _, _, _ in
      report(.notProved(ProofGap(reason: "nothing is certain")))
    }
    sceptical.run(.unitsPermuted, seeds: 0..<3)
    #expect(sceptical.rows[.unitsPermuted]?.reasons.count == 3)
    #expect(sceptical.rows[.unitsPermuted]?.provedFaults.isEmpty == true)
  }

  @Test("Every rewriting is proved to be the same function, and none with a number changed")
  func campaign() {
    var campaign = RewritingCampaign(settings: Self.settings) { first, second, seed in
      proof(of: first.equations, and: second.equations, seed: seed)
    }
    let count = UInt64(campaignSize(3))
    for kind in RewritingKind.allCases { campaign.run(kind, seeds: 0..<count) }
    print(campaign.table)
    for kind in RewritingKind.allCases {
      let row = campaign.rows[kind] ?? RewritingCampaign.Row()
      #expect(row.rewritings > 0 && row.faults > 0, "\(kind.rawValue) was never made")
      #expect(row.reasons.isEmpty, "\(kind.rawValue): \(row.reasons)")
      // The names that an implicit layer gives to its entries say where they stand, and what stands there moves.
      if kind != .implicitPermuted {
        #expect(row.parameterReasons.isEmpty, "\(kind.rawValue): \(row.parameterReasons)")
      }
      #expect(row.provedFaults.isEmpty, "\(kind.rawValue): \(row.provedFaults)")
    }
  }
}
