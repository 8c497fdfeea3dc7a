import Blocks
import Equilibria
import FixedPoints
import LinearAlgebra
import Operators
import TestSupport
import Testing

/// Theory, "Groups without an equilibrium": a certificate is claimed only where its condition holds, and means what it says.
@Suite("Well-posedness")
struct WellPosednessTests {
  private func model(
    _ W: [[Double]], bias: [Double]? = nil, activation: any Nonlinearity = ReLU()
  ) -> EquilibriumModel<Double> {
    let size = W.count
    return try! EquilibriumModel(
      inputShape: [size],
      blocks: [
        Block(
          name: "z", size: size, nonlinearity: activation,
          terms: [
            Term(
              source: .input,
              map: DenseMap(Matrix((0..<size).map { i in (0..<size).map { $0 == i ? 1 : 0 } }))),
            Term(source: .node(0), map: DenseMap(Matrix(W))),
          ], offsets: bias.map { [Offset(vector: $0)] } ?? [])
      ], output: 0)
  }

  private func certificate(_ model: EquilibriumModel<Double>) -> WellPosedness {
    model.wellPosedness(of: model.groups[0])
  }

  /// An upper bound of the largest eigenvalue of a matrix that is not negative, tighter with every squaring:
  /// ‖A^(2^k)‖^(1/2^k).
  private func gelfandBound(_ matrix: [[Double]]) -> Double {
    var power = matrix
    var logarithm = 0.0
    var exponent = 1.0
    for _ in 0..<24 {
      let norm = power.map { $0.reduce(0) { $0 + abs($1) } }.max()!
      if norm == 0 { return 0 }
      logarithm += log2(norm) / exponent
      power = power.map { $0.map { $0 / norm } }
      power = product(power, power)
      exponent *= 2
    }
    return exp2(logarithm)
  }

  /// log₂ by halving: tests use no more of the product's arithmetic than they must.
  private func log2(_ value: Double) -> Double {
    var (result, rest, bit) = (Double(value.exponent), value.significand, 0.5)
    for _ in 0..<52 {
      rest *= rest
      if rest >= 2 {
        rest /= 2
        result += bit
      }
      bit /= 2
    }
    return result
  }

  private func exp2(_ value: Double) -> Double {
    let whole = value.rounded(.down)
    var (result, root, rest) = (1.0, 2.0, value - whole)
    for _ in 0..<52 {
      root = root.squareRoot()
      rest *= 2
      if rest >= 1 {
        result *= root
        rest -= 1
      }
    }
    return result * (whole >= 0 ? Double(1 << Int(min(whole, 60))) : 1 / Double(1 << Int(min(-whole, 60))))
  }

  @Test(
    "The Perron–Frobenius bound is claimed where the eigenvalue is below 1, and bounds it",
    arguments: 0..<60 as Range<UInt64>)
  func perronFrobenius(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let size = Int.random(in: 1...6, using: &generator)
    let scale = 2 * generator.uniform() / Double(size)
    let W = (0..<size).map { _ in
      (0..<size).map { _ in generator.uniform() < 0.3 ? 0 : scale * generator.normal() }
    }
    let radius = gelfandBound(W.map { $0.map { abs($0) } })
    switch certificate(model(W)) {
    case .perronFrobenius(let bound):
      #expect(bound < 1)
      #expect(radius <= bound * (1 + 1e-6) + 1e-12, "bound \(bound) of \(radius)")
    default:
      // The product's bound comes from power iteration, and may be wide; but not by a tenth.
      #expect(radius > 0.9, "no claim for \(radius)")
    }
  }

  @Test("A strictly triangular |W| far above 1 is certified, since its eigenvalue is 0")
  func reducible() {
    let certificate = certificate(model([[0, 0], [50, 0]]))
    #expect(certificate.isCertified, "\(certificate.description)")
  }

  @Test("A rotation scaled below 1 is a contraction, though |W| has an eigenvalue above 1")
  func contraction() {
    let W = [[0.69, -0.69], [0.69, 0.69]]
    guard case .contraction(let bound) = certificate(model(W)) else {
      Issue.record("\(certificate(model(W)).description)")
      return
    }
    // ‖W‖₂ = 0.69·√2 exactly, for a scaled rotation.
    let norm = 0.69 * 2.0.squareRoot()
    #expect(bound >= norm && bound < norm + 1e-9)
    // ReLU6's slope is at most 1, hard_swish's 1.5: then no contraction is claimed.
    #expect(certificate(model(W, activation: ReLU6())).isCertified)
    #expect(!certificate(model(W, activation: HardSwish())).isCertified)
  }

  @Test(
    "W = (1 − m) I − AᵀA + B − Bᵀ is monotone with m, and certified as such",
    arguments: 0..<20 as Range<UInt64>)
  func monotone(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let (size, m) = (4, 0.2)
    let A = (0..<size).map { _ in (0..<size).map { _ in generator.normal() } }
    let B = (0..<size).map { _ in (0..<size).map { _ in 2 * generator.normal() } }
    let transposed = (0..<size).map { row in (0..<size).map { A[$0][row] } }
    let square = product(transposed, A)
    var W = (0..<size).map { _ in [Double](repeating: 0, count: size) }
    for i in 0..<size {
      for j in 0..<size {
        let diagonal = i == j ? 1 - m : 0
        W[i][j] = diagonal - square[i][j] + B[i][j] - B[j][i]
      }
    }
    guard case .monotone(let bound) = certificate(model(W)) else {
      Issue.record("\(certificate(model(W)).description)")
      return
    }
    // I − (W + Wᵀ)/2 = m I + AᵀA: its least eigenvalue is at least m. The bound is no larger than any Rayleigh quotient.
    #expect(bound >= m - 1e-9)
    for _ in 0..<200 {
      let v = normalVector(size, using: &generator)
      let length = v.reduce(0) { $0 + $1 * $1 }
      var quotient = length
      for i in v.indices { for j in v.indices { quotient -= v[i] * W[i][j] * v[j] } }
      #expect(bound <= quotient / length + 1e-9)
    }
    // Not for an activation that is no proximal operator.
    #expect(!certificate(model(W, activation: GELU())).isCertified)
  }

  @Test(
    "Where a certificate is claimed there is one equilibrium, found from every start",
    arguments: 0..<30 as Range<UInt64>)
  func unique(seed: UInt64) {
    var generator = SeededGenerator(seed: 90 + seed)
    let size = 3
    let W = (0..<size).map { _ in (0..<size).map { _ in 0.4 * generator.normal() } }
    let model = model(
      W, bias: normalVector(size, using: &generator), activation: seed % 2 == 0 ? ReLU() : Tanh())
    guard certificate(model).isCertified else { return }
    let x = Make.normal(1, size, &generator)
    let expected = PlainModel(model).output(at: x.elements)
    for start in 0..<4 {
      let state = Make.state(of: model, batch: 1, scale: [0, 1, 30, 1e4][start], &generator)
      let solution = model.solve(x, by: .whole(Refined(Anderson())), from: state)
      #expect(solution.converged == [true])
      if let expected {
        #expect(distance(solution.output.elements, expected) <= 1e-11 * max(1, magnitude(expected)))
      }
    }
  }

  @Test("Nothing is claimed for relu(z + 1), which has no fixed point, nor for relu(z), which has many")
  func none() {
    for bias in [[1.0], nil] {
      #expect(certificate(model([[1]], bias: bias)) == .unknown)
    }
    #expect(certificate(model([[2, 0], [0, 0.5]])) == .unknown)
    #expect(certificate(model([[-0.5]], activation: Hardshrink.ofHalf)) == .unknown)
    #expect(certificate(model([[.infinity]])) == .unknown)
    #expect(certificate(model([[1e200, 1e200], [1e200, 1e200]])) == .unknown)
    // Just below 1 is not below 1 by more than rounding.
    #expect(certificate(model([[Double(1).nextDown]])) == .unknown)
  }

  @Test("An acyclic block is nilpotent, whatever its weights")
  func nilpotent() {
    var generator = SeededGenerator(seed: 1)
    let model = try! EquilibriumModel<Double>(
      inputShape: [2],
      blocks: [
        Block(
          name: "a", size: 2, nonlinearity: ReLU(),
          terms: [Term(source: .input, map: DenseMap(Make.normal(2, 2, scale: 1e9, &generator)))])
      ], output: 0)
    #expect(certificate(model) == .nilpotent)
  }
}

extension Hardshrink {
  fileprivate static var ofHalf: Hardshrink { try! Hardshrink(lambda: 0.5) }
}
