import DeepEquilibrium
import Testing

/// The proof compares maps entry by entry: what that costs grows with the entries, and what it finds does not depend on
/// how they are stored.
@Suite("Entries of sparse maps")
struct SparseEntryTests {
  /// The proof about a network and an equilibrium model with one block each, whose terms are these maps of the input.
  func proof(of ours: [any LinearMap<Double>], against theirs: [any LinearMap<Double>]) throws
    -> FunctionProof
  {
    func block(_ maps: [any LinearMap<Double>]) -> Block<Double> {
      Block(
        name: "z", size: maps[0].outputSize, nonlinearity: Tanh(),
        terms: maps.map { Term(source: .input, map: $0) })
    }
    let network = try Network(inputShape: ours[0].inputShape, layers: [.explicit(block(ours))], output: 0)
    let model = try EquilibriumModel(inputShape: ours[0].inputShape, blocks: [block(theirs)], output: 0)
    return EquivalenceChecker().check(network, against: model).proof.function
  }

  func convolution(
    _ shape: [Int], padding: WindowPadding, change: (inout Tensor<Double>) -> Void = { _ in }
  ) throws -> Convolution<Double> {
    var generator = SeededGenerator(seed: 5)
    var weight = Tensor<Double>(zeros: [2, shape[0], 3, 3])
    for index in weight.elements.indices { weight.elements[index] = generator.normal() }
    change(&weight)
    return try Convolution(inputShape: shape, weight: weight, padding: padding)
  }

  @Test("Two ways to say a convolution are one map, whose matrix would have 67 million numbers")
  func large() throws {
    let shape = [2, 64, 64]
    let ours = try convolution(shape, padding: 1)
    let theirs = try convolution(shape, padding: .same)
    #expect(!ours.isIdentical(to: theirs))
    #expect(try proof(of: [ours], against: [theirs]).isProved)
  }

  @Test("The first entry that differs is named, whichever side is sparse")
  func difference() throws {
    let shape = [2, 6, 6]
    let ours = try convolution(shape, padding: 1)
    let theirs = try convolution(shape, padding: 1) { $0.elements[20].negate() }
    // Element 20 is that of output 1, channel 0, row 0, column 2: its first window within the image is that of row 1.
    let (row, column) = (36 + 6, 1)
    let value = ours.weight.elements[20]
    for (left, right) in [
      (ours as any LinearMap<Double>, theirs as any LinearMap<Double>),
      (DenseMap(ours.matrix), theirs), (ours, DenseMap(theirs.matrix)),
    ] {
      guard case .notProved(let gap) = try proof(of: [left], against: [right]),
        let difference = gap.difference
      else {
        Issue.record("proved")
        continue
      }
      #expect(difference.place == "Wx[z]")
      #expect(difference.row == row && difference.column == column)
      #expect(difference.first == "\(value)" && difference.second == "\(-value)")
    }
  }

  @Test("An entry that a map does not have is 0, and −0 is the same number, of other bits")
  func zeros() throws {
    let identity = IdentityMap<Double>([3])
    #expect(try proof(of: [identity], against: [DenseMap(identity.matrix)]).basis?.method == .equations)
    var matrix = identity.matrix
    matrix[1, 2] = -0.0
    #expect(try proof(of: [identity], against: [DenseMap(matrix)]).basis?.method == .field)
    matrix[1, 2] = .leastNonzeroMagnitude
    #expect(try !proof(of: [identity], against: [DenseMap(matrix)]).isProved)
  }

  @Test("Sums of sparse maps are exact, in any order")
  func sums() throws {
    let small = Multiply<Double>([3], factor: 0x1p-70)
    let identity = IdentityMap<Double>([3])
    let place = try Place<Double>(inputShape: [3], dim: 0, start: 0, total: 3)
    var corner = Matrix<Double>(rows: 3, columns: 3)
    corner[0, 2] = 3
    let maps: [any LinearMap<Double>] = [identity, small, DenseMap(corner), place]
    #expect(try proof(of: maps, against: maps.reversed()).isProved)
    #expect(
      try proof(of: maps, against: [small, Multiply<Double>([3], factor: 2), DenseMap(corner)]).isProved)
    guard case .notProved(let gap) = try proof(of: [identity, small], against: [identity]),
      let difference = gap.difference
    else {
      Issue.record("proved")
      return
    }
    #expect(difference.row == 0 && difference.column == 0)
    #expect(difference.first == "1.0 + \(0x1p-70)" && difference.second == "1.0")
  }
}
