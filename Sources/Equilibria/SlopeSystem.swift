import Blocks
import LinearAlgebra
import Operators

/// A cyclic group as `z = φ(W z + c)`, with φ elementwise: the subject of certificates of uniqueness.
///
/// Helpers, blocks without a nonlinearity, are composed away unless they form a cycle among themselves: W holds
/// products of their matrices. Every number of W is enclosed: the exact one differs from `middle` by `radius` at most.
struct SlopeSystem {
  /// The middles of W's entries, `[N, N]`.
  private(set) var middle: Matrix<Double>
  /// Bounds of the distance to the exact entries, `[N, N]`.
  private(set) var radius: Matrix<Double>
  /// The range of the slopes of every coordinate of φ.
  private(set) var slopes: [ClosedRange<Double>] = []
  /// The group, with the members in z iterated on, and the helpers following.
  let group: DependencyGroup

  /// The number of coordinates.
  var size: Int { slopes.count }

  /// The most coordinates of a group whose matrix is formed, with its helpers and without.
  private static let mostCoordinates = (all: 8192, kept: 2048)

  /// The system of a cyclic group; nil where a nonlinearity has no known slopes, or the group is too large.
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
    var values = [ComposedValue?](repeating: nil, count: blocks.count)
    var start = 0
    for place in plan.kept {
      values[place] = .coordinates(start: start)
      start += blocks[place].size
    }
    self.group = DependencyGroup(
      members: group.members, isCyclic: true, iterated: plan.kept.map { group.members[$0] },
      following: plan.helpers.map { group.members[$0] })
    let places = Dictionary(uniqueKeysWithValues: zip(group.members, 0...))
    for place in plan.helpers {
      values[place] = .rows(EnclosedRows(of: blocks[place], reading: values, places, size))
    }
    let parts = plan.kept.map { EnclosedRows(of: blocks[$0], reading: values, places, size) }
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
