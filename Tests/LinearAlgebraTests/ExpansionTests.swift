import LinearAlgebra
import Testing

/// Sums without rounding.
@Suite("Sums in exact arithmetic")
struct ExpansionTests {
  @Test("What cancels leaves the rest, whatever its size and in any order", arguments: 0..<50)
  func cancellation(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let rest = Double.random(in: 1..<2, using: &generator)
    var numbers = [rest]
    for _ in 0..<40 {
      let number = Double.random(in: -1...1, using: &generator)
      let exponent = Int.random(in: -300...300, using: &generator)
      let scaled = Double(sign: .plus, exponent: exponent, significand: number)
      numbers += [scaled, -scaled]
    }
    numbers.shuffle(using: &generator)
    var sum = Expansion()
    for number in numbers { sum.add(number) }
    #expect(sum.value == rest && !sum.isZero)
    sum.add(-rest)
    #expect(sum.isZero)
  }

  @Test("Products are added as they are: (1 + ε)(1 − ε) − 1 is −ε², of three factors too")
  func products() {
    let epsilon = Double.ulpOfOne
    var two = Expansion()
    two.add(1 + epsilon, times: 1 - epsilon)
    two.add(-1)
    #expect(two.value == -epsilon * epsilon)
    var three = Expansion()
    three.add(1 + epsilon, times: 1 - epsilon, times: 1 + epsilon)
    three.add(-1)
    three.add(-epsilon)
    #expect(three.value == -epsilon * epsilon - epsilon * epsilon * epsilon)
  }

  @Test("Nothing is 0, and an overflow is not a number or infinite")
  func edges() {
    #expect(Expansion().value == 0)
    var sum = Expansion()
    sum.add(1e300, times: 1e300)
    #expect(!sum.value.isFinite)
  }
}
