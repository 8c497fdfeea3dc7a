import LinearAlgebra
import Testing

/// Random numbers that a seed decides.
@Suite("Seeded random numbers") struct SeededGeneratorTests {
  @Test("The same seed gives the same numbers, another seed others")
  func seeds() {
    var (first, second, third) = (
      SeededGenerator(seed: 7), SeededGenerator(seed: 7), SeededGenerator(seed: 8)
    )
    let numbers = (0..<100).map { _ in first.next() }
    #expect((0..<100).map { _ in second.next() } == numbers)
    #expect((0..<100).map { _ in third.next() } != numbers)
  }

  @Test("The numbers are those of xoshiro256**, seeded by SplitMix64, as written out in Python")
  func published() {
    var generator = SeededGenerator(seed: 7)
    let numbers: [UInt64] = [
      0xB358_FAF7_4EF9_765A,
      0x475C_3D96_4F48_2CD2,
      0xD6F1_D349_952C_7996,
      0xFB29_3873_1E80_7240,
    ]
    #expect((0..<4).map { _ in generator.next() } == numbers)
  }

  @Test("Uniform numbers lie in [0, 1), with the moments of the distribution to five standard errors")
  func uniform() {
    var generator = SeededGenerator(seed: 1)
    let numbers = (0..<100_000).map { _ in generator.uniform() }
    #expect(numbers.allSatisfy { (0..<1).contains($0) })
    let mean = numbers.reduce(0, +) / 1e5
    #expect(abs(mean - 0.5) <= 5 * (1.0 / 12).squareRoot() / 1e5.squareRoot())
    let square = numbers.reduce(0) { $0 + $1 * $1 } / 1e5
    #expect(abs(square - 1.0 / 3) <= 5 * (4.0 / 45).squareRoot() / 1e5.squareRoot())
  }

  @Test("Normal numbers have the mean 0, the variance 1 and the fourth moment 3 to five standard errors")
  func normal() {
    var generator = SeededGenerator(seed: 2)
    let numbers = (0..<100_000).map { _ in generator.normal() }
    #expect(numbers.allSatisfy { $0.isFinite })
    let deviation = 5 / Double(numbers.count).squareRoot()
    let moments = (1...4).map { power in
      numbers.reduce(0.0) { sum, number in sum + (0..<power).reduce(1.0) { product, _ in product * number } }
        / Double(numbers.count)
    }
    #expect(abs(moments[0]) <= deviation)
    #expect(abs(moments[1] - 1) <= deviation * 2.0.squareRoot())
    #expect(abs(moments[3] - 3) <= deviation * 96.0.squareRoot())
  }
}
