import Blocks
import FixedPoints
import LinearAlgebra
import Networks
import Operators
import RandomNetworks
import TestSupport
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

  @Test(
    "A rewritten network has the outputs of the one that it rewrites, to rounding",
    arguments: RewritingKind.allCases)
  func agreement(kind: RewritingKind) {
    var made = 0
    for seed in 0..<UInt64(campaignSize(12)) {
      guard let rewriting = NetworkRewriting.drawn(kind, seed: seed, settings: Self.settings) else {
        continue
      }
      let difference = Self.difference(rewriting.original, rewriting.rewritten, seed: seed)
      #expect((difference ?? 0) <= 1e-9, "seed \(seed), at \(rewriting.places)")
      #expect(!rewriting.places.isEmpty)
      if difference != nil { made += 1 }
    }
    #expect(made >= campaignSize(12) * 3 / 4, "compared \(made)")
  }

  @Test(
    "Every kind has faults; those of an index or an axis are seen by the numbers",
    arguments: RewritingKind.allCases)
  func faults(kind: RewritingKind) {
    var (planted, visible) = (0, 0)
    // The comparison of numbers above would see a rewriting that moves something to another place.
    let isSeen = [.transposesInserted, .maxPoolUnfolded, .slicesConcatenated].contains(kind)
    let seeds = campaignSize(12, least: isSeen ? 12 : 1)
    for seed in 0..<UInt64(seeds) {
      guard let rewriting = NetworkRewriting.drawn(kind, seed: seed, settings: Self.settings) else {
        continue
      }
      var generator = SeededGenerator(seed: seed)
      guard let fault = rewriting.fault(using: &generator) else { continue }
      planted += 1
      #expect(!fault.network.isIdentical(to: rewriting.rewritten), "seed \(seed): \(fault)")
      if Self.difference(rewriting.original, fault.network, seed: seed) ?? 0 > 1e-9 { visible += 1 }
    }
    if isSeen { #expect(visible > 0) }
    #expect(planted >= seeds / 2, "planted \(planted)")
  }

  /// A chain of layers whose values are exact in floating point, with skips: small multiples of 1/4 and rectifiers.
  private static func exactChain(seed: UInt64) throws -> Network<Double> {
    var generator = SeededGenerator(seed: seed)
    let sizes = (0..<5).map { _ in Int.random(in: 2...5, using: &generator) }
    let numbers = { (count: Int, generator: inout SeededGenerator) in
      (0..<count).map { _ in Double(Int.random(in: -5...5, using: &generator)) / 4 }
    }
    let functions: [any Nonlinearity] = [ReLU(), ReLU(), Identity(), AbsoluteValue()]
    let layers = sizes.indices.dropFirst().map { index -> Layer<Double> in
      let earlier = [index - 1, max(0, index - 2)]
      let terms = earlier.enumerated().map { summand, source in
        Term(
          source: source == 0 ? .input : .node(source - 1),
          map: DenseMap(
            Matrix(
              rows: sizes[index], columns: sizes[source],
              elements: numbers(sizes[index] * sizes[source], &generator))),
          parameter: "fc\(index).weight\(summand)")
      }
      return .explicit(
        Block(
          name: "fc\(index)", size: sizes[index], nonlinearity: functions.randomElement(using: &generator)!,
          terms: Array(terms.prefix(index == 1 ? 1 : 2)),
          offsets: [Offset(vector: numbers(sizes[index], &generator), parameter: "fc\(index).bias")]))
    }
    return try Network(inputShape: [sizes[0]], layers: layers, output: layers.count - 1)
  }

  /// Kinds that find their places in a chain of dense layers and only move numbers about there.
  static let exactKinds: [RewritingKind] = [
    .layersReordered, .partitionRefined, .unitsPermuted, .unitDoubled, .deadUnitsAdded, .deadLayerAdded,
    .identityInserted, .linearComposed, .linearSplit, .matrixTransposed, .biasSeparated, .slicesConcatenated,
    .transposesInserted, .permutationMoved, .reshapeMoved, .offsetsShared, .constantLayerInserted,
    .negativeZeros, .reluRespelled, .absoluteDecomposed,
  ]

  @Test("Where floating point is exact, so is a rewriting: bit by bit", arguments: exactKinds)
  func exactness(kind: RewritingKind) throws {
    var made = 0
    for seed in 0..<UInt64(campaignSize(12)) {
      let network = try Self.exactChain(seed: seed)
      var generator = SeededGenerator(seed: seed)
      guard let rewriting = NetworkRewriting.made(of: network, kind: kind, using: &generator),
        // A network that had no place was given other layers, of any numbers.
        !rewriting.original.layers.contains(where: { $0.name.hasPrefix("join") })
      else { continue }
      made += 1
      let x = Matrix<Double>(
        rows: 8, columns: network.inputSize,
        elements: (0..<8 * network.inputSize).map { _ in
          Double(Int.random(in: -9...9, using: &generator)) / 4
        })
      let outputs = [rewriting.original, rewriting.rewritten].map {
        $0.forward(x, solvingBy: .structured(Picard())).output.elements
      }
      #expect(outputs[0] == outputs[1], "seed \(seed), at \(rewriting.places)")
    }
    #expect(made > 0)
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
