import Blocks
import LinearAlgebra
import Operators

/// The Jacobian of a cyclic group's transition by the entries of its maps, where every member's nonlinearity acts
/// elementwise: J = D W, with D the slopes, composed along the members that follow.
///
/// Products that do not depend on the state are computed once, without zero entries. For one block that reads itself by
/// a matrix, a Jacobian then takes as many multiplications as an evaluation.
final class GroupJacobian<S: Scalar> {
  /// The largest number of iterated coordinates, and of all members' coordinates, for which rows are stored.
  private static var largest: (order: Int, all: Int) { (1024, 4096) }

  /// The number of iterated coordinates.
  let order: Int
  private let derivative: GroupDerivative<S>
  /// The number of multiplications of one evaluation, the unit of all costs.
  private let multiplications: Int
  /// The rows, before slopes, that do not depend on the state, by the member's position.
  private lazy var constant = constantRows()
  private var isCounted = false

  /// The Jacobian of a group with these terms; nil where a nonlinearity has several ports or mixes coordinates, or the
  /// group is too large.
  init?(of derivative: GroupDerivative<S>) {
    order = derivative.iterated.reduce(0) { $0 + derivative.blocks[$1].size }
    guard derivative.isElementwise, order <= Self.largest.order,
      derivative.blocks.reduce(0, { $0 + $1.size }) <= Self.largest.all
    else { return nil }
    self.derivative = derivative
    multiplications = derivative.blocks.reduce(0) { sum, block in
      block.terms.reduce(sum) { $0 + $1.map.multiplications }
    }
  }

  /// J of one sample, given the slopes of each member at its ports, and its cost in evaluations.
  func matrix(slopes: (_ place: Int) -> [S]) -> (matrix: Matrix<S>, evaluations: Int) {
    var count = isCounted ? 0 : constant.count
    isCounted = true
    var rows = constant.rows
    for place in derivative.following {
      if rows[place] == nil { rows[place] = products(of: place, reading: rows, &count) }
      guard !(derivative.blocks[place].nonlinearity is Identity) else { continue }
      rows[place]!.scale(by: slopes(place))
      count += rows[place]!.columns.count
    }
    var matrix = Matrix<S>(rows: order, columns: order)
    var first = 0
    for place in derivative.iterated {
      let own = constant.rows[place] ?? products(of: place, reading: rows, &count)
      let isLinear = derivative.blocks[place].nonlinearity is Identity
      own.write(into: &matrix, from: first, scaledBy: isLinear ? nil : slopes(place))
      count += isLinear ? 0 : own.columns.count
      first += derivative.blocks[place].size
    }
    return (matrix, max(1, (count + multiplications - 1) / max(1, multiplications)))
  }

  /// The cost of J in evaluations, with its constant rows shared by about four Jacobians; estimated from the number of
  /// entries in a row of the maps.
  var price: Double {
    var entries = [Double](repeating: 1, count: derivative.blocks.count)
    let varying = varyingMembers
    var (once, each) = (0.0, 0.0)
    for place in derivative.following + derivative.iterated {
      let block = derivative.blocks[place]
      var own = 0.0
      for term in block.terms {
        guard case .node(let node) = term.source, let source = derivative.places[node] else { continue }
        let isUnit = derivative.iterated.contains(source)
        let count = Double(term.map.multiplications) * (isUnit ? 1 : entries[source])
        own += count
        guard !isUnit else { continue }
        if reads(varying, from: place) { each += count } else { once += count }
      }
      let perRow = min(Double(order), own / Double(max(1, block.size)))
      if !derivative.iterated.contains(place) { entries[place] = perRow }
      if !(block.nonlinearity is Identity) { each += perRow * Double(block.size) }
    }
    return max(1, (once / 4 + each) / Double(max(1, multiplications)))
  }

  /// The members that follow whose rows depend on the state.
  private var varyingMembers: Set<Int> {
    derivative.following.reduce(into: Set<Int>()) { varying, place in
      if !(derivative.blocks[place].nonlinearity is Identity) || reads(varying, from: place) {
        varying.insert(place)
      }
    }
  }

  /// The rows of those members whose rows before slopes read nothing that depends on the state.
  private func constantRows() -> (rows: [SparseRows<S>?], count: Int) {
    var rows = [SparseRows<S>?](repeating: nil, count: derivative.blocks.count)
    var count = 0
    let varying = varyingMembers
    for place in derivative.following + derivative.iterated where !reads(varying, from: place) {
      rows[place] = products(of: place, reading: rows, &count)
    }
    return (rows, count)
  }

  private func reads(_ places: Set<Int>, from place: Int) -> Bool {
    derivative.blocks[place].nodeSources.contains { derivative.places[$0].map(places.contains) ?? false }
  }

  /// The sum of a member's terms, applied to the rows of what it reads; the rows of iterated members are those of the
  /// unit matrix.
  private func products(of place: Int, reading rows: [SparseRows<S>?], _ count: inout Int) -> SparseRows<S> {
    var starts: [Int: Int] = [:]
    var first = 0
    for place in derivative.iterated {
      starts[place] = first
      first += derivative.blocks[place].size
    }
    var result = SparseRows<S>()
    var sum = RowSum<S>(order: order)
    for row in 0..<derivative.blocks[place].size {
      for term in derivative.blocks[place].terms {
        guard case .node(let node) = term.source, let source = derivative.places[node] else { continue }
        if let start = starts[source] {
          term.map.forEachEntry(inRow: row) { sum.add($1, at: start + $0) }
        } else if let source = rows[source] {
          term.map.forEachEntry(inRow: row) { column, factor in
            count += sum.add(source, row: column, times: factor)
          }
        }
      }
      sum.move(to: &result)
    }
    return result
  }
}

/// The rows of a matrix, by their nonzero entries.
struct SparseRows<S: Scalar> {
  private(set) var starts = [0]
  private(set) var columns: [Int] = []
  private(set) var values: [S] = []

  /// Appends a row.
  mutating func append(_ entries: [(column: Int, value: S)]) {
    for entry in entries {
      columns.append(entry.column)
      values.append(entry.value)
    }
    starts.append(columns.count)
  }

  /// Multiplies each row by a factor.
  mutating func scale(by factors: [S]) {
    for row in factors.indices {
      for index in starts[row]..<starts[row + 1] { values[index] *= factors[row] }
    }
  }

  /// Writes the rows, multiplied by factors if given, into those of a matrix from `first` on.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func write(into matrix: inout Matrix<S>, from first: Int, scaledBy factors: [S]?) {
    let width = matrix.columns
    matrix.elements.withUnsafeMutableBufferPointer { entries in
      for row in 0..<starts.count - 1 {
        let factor = factors?[row] ?? 1
        for index in starts[row]..<starts[row + 1] {
          entries[(first + row) * width + columns[index]] = factor * values[index]
        }
      }
    }
  }
}

/// The accumulator of one row.
private struct RowSum<S: Scalar> {
  private var sums: [S]
  private var isTouched: [Bool]
  private var touched: [Int] = []

  init(order: Int) {
    sums = S.array(repeating: 0, count: order)
    isTouched = [Bool](repeating: false, count: order)
  }

  mutating func add(_ value: S, at column: Int) {
    if !isTouched[column] {
      isTouched[column] = true
      touched.append(column)
    }
    sums[column] += value
  }

  /// Adds a multiple of a row, and returns the number of multiplications.
  mutating func add(_ rows: SparseRows<S>, row: Int, times factor: S) -> Int {
    let range = rows.starts[row]..<rows.starts[row + 1]
    for index in range { add(factor * rows.values[index], at: rows.columns[index]) }
    return range.count
  }

  /// Appends the row to `rows`, and begins the next.
  mutating func move(to rows: inout SparseRows<S>) {
    rows.append(touched.map { ($0, sums[$0]) })
    for column in touched { (sums[column], isTouched[column]) = (0, false) }
    touched.removeAll(keepingCapacity: true)
  }
}
