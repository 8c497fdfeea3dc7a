import DeepEquilibrium
import Testing

@testable import Equivalence

/// Groups of blocks that read each other, listed in several ways.
enum ListedGroup {
  /// A block of a nonlinearity at matrices times what it reads.
  static func block(
    _ name: String, _ nonlinearity: any Nonlinearity, _ terms: [(source: Source, rows: [[Double]])]
  ) -> Block<Double> {
    Block(
      name: name, size: terms[0].rows.count, nonlinearity: nonlinearity,
      terms: terms.map { source, rows in
        let matrix = Matrix(rows: rows.count, columns: rows[0].count, elements: rows.flatMap { $0 })
        return Term(source: source, map: DenseMap(matrix))
      })
  }

  /// y = relu(gain h), one unit for each of h's weights, and h = tanh(weights · y + x).
  static func twins(
    gain: Double = 0.25, weights: [Double] = [0.25, 0.5], gains: [Double]? = nil
  ) throws -> EquilibriumModel<Double> {
    let gains = gains ?? weights.map { _ in gain }
    return try EquilibriumModel(
      inputShape: [1],
      blocks: [
        block("y", ReLU(), [(.node(1), gains.map { [$0] })]),
        block("h", Tanh(), [(.node(0), [weights]), (.input, [[1]])]),
      ], output: 1)
  }

  /// zᵢ = tanh(zᵢ/2 + uᵢ x), read out from outside the group.
  static func outside(
    injections: [Double] = [1, 1], readout: [Double]
  ) throws -> EquilibriumModel<Double> {
    try EquilibriumModel(
      inputShape: [1],
      blocks: [
        block("z", Tanh(), [(.node(0), [[0.5, 0], [0, 0.5]]), (.input, injections.map { [$0] })]),
        block("y", Identity(), [(.node(0), [readout])]),
      ], output: 1)
  }

  /// z = weight z + x, or h = weight z and z = h + x.
  static func linear(weight: Double = 0.5, hasHelper: Bool) throws -> EquilibriumModel<Double> {
    var blocks =
      hasHelper
      ? [
        block("h", Identity(), [(.node(1), [[weight]])]),
        block("z", Identity(), [(.node(0), [[1]]), (.input, [[1]])]),
      ] : [block("z", Identity(), [(.node(0), [[weight]]), (.input, [[1]])])]
    blocks[0].terms[0].parameter = "weight"
    return try EquilibriumModel(inputShape: [1], blocks: blocks, output: blocks.count - 1)
  }

  /// z₁ = tanh(a z₁ + b z₂) and z₂ = tanh(b z₁ + a z₂), both returned.
  static func pair(_ a: Double, _ b: Double) throws -> EquilibriumModel<Double> {
    try EquilibriumModel(
      inputShape: [1], blocks: [block("z", Tanh(), [(.node(0), [[a, b], [b, a]])])], output: 0)
  }

  /// z = tanh(a z), returned twice.
  static func single(_ a: Double) throws -> EquilibriumModel<Double> {
    try EquilibriumModel(
      inputShape: [1],
      blocks: [
        block("z", Tanh(), [(.node(0), [[a]])]), block("y", Identity(), [(.node(0), [[1], [1]])]),
      ], output: 1)
  }
}

/// One group listed in two ways is one function, where that is so.
@Suite("Groups listed in several ways")
struct FieldProofListingTests {
  @Test("Units with one equation that others read differently may be listed in any order")
  func twins() throws {
    let model = try ListedGroup.twins()
    #expect(proof(model, try ListedGroup.twins(weights: [0.5, 0.25])).function.isProved)
    #expect(proof(model, try ListedGroup.twins(weights: [0.75])).function.isProved)
    for weights in [[0.5, 0.25.nextUp], [0.5, 0.5], [(0.75 as Double).nextUp]] {
      #expect(proof(model, try ListedGroup.twins(weights: weights)).function.basis == nil)
    }
    let changed = try ListedGroup.twins(weights: [0.5, 0.25], gains: [0.25, 0.25.nextDown])
    #expect(proof(model, changed).function.basis == nil)
  }

  @Test("Without a single equilibrium such units correspond one to one, and only so")
  func openTwins() throws {
    let model = try ListedGroup.twins(gain: 4)
    let permuted = proof(model, try ListedGroup.twins(gain: 4, weights: [0.5, 0.25])).function
    #expect(permuted.basis?.method == .field && !permuted.isProved)
    #expect(proof(model, try ListedGroup.twins(gain: 4, weights: [0.75])).function.basis == nil)
    for weights in [[0.5, 0.25.nextUp], [0.5, 0.5]] {
      #expect(proof(model, try ListedGroup.twins(gain: 4, weights: weights)).function.basis == nil)
    }
    let exchanged = proof(
      try ListedGroup.twins(gains: [4, 5]), try ListedGroup.twins(gains: [5, 4]))
    #expect(exchanged.function.basis == nil)
  }

  @Test("Equal units may be read from outside their group in any order, others may not")
  func outside() throws {
    let model = try ListedGroup.outside(readout: [0.25, 0.5])
    #expect(proof(model, try ListedGroup.outside(readout: [0.5, 0.25])).function.isProved)
    #expect(proof(model, try ListedGroup.outside(readout: [0.5, 0.25.nextUp])).function.basis == nil)
    let others = try ListedGroup.outside(injections: [1, 2], readout: [0.25, 0.5])
    #expect(
      proof(others, try ListedGroup.outside(injections: [2, 1], readout: [0.5, 0.25])).function.isProved)
    for (injections, readout) in [
      ([2.0, 1], [0.25, 0.5]), ([1, 2], [0.5, 0.25]), ([1, 1], [0.25, 0.5]),
    ] {
      let fault = try ListedGroup.outside(injections: injections, readout: readout)
      #expect(proof(others, fault).function.basis == nil)
    }
  }

  @Test("Coordinates that may be at different equilibria are not taken for one")
  func symmetryBreaking() throws {
    #expect(proof(try ListedGroup.pair(0, 5), try ListedGroup.single(5)).function.basis == nil)
    // The single equation has one equilibrium, the pair has others in which both differ.
    #expect(proof(try ListedGroup.pair(5.5, -5), try ListedGroup.single(0.5)).function.basis == nil)
    #expect(proof(try ListedGroup.single(0.5), try ListedGroup.pair(5.5, -5)).function.basis == nil)
    #expect(proof(try ListedGroup.pair(0, 0.5), try ListedGroup.single(0.5)).function.isProved)
    #expect(proof(try ListedGroup.pair(0.25, 0.25), try ListedGroup.pair(0, 0.5)).function.isProved)
  }

  @Test("Sums on the way round a linear cycle do not matter, its numbers do")
  func linear() throws {
    for weight in [0.5, -3] {
      let model = try ListedGroup.linear(weight: weight, hasHelper: false)
      #expect(proof(model, try ListedGroup.linear(weight: weight, hasHelper: true)).function.isProved)
      let fault = try ListedGroup.linear(weight: weight.nextUp, hasHelper: true)
      #expect(proof(model, fault).function.basis == nil)
      #expect(proof(fault, model).function.basis == nil)
    }
    let solved = try EquilibriumModel(
      inputShape: [1], blocks: [ListedGroup.block("z", Identity(), [(.input, [[2]])])], output: 0)
    #expect(proof(solved, try ListedGroup.linear(hasHelper: true)).function.isProved)
  }

  @Test("Linear equations without a single solution prove nothing")
  func singular() throws {
    let model = try ListedGroup.linear(weight: 1, hasHelper: false)
    let helper = try ListedGroup.linear(weight: 1, hasHelper: true)
    guard case .notProved(let gap) = proof(model, helper).function else {
      Issue.record("z = z + x is no function")
      return
    }
    #expect(gap.reason == "a denominator is zero in the field")
    #expect(proof(model, model).function.basis?.method == .equations)
    #expect(!proof(model, model).function.isProved)
    #expect(!proof(helper, helper).function.isProved)
  }

  @Test("Linear equations with one solution are one function also where they are the same number by number")
  func steep() throws {
    for hasHelper in [false, true] {
      let model = try ListedGroup.linear(weight: 3, hasHelper: hasHelper)
      #expect(proof(model, model).function == .proved(ProofBasis(method: .equations)))
    }
  }

  @Test("Solutions of linear equations are small enough for the bound")
  func bound() throws {
    let function = proof(
      try ListedGroup.linear(hasHelper: false), try ListedGroup.linear(hasHelper: true)
    ).function
    #expect(try #require(function.basis?.errorBound) < -100)
  }

  /// z = tanh(z/16 + x/4), or with h = h/2 + z/4 + x its argument h/8 on the way.
  static func solvedOnTheWay(_ weight: Double?) throws -> EquilibriumModel<Double> {
    guard let weight else {
      let z = ListedGroup.block("z", Tanh(), [(.node(0), [[0.0625]]), (.input, [[0.25]])])
      return try EquilibriumModel(inputShape: [1], blocks: [z], output: 0)
    }
    return try EquilibriumModel(
      inputShape: [1],
      blocks: [
        ListedGroup.block("z", Tanh(), [(.node(1), [[0.125]])]),
        ListedGroup.block(
          "h", Identity(), [(.node(1), [[0.5]]), (.node(0), [[weight]]), (.input, [[1]])]),
      ], output: 0)
  }

  @Test("Linear equations within a group that is not linear are solved too")
  func solvedWithin() throws {
    let model = try Self.solvedOnTheWay(nil)
    #expect(proof(model, try Self.solvedOnTheWay(0.25)).function.isProved)
    #expect(proof(model, try Self.solvedOnTheWay(0.25.nextUp)).function.basis == nil)
  }

  @Test("With drawn parameters the solution of linear equations holds where there is one")
  func parameters() throws {
    let report = proof(try ListedGroup.linear(hasHelper: false), try ListedGroup.linear(hasHelper: true))
    #expect(report.function.basis?.whereDefined == false)
    guard case .proved(let basis) = report.parameters.outcome else {
      Issue.record("\(report.parameters.outcome)")
      return
    }
    #expect(basis.method == .field && basis.whereDefined)
  }
}
