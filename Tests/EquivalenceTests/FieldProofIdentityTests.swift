import DeepEquilibrium
import Testing

@testable import Equivalence

/// Ways to write one function by several operators: each is proved, and each holds for numbers, so that no false identity is
/// built in.
@Suite("Identities of the field proof")
struct FieldProofIdentityTests {
  /// One function written twice; its arguments are positive where it has a domain.
  struct Pair: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var shape = [4]
    var isPositive = false
    let first: @Sendable (inout Draft, Source) throws -> Source
    let second: @Sendable (inout Draft, Source) throws -> Source
  }

  static func apply(
    _ name: String, _ constants: [String: Constant] = [:]
  ) -> @Sendable (inout Draft, Source) throws -> Source {
    { draft, x in draft.apply(try nonlinearity(name, constants), x) }
  }

  private static func zero(_ draft: inout Draft) -> Source { draft.constant([0, 0, 0, 0], shape: [4]) }

  static let pairs: [Pair] = [
    Pair(
      testDescription: "relu = leaky_relu(0)", first: apply("relu"),
      second: apply("leaky_relu", ["negative_slope": .number(0)])),
    Pair(
      testDescription: "relu = clamp from 0", first: apply("relu"),
      second: apply("clamp", ["min": .number(0)])),
    Pair(
      testDescription: "relu = −clamp of −t to 0", first: apply("relu"),
      second: { draft, x in
        let negative = draft.sum([(-1, x)])
        return draft.sum([(-1, draft.apply(try nonlinearity("clamp", ["max": .number(0)]), negative))])
      }),
    Pair(
      testDescription: "relu = maximum with 0", first: apply("relu"),
      second: { draft, x in draft.apply(Maximum(), zero(&draft), x) }),
    Pair(
      testDescription: "relu = prelu 0", first: apply("relu"),
      second: { draft, x in draft.apply(PReLU(), x, zero(&draft)) }),
    Pair(
      testDescription: "relu = threshold 0, 0", first: apply("relu"),
      second: apply("threshold", ["threshold": .number(0), "value": .number(0)])),
    Pair(
      testDescription: "relu = softshrink from above", first: apply("relu"),
      second: { draft, x in
        let absolute = draft.apply(AbsoluteValue(), x)
        return draft.sum([(0.5, x), (0.5, absolute)])
      }),
    Pair(
      testDescription: "abs = leaky_relu(−1)", first: apply("abs"),
      second: apply("leaky_relu", ["negative_slope": .number(-1)])),
    Pair(
      testDescription: "relu6 = clamp from 0 to 6", first: apply("relu6"),
      second: apply("clamp", ["min": .number(0), "max": .number(6)])),
    Pair(
      testDescription: "relu6 = hard_tanh from 0 to 6", first: apply("relu6"),
      second: apply("hard_tanh", ["min": .number(0), "max": .number(6)])),
    Pair(
      testDescription: "a clamp is a clamp of half the width",
      first: apply("clamp", ["min": .number(-1), "max": .number(3)]),
      second: { draft, x in
        let half = draft.sum([(0.5, x)])
        let clamped = draft.apply(
          try nonlinearity("hard_tanh", ["min": .number(-0.5), "max": .number(1.5)]), half)
        return draft.sum([(2, clamped)])
      }),
    Pair(
      testDescription: "silu = t sigmoid(t)", first: apply("silu"),
      second: { draft, x in draft.apply(Product(), draft.apply(Sigmoid(), x), x) }),
    Pair(
      testDescription: "hard_swish is decomposed", first: apply("hard_swish"),
      second: { draft, x in
        let gate = draft.apply(ReLU6(), draft.sum([(1, x)], plus: 3))
        return draft.apply(
          Quotient(), draft.apply(Product(), x, gate), draft.constant([6, 6, 6, 6], shape: [4]))
      }),
    Pair(
      testDescription: "hard_swish = t hard_sigmoid(t)", first: apply("hard_swish"),
      second: { draft, x in draft.apply(Product(), draft.apply(HardSigmoid(), x), x) }),
    Pair(
      testDescription: "tanh = 2 sigmoid(2t) − 1", first: apply("tanh"),
      second: { draft, x in draft.sum([(2, draft.apply(Sigmoid(), draft.sum([(2, x)])))], plus: -1) }),
    Pair(
      testDescription: "sigmoid(−t) = 1 − sigmoid(t)",
      first: { draft, x in draft.apply(Sigmoid(), draft.sum([(-1, x)])) },
      second: { draft, x in draft.sum([(-1, draft.apply(Sigmoid(), x))], plus: 1) }),
    Pair(
      testDescription: "tanhshrink = t − tanh t", first: apply("tanhshrink"),
      second: { draft, x in draft.sum([(1, x), (-1, draft.apply(Tanh(), x))]) }),
    Pair(
      testDescription: "softsign is a quotient", first: apply("softsign"),
      second: { draft, x in
        draft.apply(Quotient(), x, draft.sum([(1, draft.apply(AbsoluteValue(), x))], plus: 1))
      }),
    Pair(
      testDescription: "mish = t tanh(softplus t)", first: apply("mish"),
      second: { draft, x in
        let softplus = try nonlinearity("softplus", ["threshold": .number(.infinity)])
        return draft.apply(Product(), x, draft.apply(Tanh(), draft.apply(softplus, x)))
      }),
    Pair(
      testDescription: "log_sigmoid = −softplus(−t)", first: apply("log_sigmoid"),
      second: { draft, x in
        let softplus = try nonlinearity("softplus", ["threshold": .number(.infinity)])
        return draft.sum([(-1, draft.apply(softplus, draft.sum([(-1, x)])))])
      }),
    Pair(
      testDescription: "elu = relu + α (exp(min(t, 0)) − 1)", first: apply("elu", ["alpha": .number(0.5)]),
      second: { draft, x in
        let exponential = draft.apply(Exponential(), draft.apply(Minimum(), x, zero(&draft)))
        return draft.sum([(1, draft.apply(ReLU(), x)), (0.5, exponential)], plus: -0.5)
      }),
    Pair(
      testDescription: "celu(1) = elu(1)", first: apply("celu"), second: apply("elu")),
    Pair(
      testDescription: "softshrink is two relus", first: apply("softshrink"),
      second: { draft, x in
        let above = draft.apply(ReLU(), draft.sum([(1, x)], plus: -0.5))
        let below = draft.apply(ReLU(), draft.sum([(-1, x)], plus: -0.5))
        return draft.sum([(1, above), (-1, below)])
      }),
    Pair(
      testDescription: "pow 2 = product", first: apply("pow", ["exponent": .number(2)]),
      second: { draft, x in draft.apply(Product(), x, x) }),
    Pair(
      testDescription: "pow 0.5 = sqrt", isPositive: true, first: apply("pow", ["exponent": .number(0.5)]),
      second: apply("sqrt")),
    Pair(
      testDescription: "pow −1 = reciprocal", isPositive: true,
      first: apply("pow", ["exponent": .number(-1)]), second: apply("reciprocal")),
    Pair(
      testDescription: "power 3 = pow 3", first: apply("pow", ["exponent": .number(3)]),
      second: { draft, x in draft.apply(Power(), x, draft.constant([3, 3, 3, 3], shape: [4])) }),
    Pair(
      testDescription: "minimum = −maximum of the negatives",
      first: { draft, x in draft.apply(Minimum(), x, draft.sum([(2, x)], plus: 1)) },
      second: { draft, x in
        draft.sum([(-1, draft.apply(Maximum(), draft.sum([(-2, x)], plus: -1), draft.sum([(-1, x)])))])
      }),
    Pair(
      testDescription: "greater_equal = not less",
      first: { draft, x in draft.apply(GreaterOrEqual(), x, draft.sum([(-1, x)], plus: 1)) },
      second: { draft, x in
        draft.sum([(-1, draft.apply(Greater(), draft.sum([(-1, x)], plus: 1), x))], plus: 1)
      }),
    Pair(
      testDescription: "ceil = −floor(−t)", first: apply("ceil"),
      second: { draft, x in draft.sum([(-1, draft.apply(Floor(), draft.sum([(-1, x)])))]) }),
    Pair(
      testDescription: "softmax by its largest, exponentials and a quotient", first: apply("softmax"),
      second: { draft, x in
        let exponential = try Self.exponential(&draft, x)
        let sum = draft.map(try linearMap("sum", [4], nil, ["dim": .integers([0])]), exponential)
        return draft.apply(Quotient(), exponential, try Self.spread(&draft, sum))
      }),
    Pair(
      testDescription: "log_softmax = t − logsumexp", first: apply("log_softmax"),
      second: { draft, x in
        let logarithm = draft.apply(try nonlinearity("logsumexp", ["dim": .integers([0])]), x)
        return draft.sum([(1, x), (-1, try Self.spread(&draft, logarithm))])
      }),
    Pair(
      testDescription: "layer_norm by mean, product, sqrt and quotient",
      first: apply("layer_norm", ["normalized_shape": .integers([4]), "eps": .number(0.125)]),
      second: { draft, x in
        let mean = try linearMap("mean", [4], nil, ["dim": .integers([0])])
        let centred = draft.sum([(1, x), (-1, try Self.spread(&draft, draft.map(mean, x)))])
        let square = draft.map(mean, draft.apply(Product(), centred, centred), offset: [0.125])
        return draft.apply(Quotient(), centred, try Self.spread(&draft, draft.apply(SquareRoot(), square)))
      }),
    Pair(
      testDescription: "a maximum of three in any order",
      first: { draft, x in draft.apply(try nonlinearity("amax", ["dim": .integers([0])]), x) },
      second: { draft, x in
        let turned = draft.map(
          try linearMap(
            "index_select", [4], nil, ["dim": .integers([0]), "index": .integers([3, 1, 1, 0, 2])]), x)
        return draft.apply(try nonlinearity("amax", ["dim": .integers([0])]), turned)
      }),
    Pair(
      testDescription: "amin = −amax of the negatives, moved along",
      first: { draft, x in
        draft.sum([(1, draft.apply(try nonlinearity("amin", ["dim": .integers([0])]), x))], plus: 0.5)
      },
      second: { draft, x in
        let turned = draft.sum([(-1, x)], plus: -0.5)
        return draft.sum([(-1, draft.apply(try nonlinearity("amax", ["dim": .integers([0])]), turned))])
      }),
  ]

  /// e to the elements minus the largest.
  private static func exponential(_ draft: inout Draft, _ x: Source) throws -> Source {
    let largest = draft.apply(try nonlinearity("amax", ["dim": .integers([0])]), x)
    let rest = draft.sum([(1, x), (-1, try spread(&draft, largest))])
    return draft.apply(Exponential(), rest)
  }

  /// One number, four times.
  private static func spread(_ draft: inout Draft, _ x: Source) throws -> Source {
    draft.map(try linearMap("expand", [1], nil, ["shape": .integers([4])]), x)
  }

  @Test("Both ways to write a function are proved to be one, and have the same numbers", arguments: pairs)
  func identities(pair: Pair) throws {
    let (first, second) = (try network(pair.shape, pair.first), try network(pair.shape, pair.second))
    #expect(proof(first, second).function.isProved)
    var generator = SeededGenerator(seed: 3)
    let numbers = (0..<40).map { _ in 3 * generator.normal() }
    let x = Matrix(rows: 10, columns: 4, elements: pair.isPositive ? numbers.map { abs($0) } : numbers)
    let outputs = [first, second].map { $0.forward(x, solvingBy: .structured(Picard())).output }
    for (a, b) in zip(outputs[0].elements, outputs[1].elements) {
      #expect(abs(a - b) <= 1e-12 * max(1, abs(a)))
    }
  }

  @Test("Every registered nonlinearity has a meaning, and tells its attributes and arguments apart")
  func coverage() {
    for type in NonlinearityRegistry.all { #expect(type is any Interpreted.Type, "\(type.typeName)") }
  }

  static let changes: [(String, [String: Constant], [String: Constant])] = [
    ("leaky_relu", ["negative_slope": .number(0.25)], ["negative_slope": .number(0.25.nextUp)]),
    ("elu", ["alpha": .number(1)], ["alpha": .number(1.0.nextUp)]),
    ("celu", ["alpha": .number(1)], ["alpha": .number(1.0.nextUp)]),
    ("clamp", ["min": .number(0), "max": .number(6)], ["min": .number(0), "max": .number(6.0.nextUp)]),
    ("clamp", ["min": .number(0)], ["min": .number(.leastNonzeroMagnitude)]),
    ("hard_tanh", [:], ["min": .number((-1.0).nextUp)]),
    ("softshrink", [:], ["lambda": .number(0.5.nextDown)]),
    ("hardshrink", [:], ["lambda": .number(0.5.nextDown)]),
    (
      "threshold", ["threshold": .number(0), "value": .number(1)],
      ["threshold": .number(0), "value": .number(1.0.nextUp)]
    ),
    (
      "threshold", ["threshold": .number(1), "value": .number(1)],
      ["threshold": .number(1), "value": .number(1.0.nextUp)]
    ),
    ("softplus", [:], ["beta": .number(1.0.nextUp)]), ("softplus", [:], ["threshold": .number(.infinity)]),
    ("gelu", [:], ["approximate": .word("tanh")]),
    ("pow", ["exponent": .number(2)], ["exponent": .number(2.0.nextUp)]),
    (
      "layer_norm", ["normalized_shape": .integers([4])],
      ["normalized_shape": .integers([4]), "eps": .number(1e-5.nextUp)]
    ),
  ]

  @Test(
    "A constant that is one unit in the last place larger is another function", arguments: changes.indices)
  func constants(index: Int) throws {
    let (name, first, second) = Self.changes[index]
    let report = proof(try network([4], Self.apply(name, first)), try network([4], Self.apply(name, second)))
    #expect(!report.function.isProved)
  }

  @Test("No two nonlinearities of one port are one function, but for those that are")
  func distinct() throws {
    let names = NonlinearityRegistry.elementwise.map { $0.typeName }.filter {
      !["pow", "threshold", "clamp"].contains($0)
    }
    let same: Set<Set<String>> = [["elu", "celu"]]
    for (index, first) in names.enumerated() {
      for second in names[..<index] {
        let report = proof(try network([4], Self.apply(first)), try network([4], Self.apply(second)))
        #expect(report.function.isProved == same.contains([first, second]), "\(first), \(second)")
      }
    }
  }
}
