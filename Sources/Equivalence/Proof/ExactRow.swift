import Blocks
import LinearAlgebra
import Operators

/// One row of the sum of several linear maps, in exact arithmetic; it holds the summands of its entries, and takes time and
/// memory for those only.
struct ExactRow {
  /// A summand of an entry: `factor · number / divisor`.
  fileprivate struct Summand {
    var factor: Double
    let number: Double
    let divisor: Int

    /// Whether it is the number itself.
    var isPlain: Bool { factor == 1 && divisor == 1 }
  }

  /// The columns of the summands, ascending.
  private var columns: [Int] = []
  private var summands: [Summand] = []
  /// Whether a summand is the product of more numbers than are compared here.
  private var hasLongProducts = false

  /// The row of a sum of maps.
  init(_ row: Int, of maps: [any LinearMap<Double>]) {
    for map in maps {
      let numbers = map.parameter?.elements
      map.forEachSummand(inRow: row) { summand in
        add(summand, times: summand.element.map { numbers![$0] } ?? 1, at: summand.column)
      }
    }
    sort()
  }

  /// A row of the sum of constant summands, as its only entry.
  init(_ row: Int, of offsets: [Offset<Double>]) {
    for offset in offsets {
      let numbers = offset.tensor.elements
      guard let map = offset.map else {
        add(EntrySummand(column: row), times: numbers[row], at: 0)
        continue
      }
      if map.parameter != nil { hasLongProducts = true }
      map.forEachSummand(inRow: row) { add($0, times: numbers[$0.column], at: 0) }
    }
    sort()
  }

  /// The factors by which the elements of a parameter stand in a row of a map: one column for each column and element.
  init(_ row: Int, ofElementsIn map: any LinearMap<Double>, count: Int) {
    map.forEachSummand(inRow: row) { add($0, times: 1, at: $0.column * (count + 1) + ($0.element ?? count)) }
    sort()
  }

  /// The factors by which the elements of a constant summand's tensor stand in one of its coordinates.
  init(_ row: Int, ofElementsIn offset: Offset<Double>) {
    if let map = offset.map {
      if map.parameter != nil { hasLongProducts = true }
      map.forEachSummand(inRow: row) { add($0, times: 1, at: $0.column) }
    } else {
      add(EntrySummand(column: row), times: 1, at: row)
    }
    sort()
  }

  /// The sum of several rows.
  init(sumOf rows: [ExactRow]) {
    for row in rows {
      columns += row.columns
      summands += row.summands
      hasLongProducts = hasLongProducts || row.hasLongProducts
    }
    sort()
  }

  private mutating func add(_ summand: EntrySummand, times number: Double, at column: Int) {
    columns.append(column)
    summands.append(Summand(factor: summand.factor, number: number, divisor: summand.divisor))
  }

  /// Brings the columns into order; summands of one column stay in theirs.
  private mutating func sort() {
    guard zip(columns, columns.dropFirst()).contains(where: { $0 > $1 }) else { return }
    let order = columns.indices.sorted { (columns[$0], $0) < (columns[$1], $1) }
    (columns, summands) = (order.map { columns[$0] }, order.map { summands[$0] })
  }

  /// The first column where the two sums are not the same number, or were not seen to be; of single numbers zeros of
  /// different sign are not.
  func firstDifference(from other: ExactRow) -> Int? {
    if hasLongProducts || other.hasLongProducts { return columns.first ?? other.columns.first ?? 0 }
    var (ours, theirs) = (0, 0)
    while ours < columns.count || theirs < other.columns.count {
      let column = min(
        ours < columns.count ? columns[ours] : .max,
        theirs < other.columns.count ? other.columns[theirs] : .max)
      let left = summands(at: column, from: &ours)
      let right = other.summands(at: column, from: &theirs)
      if !Self.haveSameSum(left, right) { return column }
    }
    return nil
  }

  /// The summands of a column, which begin at this place or not at all; moves the place behind them.
  private func summands(at column: Int, from place: inout Int) -> ArraySlice<Summand> {
    let start = place
    while place < columns.count, columns[place] == column { place += 1 }
    return summands[start..<place]
  }

  private static func haveSameSum(_ left: ArraySlice<Summand>, _ right: ArraySlice<Summand>) -> Bool {
    if left.count == right.count, zip(left, right).allSatisfy({ $0.hasSameBits(as: $1) }) { return true }
    if left.count < 2, right.count < 2, left.allSatisfy(\.isPlain), right.allSatisfy(\.isPlain) {
      // Where a row has no entry it is +0.
      return (left.first?.number ?? 0).bitPattern == (right.first?.number ?? 0).bitPattern
    }
    var differences: [Int: Expansion] = [:]
    for (summand, sign) in left.map({ ($0, 1.0) }) + right.map({ ($0, -1.0) }) {
      guard let (part, divisor) = summand.exactParts(times: sign) else { return false }
      for number in part { differences[divisor, default: Expansion()].add(number) }
    }
    return differences.values.allSatisfy(\.isZero)
  }

  /// The sum at a column, as text.
  func description(at column: Int) -> String {
    var place = columns.firstIndex(of: column) ?? columns.count
    let summands = summands(at: column, from: &place)
    return summands.isEmpty ? "0.0" : summands.map(\.text).joined(separator: " + ")
  }
}

extension ExactRow.Summand {
  fileprivate func hasSameBits(as other: Self) -> Bool {
    factor.bitPattern == other.factor.bitPattern && number.bitPattern == other.number.bitPattern
      && divisor == other.divisor
  }

  /// Doubles whose sum over an odd divisor the summand is; nil where no doubles hold it.
  fileprivate func exactParts(times sign: Double) -> (parts: [Double], divisor: Int)? {
    let twos = divisor.trailingZeroBitCount
    let scaled = sign * factor * Double(sign: .plus, exponent: -twos, significand: 1)
    let product = scaled * number
    if factor == 0 || number == 0 { return factor.isFinite && number.isFinite ? ([], divisor >> twos) : nil }
    // Above this nothing is lost below the smallest double; what overflows is not finite.
    guard scaled.magnitude > 0x1p-1000, product.magnitude > 0x1p-900, product.isFinite else { return nil }
    let error = (-product).addingProduct(scaled, number)
    return (error == 0 ? [product] : [product, error], divisor >> twos)
  }

  fileprivate var text: String {
    let product = factor == 1 ? "\(number)" : number == 1 ? "\(factor)" : "\(factor)·\(number)"
    return product + (divisor == 1 ? "" : "/\(divisor)")
  }
}
