import FixedPoints
import LinearAlgebra
import Networks
import Operators
import RandomNetworks
import Testing

/// Random networks in other words: whether they are what they claim to be, seen by their numbers alone.
@Suite("Rewritings of random networks")
struct RewritingTests {
  static let settings: NetworkGenerator = {
    var settings = NetworkGenerator()
    settings.maximumDepth = 5
    settings.maximumWidth = 6
    return settings
  }()

  /// Inputs of several magnitudes.
  private static func inputs(_ size: Int, seed: UInt64) -> Matrix<Double> {
    var generator = SeededGenerator(seed: seed)
    return Matrix(
      rows: 6, columns: size,
      elements: [0.01, 0.3, 1, 1, 3, 10].flatMap { scale in
        (0..<size).map { _ in scale * generator.normal() }
      })
  }

  /// The largest difference of two networks' outputs, relative to the largest output of its sample; nil where no sample
  /// has finite outputs on both sides.
  private static func difference(
    _ first: Network<Double>, _ second: Network<Double>, seed: UInt64
  ) -> Double? {
    let x = inputs(first.inputSize, seed: seed)
    let (a, b) = (
      first.forward(x, solvingBy: .structured(Newton())), second.forward(x, solvingBy: .structured(Newton()))
    )
    var largest: Double?
    for row in 0..<x.rows where a.converged[row] && b.converged[row] {
      let (left, right) = (a.output.row(row), b.output.row(row))
      guard left.allSatisfy(\.isFinite) else { continue }
      let scale = max(1, left.reduce(0) { max($0, abs($1)) })
      let difference = zip(left, right).reduce(0) { $1.1.isFinite ? max($0, abs($1.0 - $1.1)) : .infinity }
      largest = max(largest ?? 0, difference / scale)
    }
    return largest
  }

  @Test("A rewritten network has the outputs of the one that it rewrites, to rounding", arguments: RewritingKind.allCases)
  func agreement(kind: RewritingKind) {
    var made = 0
    for seed in 0..<UInt64(campaignSize(12)) {
      guard let rewriting = NetworkRewriting.drawn(kind, seed: seed, settings: Self.settings) else { continue }
      let difference = Self.difference(rewriting.original, rewriting.rewritten, seed: seed)
      #expect((difference ?? 0) <= 1e-9, "seed \(seed), at \(rewriting.places)")
      #expect(!rewriting.places.isEmpty)
      if difference != nil { made += 1 }
    }
    #expect(made >= campaignSize(12) * 3 / 4, "compared \(made)")
  }

  @Test("Every kind has faults; those of an index or an axis are seen by the numbers", arguments: RewritingKind.allCases)
  func faults(kind: RewritingKind) {
    var (planted, visible) = (0, 0)
    for seed in 0..<UInt64(campaignSize(12)) {
      guard let rewriting = NetworkRewriting.drawn(kind, seed: seed, settings: Self.settings) else { continue }
      var generator = SeededGenerator(seed: seed)
      guard let fault = rewriting.fault(using: &generator) else { continue }
      planted += 1
      #expect(!fault.network.isIdentical(to: rewriting.rewritten), "seed \(seed): \(fault)")
      if Self.difference(rewriting.original, fault.network, seed: seed) ?? 0 > 1e-9 { visible += 1 }
    }
    print("\(kind.rawValue): \(planted) faults, \(visible) visible")
    #expect(planted >= campaignSize(12) / 2, "planted \(planted)")
  }

  @Test("The same seed makes the same rewriting and plants the same fault")
  func determinism() throws {
    for kind in RewritingKind.allCases {
      let first = try #require(NetworkRewriting.drawn(kind, seed: 3, settings: Self.settings))
      let second = try #require(NetworkRewriting.drawn(kind, seed: 3, settings: Self.settings))
      #expect(first.original.isIdentical(to: second.original))
      #expect(first.rewritten.isIdentical(to: second.rewritten))
      var (a, b) = (SeededGenerator(seed: 9), SeededGenerator(seed: 9))
      #expect(first.fault(using: &a)?.description == second.fault(using: &b)?.description)
    }
  }
}
