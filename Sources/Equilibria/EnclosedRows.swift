import Blocks
import LinearAlgebra
import Operators

/// Which members of a group are composed away, in which order, and which remain, by their positions.
struct HelperPlan {
  let helpers: [Int]
  let kept: [Int]

  init(of group: DependencyGroup, _ blocks: [Block<Double>]) {
    let places = Dictionary(uniqueKeysWithValues: zip(group.members, 0...))
    let isLinear = blocks.map { $0.nonlinearity is Identity }
    let sources = blocks.enumerated().map { place, block in
      isLinear[place] ? block.nodeSources.compactMap { places[$0] }.filter { isLinear[$0] } : []
    }
    let cut = Set(feedbackVertexSet(sources: sources, weights: blocks.map(\.size)))
    func isHelper(_ place: Int) -> Bool { isLinear[place] && !cut.contains(place) }
    let order = stronglyConnectedComponents(sources: sources.map { $0.filter(isHelper) })
    helpers = order.flatMap { $0 }.filter(isHelper)
    kept = blocks.indices.filter { !isHelper($0) }
  }
}

/// The value of a group's member in terms of the coordinates that remain.
enum ComposedValue {
  /// The coordinates themselves, from this one on.
  case coordinates(start: Int)
  /// A linear function of them.
  case rows(EnclosedRows)
}

/// The matrix of a block's value with respect to the remaining coordinates, with bounds of its errors.
struct EnclosedRows {
  var middle: Matrix<Double>
  var radius: Matrix<Double>

  /// The sum of the terms of a block's port, applied to what they read.
  ///
  /// A sum of k products of numbers that have relative errors u has an error of at most (k + 4) u times the sum of
  /// their magnitudes (Higham 2002, section 3.1). The computed bound has such an error too, hence the factor.
  init(
    of block: Block<Double>, port: Int = 0, reading values: [ComposedValue?], _ places: [Int: Int],
    _ columns: Int
  ) {
    middle = Matrix(rows: block.portSizes[port], columns: columns)
    radius = middle
    let terms = block.terms.filter { $0.port == port }
    for row in 0..<middle.rows {
      var sums = RowSums(columns: columns)
      for term in terms {
        guard case .node(let node) = term.source, let value = places[node].flatMap({ values[$0] }) else {
          continue
        }
        term.map.forEachEntry(inRow: row) { index, entry in
          switch value {
          case .coordinates(let start): sums.add(entry, at: start + index)
          case .rows(let rows): sums.add(entry, times: rows, row: index)
          }
        }
      }
      let unit = Double(sums.summands + 4) * 0x1p-52
      for column in 0..<columns where sums.magnitudes[column] != 0 || sums.spreads[column] != 0 {
        middle[row, column] = sums.numbers[column]
        radius[row, column] =
          (sums.spreads[column] + unit * sums.magnitudes[column]) * (1 + 2 * unit) + 0x1p-1000
      }
    }
  }
}

/// A row that is being added up.
private struct RowSums {
  private(set) var numbers: [Double]
  /// The sums of the summands' magnitudes.
  private(set) var magnitudes: [Double]
  /// The sums of the bounds that the summands' errors come with.
  private(set) var spreads: [Double]
  private(set) var summands = 0

  init(columns: Int) {
    numbers = [Double](repeating: 0, count: columns)
    magnitudes = numbers
    spreads = numbers
  }

  /// Adds an entry in one column.
  mutating func add(_ entry: Double, at column: Int) {
    summands += 1
    numbers[column] += entry
    magnitudes[column] += abs(entry)
  }

  /// Adds an entry times a row.
  mutating func add(_ entry: Double, times rows: EnclosedRows, row: Int) {
    summands += 1
    let columns = numbers.count
    rows.middle.elements.withUnsafeBufferPointer { middle in
      rows.radius.elements.withUnsafeBufferPointer { radius in
        for column in 0..<columns {
          let product = entry * middle[row * columns + column]
          numbers[column] += product
          magnitudes[column] += abs(product)
          spreads[column] += abs(entry) * radius[row * columns + column]
        }
      }
    }
  }
}
