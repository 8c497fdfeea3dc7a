import LinearAlgebra
import Operators

/// One row of the sum of several linear maps, in exact arithmetic; it holds the entries that the maps have, and takes
/// time and memory for those only.
struct ExactRow {
  /// The columns that some map has an entry at, ascending.
  private var columns: [Int] = []
  /// Their sums, where a double can hold them; rounded where `summands` has more to say.
  private var values: [Double] = []
  /// What adds up at the columns whose sum no double holds.
  private var summands: [Int: [Double]] = [:]

  init(_ row: Int, of maps: [any LinearMap<Double>]) {
    for map in maps {
      var added: (columns: [Int], values: [Double]) = ([], [])
      map.forEachEntry(inRow: row) { column, value in
        added.columns.append(column)
        added.values.append(value)
      }
      add(added.values, at: added.columns)
    }
  }

  init(sumOf vectors: [[Double]]) {
    for vector in vectors { add(vector, at: Array(vector.indices)) }
  }

  /// Adds values at ascending columns.
  private mutating func add(_ added: [Double], at places: [Int]) {
    guard !columns.isEmpty else {
      (columns, values) = (places, added)
      return
    }
    var merged: (columns: [Int], values: [Double]) = ([], [])
    merged.columns.reserveCapacity(columns.count + places.count)
    merged.values.reserveCapacity(columns.count + places.count)
    var (ours, theirs) = (0, 0)
    while ours < columns.count || theirs < places.count {
      let column = min(
        ours < columns.count ? columns[ours] : .max, theirs < places.count ? places[theirs] : .max)
      let isOurs = ours < columns.count && columns[ours] == column
      let isTheirs = theirs < places.count && places[theirs] == column
      let value =
        isOurs && isTheirs
        ? sum(values[ours], added[theirs], at: column) : isOurs ? values[ours] : added[theirs]
      merged.columns.append(column)
      merged.values.append(value)
      if isOurs { ours += 1 }
      if isTheirs { theirs += 1 }
    }
    (columns, values) = merged
  }

  private mutating func sum(_ old: Double, _ value: Double, at column: Int) -> Double {
    // Keeps the bits of the first summand that is not zero, or else the sign of the last zero.
    if old == 0, summands[column] == nil { return value }
    let (sum, error) = twoSum(old, value)
    if error != 0 || summands[column] != nil { summands[column, default: [old]].append(value) }
    return sum
  }

  /// The first column where the two sums are not the same number; zeros of different sign are not.
  func firstDifference(from other: ExactRow) -> Int? {
    if summands.isEmpty, other.summands.isEmpty, columns == other.columns, haveSameBits(values, other.values)
    {
      return nil
    }
    var (ours, theirs) = (0, 0)
    while ours < columns.count || theirs < other.columns.count {
      let column = min(
        ours < columns.count ? columns[ours] : .max,
        theirs < other.columns.count ? other.columns[theirs] : .max)
      // Where a row has no entry it is +0.
      var (left, right) = (0.0, 0.0)
      if ours < columns.count, columns[ours] == column {
        left = values[ours]
        ours += 1
      }
      if theirs < other.columns.count, other.columns[theirs] == column {
        right = other.values[theirs]
        theirs += 1
      }
      if summands[column] == nil, other.summands[column] == nil {
        if left.bitPattern != right.bitPattern { return column }
      } else if !sumIsZero((summands[column] ?? [left]) + (other.summands[column] ?? [right]).map { -$0 }) {
        return column
      }
    }
    return nil
  }

  /// The sum at a column, as text.
  func description(at column: Int) -> String {
    if let summands = summands[column] { return summands.map { "\($0)" }.joined(separator: " + ") }
    var (low, high) = (0, columns.count)
    while low < high {
      let middle = (low + high) / 2
      if columns[middle] < column { low = middle + 1 } else { high = middle }
    }
    return low < columns.count && columns[low] == column ? "\(values[low])" : "0.0"
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
