import Blocks
import LinearAlgebra
import Operators

/// A cyclic group as `z = φ(W z + c)`, with φ elementwise: what certificates of uniqueness are about.
///
/// Helpers, blocks that apply no nonlinearity, are composed away as far as they are on no cycle of their own: W holds
/// products of their matrices. Every number of W is enclosed: the exact one differs from `middle` by `radius` at most.
struct SlopeSystem {
  /// The middles of W's entries, `[N, N]`.
  private(set) var middle: Matrix<Double>
  /// Bounds of the distance to the exact entries, `[N, N]`.
  private(set) var radius: Matrix<Double>
  /// The range of the slopes of every coordinate of φ.
  private(set) var slopes: [ClosedRange<Double>] = []
  /// The group, with the members that z holds iterated on, and the helpers following.
  let group: DependencyGroup

  /// The number of coordinates.
  var size: Int { slopes.count }

  /// The most coordinates of a group whose matrix is written out, with its helpers and without.
  private static let mostCoordinates = (all: 8192, kept: 2048)

  /// The system of a cyclic group; nil where some nonlinearity has no known slopes, or the group is too large.
  init?(of group: DependencyGroup, in model: EquilibriumModel<Double>) {
    let blocks = group.members.map { model.blocks[$0] }
    var slopes: [ClosedRange<Double>] = []
    for block in blocks {
      guard let range = block.nonlinearity.slopes, block.portSizes == [block.size] else { return nil }
      slopes.append(range)
    }
    let plan = HelperPlan(of: group, blocks)
    let size = plan.kept.reduce(0) { $0 + blocks[$1].size }
    guard blocks.reduce(0, { $0 + $1.size }) <= Self.mostCoordinates.all,
      size <= Self.mostCoordinates.kept
    else { return nil }
    var rows = [EnclosedRows?](repeating: nil, count: blocks.count)
    var start = 0
    for place in plan.kept {
      rows[place] = EnclosedRows(unitOf: blocks[place].size, at: start, columns: size)
      start += blocks[place].size
    }
    self.group = DependencyGroup(
      members: group.members, isCyclic: true, iterated: plan.kept.map { group.members[$0] },
      following: plan.helpers.map { group.members[$0] })
    let places = Dictionary(uniqueKeysWithValues: zip(group.members, 0...))
    for place in plan.helpers { rows[place] = EnclosedRows(of: blocks[place], reading: rows, places, size) }
    let parts = plan.kept.map { EnclosedRows(of: blocks[$0], reading: rows, places, size) }
    middle = Matrix(rows: size, columns: size, elements: parts.flatMap(\.middle.elements))
    radius = Matrix(rows: size, columns: size, elements: parts.flatMap(\.radius.elements))
    self.slopes = plan.kept.flatMap { place in
      [ClosedRange<Double>](repeating: slopes[place], count: blocks[place].size)
    }
  }

  /// The steepest slope of a coordinate.
  func steepest(_ row: Int) -> Double { max(abs(slopes[row].lowerBound), abs(slopes[row].upperBound)) }

  /// An upper bound of the magnitude of an entry.
  func magnitude(_ row: Int, _ column: Int) -> Double {
    (abs(middle[row, column]) + radius[row, column]).nextUp
  }

  /// Whether everything is finite.
  var isFinite: Bool {
    middle.isFinite && radius.isFinite
      && slopes.allSatisfy { $0.lowerBound.isFinite && $0.upperBound.isFinite }
  }
}

/// Which members of a group are composed away, in which order, and which stay, by their places.
private struct HelperPlan {
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

/// The matrix of a block's value by the coordinates that stay, with bounds of its errors.
private struct EnclosedRows {
  var middle: Matrix<Double>
  var radius: Matrix<Double>

  /// The unit matrix, in the columns from `start` on.
  init(unitOf size: Int, at start: Int, columns: Int) {
    middle = Matrix(rows: size, columns: columns)
    radius = middle
    for row in 0..<size { middle[row, start + row] = 1 }
  }

  /// What the terms of a block make of what it reads.
  ///
  /// A sum of k products of numbers that have relative errors u is off by (k + 4) u times the sum of their magnitudes at
  /// most (Higham 2002, section 3.1); so is the sum that says so, whence the factor.
  init(
    of block: Block<Double>, reading rows: [EnclosedRows?], _ places: [Int: Int], _ columns: Int
  ) {
    middle = Matrix(rows: block.size, columns: columns)
    radius = middle
    for row in 0..<block.size {
      var sum = [Double](repeating: 0, count: columns)
      var magnitudes = sum
      var spreads = sum
      var summands = 0
      for term in block.terms {
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
