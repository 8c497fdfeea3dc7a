import Blocks
import Conversion
import Equilibria
import FixedPoints
import Foundation
import LinearAlgebra
import Operators
import TestSupport
import Testing

/// Plain iteration watched block by block, and the eigenvalues of cyclic groups.
@Suite("Iteration block by block")
struct IterationByBlockTests {
  private struct Watched {
    var residuals: [[Double]] = []
    var isInOrder = true

    mutating func observe(_ iteration: Int, _ own: [Double]) {
      isInOrder = isInOrder && iteration == residuals.count
      residuals.append(own)
    }
  }

  @Test(
    "Block k of a chain has residual exactly 0 from iteration k on, and none before", arguments: [1, 2, 5, 9])
  func staircase(depth: Int) {
    var generator = SeededGenerator(seed: 3)
    let network = Make.chain(widths: Array(repeating: 4, count: depth + 1), &generator)
    let model = EquilibriumModel(converting: network)
    let x = Make.normal(1, 4, &generator)
    let start = Make.state(of: model, batch: 1, scale: 1, &generator)
    var watched = Watched()
    let state = model.iterate(at: x, from: start, count: depth) { watched.observe($0, $1) }
    #expect(watched.isInOrder && watched.residuals.count == depth + 1)
    for (iteration, residuals) in watched.residuals.enumerated() {
      #expect(residuals.map { $0 == 0 } == (0..<depth).map { $0 < iteration })
    }
    let whole = model.solve(x, by: .whole(Picard()))
    #expect(zip(state, whole.state).allSatisfy { haveSameBits($0.elements, $1.elements) })
  }

  @Test("The residuals are those of the transition, whatever is skipped", arguments: 0..<6 as Range<UInt64>)
  func agreesWithTransition(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let model =
      seed % 2 == 0
      ? EquilibriumModel(converting: Make.chain(widths: [3, 5, 2, 4], &generator))
      : Make.cyclic(size: 6, inputs: 3, norm: 0.8, &generator)
    let x = Make.normal(1, model.inputSize, &generator)
    var state = Make.state(of: model, batch: 1, scale: 2, &generator)
    var watched = Watched()
    model.iterate(at: x, from: state, count: 8) { watched.observe($0, $1) }
    for residuals in watched.residuals {
      let next = model.transition(state, input: x)
      let expected = zip(next, state).map { zip($0.elements, $1.elements).map { abs($0 - $1) }.max() ?? 0 }
      #expect(residuals == expected)
      state = next
    }
  }

  @Test("The adjoint is right at the output first, and ends where the adjoint equation is solved")
  func adjoint() {
    var generator = SeededGenerator(seed: 8)
    let model = EquilibriumModel(converting: Make.chain(widths: [3, 5, 2, 4], &generator))
    let x = Make.normal(1, 3, &generator)
    let solution = model.solve(x, by: .standard)
    let point = model.linearization(at: solution)
    let cotangent = Make.normal(1, 4, &generator)
    var watched = Watched()
    let g = model.iterateAdjoint(
      at: point, cotangent: cotangent, from: Make.state(of: model, batch: 1, scale: 3, &generator), count: 3
    ) { watched.observe($0, $1) }
    for (iteration, residuals) in watched.residuals.enumerated() {
      #expect(residuals.map { $0 == 0 } == (0..<3).map { 2 - $0 < iteration })
    }
    let expected = model.adjoint(at: point, cotangent: cotangent, by: .whole(Picard()))
    for (own, other) in zip(g, expected.state) {
      #expect(zip(own.elements, other.elements).allSatisfy { abs($0 - $1) <= 1e-14 })
    }
  }

  @Test("What is not finite is reported, and ends where the theorem says")
  func notFinite() throws {
    let model = try EquilibriumModel<Double>(
      inputShape: [1],
      blocks: [
        Block(
          name: "a", size: 1, nonlinearity: Identity(),
          terms: [Term(source: .input, map: DenseMap(Matrix([[2]])))]),
        Block(
          name: "b", size: 1, nonlinearity: Identity(),
          terms: [Term(source: .node(0), map: DenseMap(Matrix([[1]])))]),
      ], output: 1)
    var watched = Watched()
    let start = [Matrix<Double>([[.nan]]), Matrix<Double>([[.infinity]])]
    let state = model.iterate(at: Matrix([[3]]), from: start, count: 2) { watched.observe($0, $1) }
    #expect(watched.residuals[0].allSatisfy { $0.isNaN })
    #expect(watched.residuals[1][0] == 0 && watched.residuals[1][1].isNaN)
    #expect(watched.residuals[2] == [0, 0])
    #expect(state.map(\.elements) == [[6], [6]])
  }

  @Test("The spectrum of a rotation is on a circle, and that of a cycle has the roots")
  func spectra() throws {
    let angle = 0.7
    let rotation = Matrix(
      rows: 2, columns: 2,
      elements: [0.5 * cos(angle), -0.5 * sin(angle), 0.5 * sin(angle), 0.5 * cos(angle)])
    let own = try EquilibriumModel<Double>(
      inputShape: [2],
      blocks: [
        Block(
          name: "z", size: 2, nonlinearity: Identity(),
          terms: [Term(source: .node(0), map: DenseMap(rotation))])
      ],
      output: 0)
    let found = try #require(
      own.spectrum(of: own.groups[0], at: own.zeroState(batch: 1), input: Matrix(rows: 1, columns: 2)))
    #expect(found.map(\.magnitude).allSatisfy { abs($0 - 0.5) < 1e-14 })
    #expect(found.map(\.imaginary).sorted().map { abs(abs($0) - 0.5 * sin(angle)) }.allSatisfy { $0 < 1e-14 })
    // Three blocks in a ring with the product 0.512: cube roots, all of magnitude 0.8.
    let blocks = (0..<3).map { index in
      Block<Double>(
        name: "r\(index)", size: 1, nonlinearity: Identity(),
        terms: [Term(source: .node((index + 2) % 3), map: DenseMap(Matrix([[[0.4, 0.8, 1.6][index]]])))])
    }
    let ring = try EquilibriumModel(inputShape: [1], blocks: blocks, output: 0)
    let roots = try #require(
      ring.spectrum(of: ring.groups[0], at: ring.zeroState(batch: 1), input: Matrix(rows: 1, columns: 1)))
    #expect(roots.count == 3 && roots.map(\.magnitude).allSatisfy { abs($0 - 0.8) < 1e-14 })
    #expect(abs(roots.reduce(0) { $0 + $1.real }) < 1e-14)
  }

  @Test("A matrix that is not finite has no eigenvalues, an empty one has none to find")
  func eigenvaluesOfOddMatrices() {
    #expect(eigenvalues(of: Matrix([[.nan, 1], [0, 1]])) == nil)
    #expect(eigenvalues(of: Matrix(rows: 0, columns: 0)) == [])
    #expect(eigenvalues(of: Matrix([[2, 1], [0, 3]]))?.map(\.real).sorted() == [2, 3])
    #expect(Eigenvalue(real: 3e300, imaginary: 4e300).magnitude == 5e300)
  }
}
