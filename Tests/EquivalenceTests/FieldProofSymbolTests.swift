import DeepEquilibrium
import Testing

@testable import Equivalence

/// Infinite constants: masks before a softmax or a maximum, which are symbols, and infinities in arithmetic, which are not.
@Suite("Infinite constants in the field proof")
struct FieldProofSymbolTests {
  /// A softmax of the input plus a mask, which is added within the block, in a block of its own, or chosen by a condition.
  static func masked(
    _ mask: [Double], _ name: String = "softmax", inOwnBlock: Bool = false
  ) throws -> Network<Double> {
    try network([3]) { draft, x in
      let phi = try nonlinearity(name, name == "softmax" ? [:] : ["dim": .integers([0])])
      let terms = [Term<Double>(source: x, map: IdentityMap([3]))]
      guard inOwnBlock else {
        return draft.add(phi, ports: [[3]], terms: terms, offsets: [Offset(vector: mask)])
      }
      let constant = draft.constant(mask, shape: [3])
      return draft.add(phi, ports: [[3]], terms: terms + [Term(source: constant, map: IdentityMap([3]))])
    }
  }

  @Test(
    "A mask is the same wherever it is added, and another mask is another function",
    arguments: ["softmax", "amax", "amin"])
  func masks(name: String) throws {
    let mask = [0, -Double.infinity, 0]
    let first = try Self.masked(mask, name)
    let report = proof(first, try Self.masked(mask, name, inOwnBlock: true))
    #expect(report.function.isProved && report.function.basis?.whereDefined == true)
    for other in [
      [-Double.infinity, 0, 0], [0, 0, 0], [0, .infinity, 0], [0, -1e308, 0], [1, -Double.infinity, 0],
    ] {
      #expect(!proof(first, try Self.masked(other, name, inOwnBlock: true)).function.isProved)
    }
  }

  @Test("A mask chosen by a condition is told from another one")
  func choices() throws {
    func chosen(_ condition: [Double], _ other: Double, isComputed: Bool) throws -> Network<Double> {
      try network([3]) { draft, x in
        let mask =
          isComputed
          ? draft.apply(Greater(), x, draft.constant(condition, shape: [3]))
          : draft.constant(condition, shape: [3])
        let scores = draft.apply(
          try nonlinearity("where"), mask, x, draft.constant([other, other, other], shape: [3]))
        return draft.apply(try nonlinearity("softmax"), scores)
      }
    }
    let causal = try chosen([1, 0, 1], -.infinity, isComputed: false)
    #expect(proof(causal, try Self.masked([0, -.infinity, 0])).function.isProved)
    #expect(!proof(causal, try Self.masked([0, 0, -.infinity])).function.isProved)
    let computed = try chosen([1, 0, 1], -.infinity, isComputed: true)
    #expect(!proof(computed, try chosen([1, 0, 2], -.infinity, isComputed: true)).function.isProved)
    #expect(!proof(computed, try chosen([1, 0, 1], .infinity, isComputed: true)).function.isProved)
    #expect(!proof(computed, try chosen([1, 0, 1], -1e308, isComputed: true)).function.isProved)
  }

  @Test("Nothing is proved where an infinite number takes part in arithmetic, or one that is not a number")
  func arithmetic() throws {
    let bad: [@Sendable (inout Draft, Source) throws -> Source] = [
      { draft, x in draft.sum([(1, x)], plus: .infinity) },
      { draft, x in draft.sum([(1, x)], plus: .nan) },
      { draft, x in draft.map(Multiply([3], factor: .infinity), x) },
    ]
    for make in bad {
      let first = try network([3]) { draft, x in draft.apply(ReLU(), try make(&draft, x)) }
      let second = try network([3]) { draft, x in draft.apply(ReLU(), draft.sum([(1, try make(&draft, x))])) }
      guard case .notProved(let gap) = proof(first, second).function else {
        Issue.record("proved")
        continue
      }
      #expect(gap.reason == "a number that is not finite is used in arithmetic")
    }
  }

  @Test("An infinite number that no output depends on is no obstacle")
  func dead() throws {
    let first = try network([3]) { draft, x in
      _ = draft.apply(ReLU(), draft.sum([(1, x)], plus: .infinity))
      return draft.apply(Tanh(), x)
    }
    #expect(proof(first, try network([3]) { draft, x in draft.apply(Tanh(), x) }).function.isProved)
  }
}
