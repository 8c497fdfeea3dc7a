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

/// The matrix of a block's value with respect to the remaining coordinates, with bounds of its errors.
struct EnclosedRows {
  var middle: Matrix<Double>
  var radius: Matrix<Double>

  /// The unit matrix, in the columns from `start` on.
  init(unitOf size: Int, at start: Int, columns: Int) {
    middle = Matrix(rows: size, columns: columns)
    radius = middle
    for row in 0..<size { middle[row, start + row] = 1 }
  }

  /// The sum of the terms of a block's port, applied to what they read.
  ///
  /// A sum of k products of numbers that have relative errors u has an error of at most (k + 4) u times the sum of
  /// their magnitudes (Higham 2002, section 3.1). The computed bound has such an error too, hence the factor.
  init(
    of block: Block<Double>, port: Int = 0, reading rows: [EnclosedRows?], _ places: [Int: Int],
    _ columns: Int
  ) {
    middle = Matrix(rows: block.portSizes[port], columns: columns)
    radius = middle
    let terms = block.terms.filter { $0.port == port }
    for row in 0..<middle.rows {
      var sum = [Double](repeating: 0, count: columns)
      var magnitudes = sum
      var spreads = sum
      var summands = 0
      for term in terms {
        guard case .node(let node) = term.source, let source = places[node].flatMap({ rows[$0] }) else {
          continue
        }
        term.map.forEachEntry(inRow: row) { index, value in
          summands += 1
          let start = index * columns
          for column in 0..<columns {
            let number = source.middle.elements[start + column]
            sum[column] += value * number
            magnitudes[column] += abs(value * number)
            spreads[column] += abs(value) * source.radius.elements[start + column]
          }
        }
      }
      let unit = Double(summands + 4) * 0x1p-52
      for column in 0..<columns where magnitudes[column] != 0 || spreads[column] != 0 {
        middle[row, column] = sum[column]
        radius[row, column] = (spreads[column] + unit * magnitudes[column]) * (1 + 2 * unit) + 0x1p-1000
      }
    }
  }
}
