import DeepEquilibrium
import Testing

@testable import Equivalence

/// Arithmetic in the fields and the challenge, against numbers of 128 bits and against Python's `hashlib`, `pow` and
/// `Fraction`, whose results are written down here.
@Suite("Arithmetic of the field proof")
struct FieldProofArithmeticTests {
  static let first = (0..<32).map { UInt8($0) }
  static let second = [UInt8](repeating: 255, count: 32)
  static let challenge = FieldChallenge(first: first, second: second, seed: 7, attempt: 2)

  @Test("Products, sums and their reductions are those of 128 bits")
  func products() {
    var generator = SeededGenerator(seed: 1)
    for field in [Self.challenge.fields.first, Self.challenge.fields.second, Self.challenge.fields.third] {
      let p = UInt128(field.modulus)
      for round in 0..<2000 {
        // The ends of the range too, where a reduction could be one too few.
        let ends = [0, 1, field.modulus - 1, field.modulus - 2]
        let a = round < 16 ? ends[round % 4] : generator.next() % field.modulus
        let b = round < 16 ? ends[round / 4] : generator.next() % field.modulus
        #expect(field.product(a, b) == UInt64(UInt128(a) * UInt128(b) % p))
        #expect(field.sum(a, b) == UInt64((UInt128(a) + UInt128(b)) % p))
        #expect(field.difference(a, b) == UInt64((UInt128(a) + p - UInt128(b)) % p))
        let (high, low) = (generator.next(), generator.next())
        #expect(field.remainder(high, low) == UInt64((UInt128(high) << 64 | UInt128(low)) % p))
        #expect(field.remainder(high) == high % field.modulus)
        if a != 0 { #expect(field.product(a, field.reciprocal(of: a)) == 1) }
      }
      #expect(field.remainder(.max) == .max % field.modulus)
    }
  }

  @Test("Long inner products of the largest numbers do not overflow", arguments: [1, 2, 47, 48, 49, 1000])
  func innerProducts(count: Int) {
    let field = Self.challenge.fields.third
    let p = UInt128(field.modulus)
    let left = [UInt64](repeating: field.modulus - 1, count: 3 * count)
    let right = [UInt64](repeating: field.modulus - 1, count: 2 * count)
    var results = [UInt64](repeating: 0, count: 6)
    results.withUnsafeMutableBufferPointer { results in
      field.addProducts(
        left, right, rows: 3, columns: 2, depth: count, to: results.baseAddress!, distance: 2)
    }
    // Scaled images are divided by 2⁶⁴: (−1)(−1) count / 2⁶⁴.
    let scale = field.reciprocal(of: UInt64((UInt128(1) << 64) % p))
    #expect(results.allSatisfy { $0 == field.product(UInt64(count), scale) })
    let fields = Self.challenge.fields
    let largest = FieldElement(fields.first.modulus - 1, fields.second.modulus - 1, fields.third.modulus - 1)
    var sum = ProductSum()
    for _ in 0..<count { sum.add(scaled: largest, times: largest, in: fields) }
    #expect(sum.value(in: fields).third == results[0])
  }

  @Test("The image of a double is its numerator over its denominator")
  func images() throws {
    let expected: [(Double, FieldElement)] = [
      (0.1, FieldElement(1_631_774_516_899_599_069, 785_004_296_965_008_074, 455_396_021_492_759_849)),
      (-2.5, FieldElement(992_794_473_642_684_537, 991_821_106_798_101_771, 996_334_767_972_789_241)),
      (
        .leastNonzeroMagnitude,
        FieldElement(903_988_100_042_847_240, 745_591_747_881_863_462, 1_663_555_189_420_855_471)
      ),
      (
        1.7976931348623157e+308,
        FieldElement(914_689_159_647_171_530, 740_440_556_601_458_554, 424_395_769_176_252_950)
      ),
      (
        Double("-1e-310")!,
        FieldElement(508_209_050_495_683_738, 878_057_885_963_030_338, 231_834_275_379_450_868)
      ),
      (3, FieldElement(3, 3, 3)), (-0.0, .zero), (0, .zero),
    ]
    for (number, element) in expected { #expect(try Self.challenge.fields.image(of: number) == element) }
    for number in [Double.infinity, -.infinity, .nan] {
      #expect(throws: FieldFailure.notFinite) { try Self.challenge.fields.image(of: number) }
    }
    #expect(Self.challenge.fields.image(of: -2) == Self.challenge.fields.negative(FieldElement(2, 2, 2)))
  }

  @Test("The challenge is that of the definition")
  func definition() {
    let challenge = Self.challenge
    #expect(hexadecimal(challenge.seed) == "980e6046b64746c0c547c65d45060791a6d62fbc8afb911169031547314fc57e")
    #expect(
      challenge.primes == [
        1_985_588_947_285_369_079, 1_983_642_213_596_203_547, 1_992_669_535_945_578_487,
      ])
    #expect(hexadecimal(challenge.key) == "eff04d6a214596624772aca5bf64df31999c5391e0cc987bfb46601e49f38f13")
    let functions = RandomFunctions(challenge)
    let t = functions.hash(FunctionSymbol("input"), [3], [])
    #expect(t == FieldElement(1_600_631_437_996_227_833, 1_821_911_037_110_054_032, 437_530_795_399_447_660))
    let magnitude = Interpretation(challenge).abs(t)
    #expect(
      magnitude
        == FieldElement(1_683_953_159_442_928_739, 1_683_569_275_056_959_299, 1_438_874_564_959_963_557))
    #expect(Interpretation(challenge).abs(functions.fields.negative(t)) == magnitude)
    let three = [FieldElement(1, 2, 3), FieldElement(4, 5, 6), FieldElement(7, 8, 9)]
    #expect(
      functions.hash(FunctionSymbol("max"), [], three)
        == FieldElement(949_432_001_655_629_006, 996_189_911_304_973_809, 1_482_346_064_323_286_199))
  }

  @Test("Many values of a function at once are its values one by one", arguments: [1, 5, 256, 1027])
  func manyValues(count: Int) {
    let functions = RandomFunctions(Self.challenge)
    let symbol = FunctionSymbol("parameter w")
    let plain = FieldValues(components: functions.components(symbol, count: count), count: count)
    let scaled = FieldValues(
      components: functions.components(symbol, count: count, scaled: true), count: count)
    for index in 0..<count {
      let value = functions.hash(symbol, [UInt64(index)], [])
      #expect(plain[index] == value && scaled[index] == functions.fields.scaled(value))
    }
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  @Test("Every part of a challenge changes all of it")
  func challenges() {
    var other = Self.first
    other[31] ^= 1
    let challenges = [
      Self.challenge, FieldChallenge(first: other, second: Self.second, seed: 7, attempt: 2),
      FieldChallenge(first: Self.second, second: Self.first, seed: 7, attempt: 2),
      FieldChallenge(first: Self.first, second: other, seed: 7, attempt: 2),
      FieldChallenge(first: Self.first, second: Self.second, seed: 8, attempt: 2),
      FieldChallenge(first: Self.first, second: Self.second, seed: 7, attempt: 3),
    ]
    #expect(Set(challenges.map(\.key)).count == challenges.count)
    #expect(Set(challenges.flatMap(\.primes)).count == 3 * challenges.count)
  }

  @Test("Primes are told from numbers that pass for primes")
  func primes() {
    let primes: [UInt64] = [2, 3, 37, 41, 65537, 2_305_843_009_213_693_951, 18_446_744_073_709_551_557]
    // Carmichael numbers, strong pseudoprimes to several bases, squares of primes.
    let composites: [UInt64] = [
      0, 1, 561, 1681, 41041, 3_215_031_751, 3_825_123_056_546_413_051, 4_759_123_141,
      1_000_000_016_000_000_063,
    ]
    for prime in primes { #expect(isPrime(prime)) }
    for composite in composites { #expect(!isPrime(composite)) }
    for prime in Self.challenge.primes { #expect(prime >> 60 != 0 && prime >> 61 == 0) }
  }

  @Test("An identity without a file depends on every number, name and constant")
  func contentDigests() throws {
    func digest(_ weight: Double, _ name: String = "w", slope: Double = 0.5) throws -> [UInt8] {
      var draft = Draft([1])
      let output = draft.add(
        LeakyReLU(negativeSlope: slope), ports: [[1]],
        terms: [
          Term(
            source: .input, map: DenseMap(Matrix(rows: 1, columns: 1, elements: [weight])), parameter: name)
        ])
      return EquationSystem(try draft.network(output)).contentDigest
    }
    let all = [
      try digest(1), try digest(1.0.nextUp), try digest(-1), try digest(1, "v"), try digest(1, slope: 0.25),
    ]
    #expect(Set(all).count == all.count)
    #expect(try digest(1) == all[0])
  }
}
