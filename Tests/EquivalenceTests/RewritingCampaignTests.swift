import RandomNetworks
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
    let basis = ProofBasis(method: .field)
    var credulous = RewritingCampaign(settings: Self.settings) { _, _, _ in .proved(basis) }
    credulous.run(.unitsPermuted, seeds: 0..<3)
    #expect(credulous.rows[.unitsPermuted]?.provedFaults.count == 3)
    #expect(credulous.rows[.unitsPermuted]?.proved == 3)
    var sceptical = RewritingCampaign(settings: Self.settings) { _, _, _ in
      .notProved(ProofGap(reason: "nothing is certain"))
    }
    sceptical.run(.unitsPermuted, seeds: 0..<3)
    #expect(sceptical.rows[.unitsPermuted]?.reasons.count == 3)
    #expect(sceptical.rows[.unitsPermuted]?.provedFaults.isEmpty == true)
  }

  @Test("Every rewriting is proved to be the same function, and none with a number changed")
  func campaign() {
    var campaign = RewritingCampaign(settings: Self.settings) { first, second, seed in
      proof(of: first.equations, and: second.equations, seed: seed).function
    }
    let count = UInt64(campaignSize(3))
    for kind in RewritingKind.allCases { campaign.run(kind, seeds: 0..<count) }
    print(campaign.table)
    for kind in RewritingKind.allCases {
      let row = campaign.rows[kind] ?? RewritingCampaign.Row()
      #expect(row.rewritings > 0 && row.faults > 0, "\(kind.rawValue) was never made")
      #expect(row.reasons.isEmpty, "\(kind.rawValue): \(row.reasons)")
      #expect(row.provedFaults.isEmpty, "\(kind.rawValue): \(row.provedFaults)")
    }
  }
}
