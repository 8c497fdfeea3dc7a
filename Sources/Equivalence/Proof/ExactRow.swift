import LinearAlgebra
import Operators

/// One row of the sum of several linear maps, in exact arithmetic.
struct ExactRow {
  /// The sums, where a double can hold them; rounded where `summands` has more to say.
  private var values: [Double]
  /// What adds up at the columns whose sum no double holds.
  private var summands: [Int: [Double]] = [:]

  init(_ row: Int, of maps: [any LinearMap<Double>], count: Int) {
    values = [Double](repeating: 0, count: count)
    for map in maps {
      map.forEachEntry(inRow: row) { column, value in add(value, at: column) }
    }
  }

  init(sumOf vectors: [[Double]], count: Int) {
    values = [Double](repeating: 0, count: count)
    for vector in vectors {
      for (index, value) in vector.enumerated() { add(value, at: index) }
    }
  }

  private mutating func add(_ value: Double, at index: Int) {
    let old = values[index]
    if old == 0, summands[index] == nil {
      // Keeps the bits of the first summand, the sign of a zero too.
      values[index] = value
      return
    }
    let (sum, error) = twoSum(old, value)
    if error != 0 || summands[index] != nil { summands[index, default: [old]].append(value) }
    values[index] = sum
  }

  /// The first column where the two sums are not the same number; zeros of different sign are not.
  func firstDifference(from other: ExactRow) -> Int? {
    if summands.isEmpty, other.summands.isEmpty, haveSameBits(values, other.values) { return nil }
    return values.indices.first { index in
      if summands[index] == nil, other.summands[index] == nil {
        return values[index].bitPattern != other.values[index].bitPattern
      }
      return !sumIsZero(all(at: index) + other.all(at: index).map { -$0 })
    }
  }

  private func all(at index: Int) -> [Double] { summands[index] ?? [values[index]] }

  /// The sum at a column, as text.
  func description(at index: Int) -> String {
    summands[index].map { $0.map { "\($0)" }.joined(separator: " + ") } ?? "\(values[index])"
  }
}

/// `a + b` rounded, and what rounding took from it (Knuth's two-sum).
private func twoSum(_ a: Double, _ b: Double) -> (sum: Double, error: Double) {
  let sum = a + b
  let part = sum - a
  return (sum, (a - (sum - part)) + (b - part))
}

/// Whether numbers add up to exactly 0: their sum as a list of doubles that do not overlap (Shewchuk 1997) is empty.
private func sumIsZero(_ numbers: [Double]) -> Bool {
  var expansion: [Double] = []
  for number in numbers {
    var carry = number
    var next: [Double] = []
    for part in expansion {
      let (sum, error) = twoSum(carry, part)
      if error != 0 { next.append(error) }
      carry = sum
    }
    if carry != 0 { next.append(carry) }
    expansion = next
  }
  return expansion.isEmpty
}
