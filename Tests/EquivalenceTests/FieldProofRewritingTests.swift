import DeepEquilibrium
import Testing

@testable import Equivalence

/// Networks of two layers that are rewritten so that nothing corresponds by name or place, and the same with one number
/// changed by one unit in its last place.
@Suite("Rewritings that the field proof sees through")
struct FieldProofRewritingTests {
  /// The numbers of a network 3 → 4 → 2, small multiples of 1/16, so that products and sums of them are exact.
  struct Numbers {
    var first: [[Double]]
    var bias: [Double]
    var second: [[Double]]
    var offset: [Double]

    init(seed: UInt64) {
      var generator = SeededGenerator(seed: seed)
      func row(_ count: Int) -> [Double] {
        (0..<count).map { _ in
          Double(Int.random(in: 1...63, using: &generator) - 32 * Int.random(in: 0...1, using: &generator))
            / 16
        }
      }
      first = (0..<4).map { _ in row(3) }
      bias = row(4)
      second = (0..<2).map { _ in row(4) }
      offset = row(2)
    }

    func network(_ activation: any Nonlinearity = Tanh()) throws -> Network<Double> {
      try twoLayers(first, bias, activation, second, offset)
    }
  }

  static let rewritings: [(String, @Sendable (inout Numbers) -> Void)] = [
    (
      "permuted",
      { numbers in
        numbers.first.reverse()
        numbers.bias.reverse()
        for row in numbers.second.indices { numbers.second[row].reverse() }
      }
    ),
    (
      "doubled",
      { numbers in
        numbers.first.append(numbers.first[1])
        numbers.bias.append(numbers.bias[1])
        for row in numbers.second.indices {
          numbers.second[row][1] /= 4
          numbers.second[row].append(3 * numbers.second[row][1])
        }
      }
    ),
    (
      "dead",
      { numbers in
        numbers.first.append([1, 0.5, 0.25])
        numbers.bias.append(7)
        for row in numbers.second.indices { numbers.second[row].append(row == 0 ? 0.0 : -0.0) }
      }
    ),
    (
      "of the other sign",
      { numbers in
        numbers.first[2] = numbers.first[2].map { -$0 }
        numbers.bias[2].negate()
        for row in numbers.second.indices { numbers.second[row][2].negate() }
      }
    ),
  ]

  @Test(
    "Units in another order, twice, dead, or odd ones of the other sign are the same function",
    arguments: rewritings.indices)
  func units(index: Int) throws {
    let numbers = Numbers(seed: 5)
    var rewritten = numbers
    Self.rewritings[index].1(&rewritten)
    #expect(proof(try numbers.network(), try rewritten.network()).function.isProved)
    for row in rewritten.first.indices where rewritten.second.contains(where: { $0[row] != 0 }) {
      var changed = rewritten
      changed.first[row][1] = changed.first[row][1].nextUp
      #expect(!proof(try numbers.network(), try changed.network()).function.isProved)
      changed = rewritten
      changed.bias[row] = changed.bias[row].nextDown
      #expect(!proof(try numbers.network(), try changed.network()).function.isProved)
      changed = rewritten
      changed.second[1][row] = changed.second[1][row].nextUp
      #expect(!proof(try numbers.network(), try changed.network()).function.isProved)
    }
  }

  @Test("A function that is not odd does not forgive a sign")
  func signs() throws {
    let numbers = Numbers(seed: 5)
    var rewritten = numbers
    Self.rewritings[3].1(&rewritten)
    #expect(!proof(try numbers.network(ReLU()), try rewritten.network(ReLU())).function.isProved)
  }

  @Test("Two linear layers are the layer of their product, and not of one that is rounded differently")
  func merged() throws {
    let numbers = Numbers(seed: 8)
    func merged(_ change: Double) throws -> Network<Double> {
      let weight = (0..<2).flatMap { row in
        (0..<3).map { column in (0..<4).reduce(0) { $0 + numbers.second[row][$1] * numbers.first[$1][column] }
        }
      }
      let offset = (0..<2).map { row in
        (0..<4).reduce(numbers.offset[row]) { $0 + numbers.second[row][$1] * numbers.bias[$1] }
      }
      return try network([3]) { draft, x in
        draft.map(
          DenseMap(Matrix(rows: 2, columns: 3, elements: weight)), x, offset: [offset[0] + change, offset[1]])
      }
    }
    #expect(proof(try numbers.network(Identity()), try merged(0)).function.isProved)
    #expect(!proof(try numbers.network(Identity()), try merged(0x1p-40)).function.isProved)
  }

  static let maps: [(String, [Int], [Int]?, [String: Constant])] = [
    (
      "conv", [2, 5, 4], [4, 1, 3, 2],
      ["stride": .integers([2, 1]), "padding": .integers([1, 0, 0, 1]), "groups": .integers([2])]
    ),
    ("conv", [3, 9, 7], [5, 3, 3, 3], ["padding": .word("same"), "dilation": .integers([2])]),
    ("conv_transpose", [2, 3, 3], [2, 3, 2, 2], ["stride": .integers([2])]),
    ("linear", [3, 4], [5, 4], [:]), ("linear", [3, 4], [4, 5], ["transposed": .flag(true)]),
    ("linear", [3, 4], [5, 3], ["dim": .integers([0])]),
    ("avg_pool", [2, 4, 4], nil, ["kernel_size": .integers([2])]),
    ("mean", [4, 3], nil, ["dim": .integers([0])]), ("sum", [4, 3], nil, ["dim": .integers([1])]),
    ("scale", [4, 3], [3], ["factors": .numbers([0.5, 3, -2])]),
    ("multiply", [6], nil, ["factor": .number(0.1)]),
    ("permute", [2, 3, 2], nil, ["dims": .integers([2, 0, 1])]),
    ("pad", [2, 3], nil, ["padding": .integers([1, 0, 0, 2])]),
    (
      "slice", [7], nil,
      ["dim": .integers([0]), "start": .integers([1]), "end": .integers([6]), "step": .integers([2])]
    ),
    ("upsample", [2, 3], nil, ["scale_factor": .integers([2])]),
  ]

  @Test(
    "A map is its matrix where the entries are exact, and not a matrix with one of them changed",
    arguments: maps.indices)
  func matrices(index: Int) throws {
    let (name, shape, parameterShape, constants) = Self.maps[index]
    var generator = SeededGenerator(seed: 2)
    let parameter = parameterShape.map { shape in
      Tensor(
        shape: shape,
        elements: (0..<shape.reduce(1, *)).map { _ in Double(Int.random(in: 1...99, using: &generator)) })
    }
    let map = try linearMap(name, shape, parameter, constants)
    func proved(_ change: (inout Matrix<Double>) -> Void) throws -> Bool {
      var matrix = map.matrix
      change(&matrix)
      return proof(
        try network(shape) { draft, x in draft.apply(Tanh(), draft.map(map, x)) },
        try network(shape) { draft, x in
          draft.add(Tanh(), ports: [[map.outputSize]], terms: [Term(source: x, map: DenseMap(matrix))])
        }
      ).function.isProved
    }
    #expect(try proved { _ in })
    let entry = map.matrix.elements.lastIndex { $0 != 0 }!
    #expect(try !proved { $0.elements[entry] = $0.elements[entry].nextUp })
    #expect(try !proved { $0.elements[entry] = 0 })
    if let zero = map.matrix.elements.firstIndex(of: 0) {
      #expect(try proved { $0.elements[zero] = -0.0 })
      #expect(try !proved { $0.elements[zero] = .leastNonzeroMagnitude })
    }
  }

  @Test("A mean over three is not its matrix, whose entries are rounded, and neither is a product of factors")
  func rounded() throws {
    let mean = try linearMap("mean", [3], nil, ["dim": .integers([0])])
    let scale = try linearMap(
      "scale", [3], Tensor(shape: [3], elements: [0.1, 0.2, 0.3]), ["factors": .numbers([0.1, 0.3, 0.7])])
    for map in [mean, scale] {
      let report = proof(
        try network([3]) { draft, x in draft.map(map, x) },
        try network([3]) { draft, x in draft.map(DenseMap(map.matrix), x) })
      #expect(!report.function.isProved)
    }
    let summed = try linearMap("sum", [3], nil, ["dim": .integers([0])])
    let report = proof(
      try network([3]) { draft, x in draft.map(mean, x) },
      try network([3]) { draft, x in
        draft.apply(Quotient(), draft.map(summed, x), draft.constant([3], shape: [1]))
      })
    #expect(report.function == .proved(try #require(report.function.basis)))
    #expect(report.function.basis?.whereDefined == true)
  }

  @Test("A shape of the input or a port that is another is no difference where the function is the same")
  func shapes() throws {
    let flat = try network([6]) { draft, x in draft.apply(Tanh(), x) }
    let square = try network([2, 3]) { draft, x in draft.apply(Tanh(), x) }
    #expect(proof(flat, square).function.isProved)
    let rows = try network([2, 3]) { draft, x in draft.apply(try nonlinearity("softmax"), x) }
    let columns = try network([3, 2]) { draft, x in draft.apply(try nonlinearity("softmax"), x) }
    #expect(!proof(rows, columns).function.isProved)
    let small = proof(flat, try network([5]) { draft, x in draft.apply(Tanh(), x) })
    #expect(small.function == .notProved(ProofGap(reason: "the first reads 6 numbers, the second 5")))
  }

  @Test("Where a proof ends, the first units without counterpart are named, and what corresponds is counted")
  func gap() throws {
    let numbers = Numbers(seed: 5)
    var changed = numbers
    changed.first[2][0] = changed.first[2][0].nextUp
    guard case .notProved(let gap) = proof(try numbers.network(), try changed.network()).function else {
      Issue.record("proved")
      return
    }
    #expect(gap.first == UnitPlace(equation: 0, block: "0", index: 2) && gap.second == gap.first)
    #expect(gap.correspondence?.firstUnits == Correspondence.Share(3, of: 6))
    #expect(gap.correspondence?.firstBlocks == Correspondence.Share(0, of: 2))
    #expect(gap.reason == "2 of 2 outputs are not the same function of the input")
  }

  @Test("A denominator that is always zero is no number, and where a quotient took part the proof says so")
  func quotients() throws {
    let divided = try network([2]) { draft, x in draft.apply(Quotient(), x, x) }
    let one = try network([2]) { draft, x in draft.sum([(0, x)], plus: 1) }
    #expect(proof(divided, one).function.basis?.whereDefined == true)
    let zero = try network([2]) { draft, x in draft.apply(Quotient(), x, draft.sum([(1, x), (-1, x)])) }
    let other = try network([2]) { draft, x in
      let copy = draft.sum([(1, x)])
      return draft.apply(Quotient(), x, draft.sum([(1, copy), (-1, x)]))
    }
    guard case .notProved(let gap) = proof(zero, other).function else {
      Issue.record("proved")
      return
    }
    #expect(gap.reason == "a denominator is zero in the field")
  }

  @Test("The bound is stated, and below 2⁻¹⁰⁰ for a small network")
  func bound() throws {
    let numbers = Numbers(seed: 5)
    var rewritten = numbers
    Self.rewritings[0].1(&rewritten)
    let bound = try #require(proof(try numbers.network(), try rewritten.network()).function.basis?.errorBound)
    #expect(bound < -100 && bound > -190)
  }
}

/// A network of two layers.
private func twoLayers(
  _ first: [[Double]], _ bias: [Double], _ activation: any Nonlinearity, _ second: [[Double]],
  _ offset: [Double]
) throws -> Network<Double> {
  try network([first[0].count]) { draft, x in
    let hidden = draft.add(
      activation, ports: [[first.count]],
      terms: [
        Term(
          source: x,
          map: DenseMap(Matrix(rows: first.count, columns: first[0].count, elements: first.flatMap { $0 })))
      ],
      offsets: [Offset(vector: bias)])
    return draft.map(
      DenseMap(Matrix(rows: second.count, columns: first.count, elements: second.flatMap { $0 })), hidden,
      offset: offset)
  }
}
