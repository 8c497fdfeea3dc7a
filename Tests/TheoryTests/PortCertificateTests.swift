import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Operators
import TestSupport
import Testing

/// Groups of blocks that mix coordinates or have several ports are certified where they contract, and only there.
@Suite("Certificates of blocks with several ports")
struct PortCertificateTests {
  private static let softmax = Softmax(dim: -1)

  private static func dense(_ W: [[Double]], port: Int = 0, _ source: Source = .node(0)) -> Term<Double> {
    Term(port: port, source: source, map: DenseMap(Matrix(W)))
  }

  private static func model(_ blocks: [Block<Double>], inputs: Int = 2) -> EquilibriumModel<Double> {
    try! EquilibriumModel(inputShape: [inputs], blocks: blocks, output: 0)
  }

  private static func certificate(_ blocks: [Block<Double>]) -> WellPosedness {
    let model = model(blocks)
    return model.wellPosedness(of: model.groups[0])
  }

  @Test("softmax(a z) of two coordinates is certified exactly where |a| < 2, its slope being a/2")
  func edgeOfSoftmax() {
    for exponent in 3...40 {
      let step = Double(sign: .plus, exponent: -exponent, significand: 1)
      for a in [2 - step, 2, 2 + step] {
        for sign in [1.0, -1] {
          let block = Block(
            name: "z", size: 2, nonlinearity: Self.softmax,
            terms: [Self.dense([[sign * a, 0], [0, sign * a]])])
          let certificate = Self.certificate([block])
          #expect(certificate.isCertified == (a < 2), "\(sign * a): \(certificate.description)")
        }
      }
    }
  }

  @Test("A normalisation is certified where its weight times the gain is below √eps")
  func edgeOfNormalization() throws {
    for (gain, isExpected) in [(0.49, true), (0.51, false), (-0.49, true), (-0.51, false)] {
      let norm = try LayerNormalization(normalizedShape: [3], eps: 0.25)
      let unit = (0..<3).map { i in (0..<3).map { $0 == i ? gain : 0 } }
      let certificate = Self.certificate([
        Block(
          name: "z", shape: [3], nonlinearity: norm, portShapes: [[3], [3], [3]],
          terms: [Self.dense(unit)],
          offsets: [
            Offset(port: 1, vector: [1, -1, 0.5]), Offset(port: 2, vector: [1, 2, 3]),
          ])
      ])
      #expect(certificate.isCertified == isExpected, "\(gain): \(certificate.description)")
    }
  }

  @Test("A maximum moves by the larger of its ports' moves, not by their sum")
  func maximum() {
    func certificate(_ a: Double, _ b: Double) -> WellPosedness {
      Self.certificate([
        Block(
          name: "z", shape: [1], nonlinearity: Maximum(), portShapes: [[1], [1]],
          terms: [Self.dense([[a]]), Self.dense([[b]], port: 1)])
      ])
    }
    #expect(certificate(0.9, -0.95).isCertified)
    #expect(!certificate(0.9, -1).isCertified)
    #expect(!certificate(1.01, 0).isCertified)
  }

  @Test("A product of two values is not tested, and a group that reads itself through one is never certified")
  func product() {
    let certificate = Self.certificate([
      Block(
        name: "z", shape: [1], nonlinearity: Product(), portShapes: [[1], [1]],
        terms: [Self.dense([[0.01]]), Self.dense([[0.01]], port: 1)])
    ])
    #expect(certificate == .untested)
  }

  /// Softmax, a maximum, a normalisation and tanh that read each other.
  private static func mixed(seed: UInt64, gain: Double) -> EquilibriumModel<Double> {
    var generator = SeededGenerator(seed: seed)
    func weight(_ rows: Int, _ columns: Int) -> [[Double]] {
      (0..<rows).map { _ in (0..<columns).map { _ in gain * generator.normal() } }
    }
    let norm = try! LayerNormalization(normalizedShape: [4], eps: 0.5)
    return model([
      Block(
        name: "z", size: 4, nonlinearity: Tanh(),
        terms: [dense(weight(4, 2), .input), dense(weight(4, 3), .node(1)), dense(weight(4, 4), .node(3))]),
      Block(
        name: "s", size: 3, nonlinearity: softmax,
        terms: [dense(weight(3, 4)), dense(weight(3, 3), .node(2)), dense(weight(3, 2), .input)]),
      Block(
        name: "m", shape: [3], nonlinearity: Maximum(), portShapes: [[3], [3]],
        terms: [
          dense(weight(3, 4)), dense(weight(3, 3), port: 1, .node(1)), dense(weight(3, 2), port: 1, .input),
        ]),
      Block(
        name: "n", shape: [4], nonlinearity: norm, portShapes: [[4], [4], [4]],
        terms: [dense(weight(4, 4)), dense(weight(4, 3), port: 2, .node(2))],
        offsets: [Offset(port: 1, vector: (0..<4).map { _ in generator.normal() })]),
    ])
  }

  @Test("Where a mixed group is certified, Jacobians at all sampled states have a spectral radius below 1")
  func campaign() {
    var (certified, largest) = (0, 0.0)
    for seed in 0..<60 as Range<UInt64> {
      let model = Self.mixed(seed: 400 + seed, gain: 0.1 + 0.02 * Double(seed % 10))
      #expect(model.groups.count == 1)
      guard model.wellPosedness(of: model.groups[0]).isCertified else { continue }
      certified += 1
      var generator = SeededGenerator(seed: 9_000 + seed)
      let x = Make.normal(6, 2, scale: 2, &generator)
      let states = Make.state(of: model, batch: 6, scale: 3, &generator)
      for radius in model.linearization(at: states, input: x).spectralRadii() where radius.isSettled {
        largest = max(largest, radius.estimate)
        #expect(radius.estimate < 1)
      }
      let found = (0..<3).map { _ in
        model.solve(
          x, by: .structured(GroupSolver()), from: Make.state(of: model, batch: 6, scale: 3, &generator))
      }
      #expect(found.allSatisfy { $0.failure == nil })
      for solution in found {
        #expect(distance(solution.output.elements, found[0].output.elements) <= 1e-10)
      }
    }
    #expect(certified >= 10, "\(certified)")
    print("certified: \(certified), the largest spectral radius \(largest)")
  }

  @Test("The bound holds for differences of f between random states, in the norm that it is claimed for")
  func contraction() throws {
    // One weight for all coordinates: the weighted maximum norm is the plain one, up to that factor.
    for seed in 0..<20 as Range<UInt64> {
      var generator = SeededGenerator(seed: 700 + seed)
      let W = (0..<4).map { _ in (0..<4).map { _ in generator.normal() } }
      let sums = W.map { $0.reduce(0) { $0 + abs($1) } }
      // Every row's magnitudes add up to 1.8.
      let scaled = zip(W, sums).map { row, sum in row.map { 1.8 * $0 / sum } }
      let model = Self.model([
        Block(
          name: "z", size: 4, nonlinearity: Self.softmax,
          terms: [Self.dense(scaled), Self.dense([[1, 0], [0, 1], [1, 1], [0, 0]], .input)])
      ])
      guard case .weightedMaximum(let bound) = model.wellPosedness(of: model.groups[0]) else {
        Issue.record("not certified")
        continue
      }
      #expect(bound <= 0.9 + 1e-9)
      let x = Make.normal(1, 2, &generator)
      for _ in 0..<200 {
        let (a, b) = (Make.normal(1, 4, &generator), Make.normal(1, 4, &generator))
        let (p, q) = (model.transition([a], input: x)[0], model.transition([b], input: x)[0])
        #expect(distance(p.elements, q.elements) <= 0.9 * distance(a.elements, b.elements) + 1e-15)
      }
    }
  }
}
