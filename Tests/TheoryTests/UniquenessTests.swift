import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Operators
import TestSupport
import Testing

/// Certificates of uniqueness are inequalities between exact numbers, and see through blocks that only hand on.
@Suite("Certificates of uniqueness")
struct UniquenessTests {
  private static func unit(_ size: Int) -> Matrix<Double> {
    Matrix((0..<size).map { i in (0..<size).map { $0 == i ? 1 : 0 } })
  }

  private static func block(
    _ name: String, _ activation: any Nonlinearity, _ terms: [(source: Source, map: [[Double]])]
  ) -> Block<Double> {
    Block(
      name: name, size: terms[0].map.count, nonlinearity: activation,
      terms: terms.map { Term(source: $0.source, map: DenseMap(Matrix($0.map))) })
  }

  private static func certificate(_ W: [[Double]], _ activation: any Nonlinearity = ReLU()) -> WellPosedness {
    certificate([block("z", activation, [(.node(0), W)])])
  }

  private static func certificate(_ blocks: [Block<Double>]) -> WellPosedness {
    let model = try! EquilibriumModel(inputShape: [1], blocks: blocks, output: 0)
    return model.wellPosedness(of: model.groups[0])
  }

  @Test("‖W‖₂ < 1 is claimed of t·[[1, −1], [1, 1]] exactly where 2t² < 1, to eight digits of t")
  func edgeOfContraction() {
    // t has 26 bits, so that 2t² is exact.
    for step in -40...40 {
      let t = 0x1p-26 * (Double(47_453_132) + Double(step))
      let isContraction =
        if case .contraction = Self.certificate([[t, -t], [t, t]], Sine()) { true } else { false }
      #expect(isContraction == (2 * t * t < 1), "\(t)")
    }
  }

  @Test("(1 − m) I and a rotation are monotone exactly where m > 0, to thirteen digits")
  func edgeOfMonotonicity() {
    for exponent in 1...42 {
      for sign in [1.0, -1] {
        let m = sign * Double(sign: .plus, exponent: -exponent, significand: 1)
        let certificate = Self.certificate([[1 - m, 5], [-5, 1 - m]])
        #expect(certificate.isCertified == (m > 0), "\(m): \(certificate.description)")
        if case .monotone(let bound) = certificate { #expect(bound <= m && bound > m / 2) }
      }
    }
  }

  @Test("λ_PF is claimed of [[a, b], [b, a]] exactly where a + b < 1, to fourteen digits")
  func edgeOfPerronFrobenius() {
    for exponent in 2...46 {
      let step = Double(sign: .plus, exponent: -exponent, significand: 1)
      for sum in [1 - step, 1, 1 + step] {
        let W = [[0.25, sum - 0.25], [0.25 - sum, -0.25]]
        let isClaimed = if case .perronFrobenius = Self.certificate(W, Sine()) { true } else { false }
        #expect(isClaimed == (sum < 1), "\(sum)")
      }
    }
  }

  @Test("Each condition is found where it alone holds")
  func kinds() {
    // A rotation and its multiples, seen in coordinates of other units.
    guard case .scaledContraction(let norm) = Self.certificate([[0.69, -69], [0.0069, 0.69]], Sine()) else {
      Issue.record("no contraction in a weighted norm")
      return
    }
    #expect(norm >= 0.69 * 2.0.squareRoot() && norm < 1)
    guard case .scaledMonotone(let bound) = Self.certificate([[0.8, 320], [-0.078125, 0.8]]) else {
      Issue.record("not monotone in a weighted norm")
      return
    }
    #expect(bound > 0 && bound <= 0.2)
    guard case .maximumNorm(let constant) = Self.certificate([[-1, 10], [0.3, -1]]) else {
      Issue.record("no one-sided Lipschitz constant")
      return
    }
    // The largest eigenvalue of [[−1, 10], [0.3, −1]] is −1 + √3.
    #expect(constant >= 3.0.squareRoot() - 1 && constant < 1)
    // A sigmoid's slopes end at a quarter: W may be four times as large.
    #expect(Self.certificate([[3.9, 20], [-20, 3.9]], Sigmoid()).isCertified)
    #expect(!Self.certificate([[4.1, 20], [-20, 4.1]], Sigmoid()).isCertified)
  }

  @Test("Helpers are composed away: what they cancel does not count")
  func helpers() {
    // W = B A = I/2, though |B| |A| has the eigenvalue 4.5.
    let (A, B) = ([[1.0, 1], [1, -1]], [[0.25, 0.25], [0.25, -0.25]])
    let large = [[2.0, 2], [2, -2]]
    let blocks = [
      Self.block("z", Sine(), [(.node(2), B)]),
      Self.block("y", Identity(), [(.node(0), A)]),
      Self.block("h", Identity(), [(.node(1), [[1, 0], [0, 1]])]),
    ]
    guard case .perronFrobenius(let bound) = Self.certificate(blocks) else {
      Issue.record("\(Self.certificate(blocks).description)")
      return
    }
    #expect(bound >= 0.5 && bound < 0.5 + 1e-9)
    #expect(
      !Self.certificate([
        Self.block("z", Sine(), [(.node(1), B)]), Self.block("y", Identity(), [(.node(0), large)]),
      ]).isCertified)
    // A helper that reads itself stays: y = y/2 + z/2 has the gain 1, and y = y + z has none.
    let loop = { (self: Double) in
      Self.certificate([
        Self.block("z", Sine(), [(.node(1), [[0.9]])]),
        Self.block("y", Identity(), [(.node(1), [[self]]), (.node(0), [[0.5]])]),
      ])
    }
    #expect(loop(0.5).isCertified)
    #expect(!loop(1).isCertified)
  }

  /// The determinant by cofactors.
  private func determinant(_ A: [[Double]]) -> Double {
    guard A.count > 1 else { return A[0][0] }
    return A.indices.reduce(0) { sum, column in
      let minor = A.dropFirst().map { row in row.indices.filter { $0 != column }.map { row[$0] } }
      return sum + (column % 2 == 0 ? 1 : -1) * A[0][column] * determinant(minor)
    }
  }

  /// Whether I − S W is regular for all slopes S of a range: its determinant is affine in each, so that their ends decide.
  /// There is at most one equilibrium then, whatever c is; else two for some c and some φ of these slopes.
  private func isAlwaysRegular(_ W: [[Double]], _ slopes: ClosedRange<Double>) -> Bool {
    (0..<1 << W.count).allSatisfy { ends in
      let matrix = W.indices.map { i in
        let slope = ends >> i & 1 == 1 ? slopes.upperBound : slopes.lowerBound
        return W.indices.map { j in (i == j ? 1 : 0) - slope * W[i][j] }
      }
      return determinant(matrix) > 0
    }
  }

  @Test(
    "Where a certificate is claimed, no choice of slopes makes I − S W singular",
    arguments: 0..<4 as Range<UInt64>)
  func campaign(seed: UInt64) {
    var generator = SeededGenerator(seed: 70 + seed)
    var (regular, certified) = (0, 0)
    for index in 0..<400 {
      let size = 1 + index % 4
      let scale = 0.3 + 2 * generator.uniform()
      let units = (0..<size).map { _ in Double(Int.random(in: -3...3, using: &generator)) }
      let W = (0..<size).map { i in
        (0..<size).map { j in
          scale * generator.normal() * (units[i] - units[j]).exponential - (i == j ? 1 : 0)
        }
      }
      let activation: any Nonlinearity = [ReLU(), Tanh(), Sine(), SiLU(), Sigmoid(), HardSwish()][index % 6]
      let isRegular = isAlwaysRegular(W, activation.slopes!)
      let certificate = Self.certificate(W, activation)
      #expect(isRegular || !certificate.isCertified, "\(W): \(certificate.description)")
      regular += isRegular ? 1 : 0
      certified += certificate.isCertified ? 1 : 0
    }
    // The conditions are sufficient only; but they are not idle either.
    #expect(2 * certified > regular, "\(certified) of \(regular)")
    print("certified: \(certified) of \(regular) regular ones")
  }

  @Test("What is certified has one equilibrium, which random starts and damped steps all find")
  func oneEquilibrium() {
    var generator = SeededGenerator(seed: 5)
    let cases: [[[Double]]] = [
      [[0.69, -69], [0.0069, 0.69]], [[0.8, 320], [-0.078125, 0.8]], [[-1, 10], [0.3, -1]],
    ]
    for W in cases {
      let model = try! EquilibriumModel(
        inputShape: [2],
        blocks: [
          Block(
            name: "z", size: 2, nonlinearity: Tanh(),
            terms: [
              Term(source: .input, map: DenseMap(Self.unit(2))),
              Term(source: .node(0), map: DenseMap(Matrix(W))),
            ])
        ], output: 0)
      #expect(model.wellPosedness(of: model.groups[0]).isCertified)
      let x = Make.normal(1, 2, &generator)
      let starts = (0..<6).map { _ in Make.state(of: model, batch: 1, scale: 2, &generator) }
      let found = starts.map { model.solve(x, by: .structured(GroupSolver()), from: $0) }
      #expect(found.allSatisfy { $0.failure == nil })
      for solution in found {
        #expect(distance(solution.output.elements, found[0].output.elements) <= 1e-10)
      }
    }
  }
}

extension Double {
  /// 2 to this power.
  fileprivate var exponential: Double { Double(sign: .plus, exponent: Int(self), significand: 1) }
}
