import DeepEquilibrium
import Foundation
import TestSupport
import Testing

@testable import Equivalence

/// The second judge looks for a single equilibrium by itself, by each of the conditions that the product knows.
@Suite(
  "Certificates of groups with one equilibrium",
  .enabled(if: Python.has("hashlib", "json"), "Python lacks hashlib or json"))
struct UniquenessCertificateTests {
  /// A group z = φ(W z + x), what the product says of it, and what the verifier calls that; nil where nothing is known.
  struct Known: CustomTestStringConvertible, Sendable {
    let rows: [[Double]]
    let nonlinearity: any Nonlinearity
    let isSeen: @Sendable (WellPosedness) -> Bool
    let name: String?

    var testDescription: String { "\(rows) \(nonlinearity.description)" }
  }

  static let known = [
    Known(
      rows: [[0.5, -0.4], [0.3, 0.2]], nonlinearity: Tanh(),
      isSeen: { if case .perronFrobenius = $0 { true } else { false } }, name: "Perron-Frobenius"),
    Known(
      rows: [[0.67, -0.67], [0.67, 0.67]], nonlinearity: Tanh(),
      isSeen: { if case .contraction = $0 { true } else { false } }, name: "contraction"),
    Known(
      rows: [[0.67, -5.36], [0.08375, 0.67]], nonlinearity: Sine(),
      isSeen: { if case .scaledContraction = $0 { true } else { false } }, name: "contraction"),
    Known(
      rows: [[0.5, -5], [5, 0.5]], nonlinearity: ReLU(),
      isSeen: { if case .monotone = $0 { true } else { false } }, name: "monotonicity"),
    Known(
      rows: [[0.5, -50], [0.5, 0.5]], nonlinearity: Sigmoid(),
      isSeen: { if case .scaledMonotone = $0 { true } else { false } }, name: "monotonicity"),
    Known(
      rows: [[-5, 0.3], [0.3, -5]], nonlinearity: SiLU(),
      isSeen: { if case .maximumNorm = $0 { true } else { false } }, name: "maximum norm"),
    // An eigenvalue above 1, in two units of measure; and one beyond a monotone group.
    Known(rows: [[0.7, 0.4], [0.4, 0.7]], nonlinearity: Tanh(), isSeen: { !$0.isCertified }, name: nil),
    Known(rows: [[0.7, 40], [0.004, 0.7]], nonlinearity: Tanh(), isSeen: { !$0.isCertified }, name: nil),
    Known(rows: [[1.5, -5], [5, 1.5]], nonlinearity: ReLU(), isSeen: { !$0.isCertified }, name: nil),
    Known(rows: [[-5, 6], [6, -5]], nonlinearity: SiLU(), isSeen: { !$0.isCertified }, name: nil),
  ]

  @Test("What the verifier knows of uniqueness agrees with equilibria that are counted")
  func counted() throws {
    let folder = try CertificateFolder()
    let judge = try SecondJudge.run(
      "certificate_uniqueness.py", ["\(campaignSize(120, least: 40))"], in: folder.path)
    #expect(judge.status == 0 && judge.line.hasSuffix("cases agree"), "\(judge.line)")
  }

  @Test(
    "Each condition is seen by both judges, and where it does not hold neither of them vouches",
    arguments: known)
  func conditions(known: Known) throws {
    let folder = try CertificateFolder()
    let model = try EquilibriumModel(
      inputShape: [1],
      blocks: [
        ListedGroup.block(
          "z", known.nonlinearity, [(.node(0), known.rows), (.input, known.rows.map { [$0[0]] })])
      ], output: 0)
    #expect(known.isSeen(model.wellPosedness(of: model.cyclicGroups[0])), "\(known)")
    let path = try folder.file("model.json") { try ModelFile.equilibrium(model).write(to: $0) }
    let read = try ModelWithFiles([path])
    // A certificate that claims one function, whether or not that is so.
    let judge = try SecondJudge(#require(try Certificate.claimed(read, read)), in: folder.path)
    let expected =
      known.name.map { "verified: one function; one equilibrium by \($0)" }
      ?? "verified: the same equations; that their equilibrium is unique was not checked here"
    #expect(judge.status == 0 && judge.line.hasPrefix(expected), "\(judge.line)")
  }
}
