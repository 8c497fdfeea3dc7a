import DeepEquilibrium
import Testing

@testable import Equivalence

/// Models whose blocks read each other.
@Suite("Groups in the field proof")
struct FieldProofGroupTests {
  /// `z = tanh(W z + U x)`, read out as `V z`, its coordinates in some order.
  static func model(
    gain: Double, order: [Int] = [0, 1, 2], change: Double = 0, isSplit: Bool = false
  ) throws -> EquilibriumModel<Double> {
    let w = [[0.5, -0.25, 0.125], [0.75, 0.5, -0.5], [-0.25, 1, 0.25]].map { $0.map { $0 * gain } }
    let (u, v) = ([1, -0.5, 0.75], [0.5, 2, -1 + change])
    let rows = order.flatMap { row in order.map { w[row][$0] } }
    let W = DenseMap(Matrix(rows: 3, columns: 3, elements: rows))
    let U = DenseMap(Matrix(rows: 3, columns: 1, elements: order.map { u[$0] }))
    let V = DenseMap(Matrix(rows: 1, columns: 3, elements: order.map { v[$0] }))
    let state = isSplit ? 1 : 0
    var blocks = [
      Block(
        name: "z", size: 3, nonlinearity: isSplit ? Identity() : Tanh() as any Nonlinearity,
        terms: [Term(source: .node(state), map: W), Term(source: .input, map: U)])
    ]
    if isSplit {
      blocks.append(
        Block(
          name: "phi", size: 3, nonlinearity: Tanh(), terms: [Term(source: .node(0), map: IdentityMap([3]))]))
    }
    blocks.append(
      Block(name: "y", size: 1, nonlinearity: Identity(), terms: [Term(source: .node(state), map: V)]))
    return try EquilibriumModel(inputShape: [1], blocks: blocks, output: blocks.count - 1)
  }

  @Test(
    "Coordinates in another order, or a sum and its activation apart, are the same equations",
    arguments: [0.25, 4])
  func permuted(gain: Double) throws {
    let model = try Self.model(gain: gain)
    for other in [
      try Self.model(gain: gain, order: [2, 0, 1]),
      try Self.model(gain: gain, order: [1, 0, 2], isSplit: true),
    ] {
      let function = proof(model, other).function
      #expect(function.basis?.method == .field)
      // With small weights there is one equilibrium; with large ones that is not known.
      #expect(function.isProved == (gain < 1))
    }
    let changed = try Self.model(gain: gain, order: [2, 0, 1], change: 0x1p-52)
    #expect(proof(model, changed).function.basis == nil)
  }

  @Test("A group whose numbers are others is no counterpart, in either direction")
  func changed() throws {
    #expect(proof(try Self.model(gain: 0.25), try Self.model(gain: 0.25.nextUp)).function.basis == nil)
    #expect(proof(try Self.model(gain: 4), try Self.model(gain: 4.0.nextDown)).function.basis == nil)
  }

  /// A model `y = x` beside groups `g = relu(w g + x)` that are read, and cancelled, or not read.
  static func beside(_ weights: [Double], read: [Double]) throws -> EquilibriumModel<Double> {
    func scalar(_ number: Double) -> DenseMap<Double> {
      DenseMap(Matrix(rows: 1, columns: 1, elements: [number]))
    }
    var blocks = weights.enumerated().map { index, weight in
      Block(
        name: "g\(index)", size: 1, nonlinearity: ReLU(),
        terms: [Term(source: .node(index), map: scalar(weight)), Term(source: .input, map: scalar(1))])
    }
    blocks.append(
      Block(
        name: "y", size: 1, nonlinearity: Identity(),
        terms: [Term(source: .input, map: scalar(1))]
          + read.enumerated().map { Term(source: .node($0), map: scalar($1)) }))
    return try EquilibriumModel(inputShape: [1], blocks: blocks, output: weights.count)
  }

  @Test("A group that nothing reads matters unless it is known to have an equilibrium")
  func unread() throws {
    let plain = try Self.beside([], read: [])
    #expect(proof(plain, try Self.beside([2], read: [])).function.basis == nil)
    #expect(proof(try Self.beside([2], read: []), plain).function.basis == nil)
    #expect(proof(plain, try Self.beside([0.5], read: [])).function.isProved)
    #expect(proof(plain, try Self.beside([0], read: [])).function.isProved)
  }

  @Test("Two copies of a group with several equilibria need not be at the same one")
  func copies() throws {
    let difference = try Self.beside([2, 2], read: [1, -1])
    #expect(proof(difference, try Self.beside([2, 2], read: [])).function.basis == nil)
    #expect(proof(difference, try Self.beside([], read: [])).function.basis == nil)
    #expect(
      proof(try Self.beside([0.5, 0.5], read: [1, -1]), try Self.beside([], read: [])).function.isProved)
    #expect(proof(try Self.beside([2], read: [1]), try Self.beside([2], read: [1])).function.basis != nil)
  }

  @Test("Coordinates that read each other in no cycle are evaluated, whatever the blocks do")
  func nilpotent() throws {
    let W = DenseMap(Matrix(rows: 3, columns: 3, elements: [0, 0, 0, 5, 0, 0, 0, -3, 0]))
    let U = DenseMap(Matrix(rows: 3, columns: 1, elements: [2, 0, 0]))
    let model = try EquilibriumModel(
      inputShape: [1],
      blocks: [
        Block(
          name: "z", size: 3, nonlinearity: Tanh(),
          terms: [Term(source: .node(0), map: W), Term(source: .input, map: U)]),
        Block(
          name: "y", size: 1, nonlinearity: Identity(),
          terms: [Term(source: .node(0), map: DenseMap(Matrix(rows: 1, columns: 3, elements: [0, 0, 1])))]),
      ], output: 1)
    let chain = try network([1]) { draft, x in
      var last = x
      for factor in [2.0, 5, -3] { last = draft.apply(Tanh(), draft.sum([(factor, last)])) }
      return last
    }
    #expect(proof(of: EquationSystem(chain), and: EquationSystem(model)).function.isProved)
  }
}
