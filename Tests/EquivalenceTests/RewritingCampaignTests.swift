import Equivalence
import RandomNetworks
import Testing

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
}
