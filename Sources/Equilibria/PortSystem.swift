import Blocks
import LinearAlgebra
import Operators

/// A cyclic group as `z = Φ(W z + c)` where blocks may have several ports and mix their coordinates: known of Φ are
/// bounds on how it carries differences (`DifferenceBounded`).
///
/// Helpers are composed away as in a `SlopeSystem`. W has a row for each coordinate of a port, and each of its numbers
/// is enclosed.
struct PortSystem {
  /// Upper bounds of the magnitudes of W's entries, `[ports, N]`.
  private let magnitudes: Matrix<Double>
  private let middle: Matrix<Double>
  private let radius: Matrix<Double>
  private let blocks: [BoundedBlock]

  /// The most coordinates of a group, its ports and helpers included, whose matrix is formed.
  private static let mostCoordinates = 4096

  /// The system of a cyclic group; nil where a nonlinearity has no bounds, or the group is too large.
  init?(of group: DependencyGroup, in model: EquilibriumModel<Double>) {
    let members = group.members.map { model.blocks[$0] }
    guard members.reduce(0, { $0 + $1.size + $1.portSizes.reduce(0, +) }) <= Self.mostCoordinates else {
      return nil
    }
    let plan = HelperPlan(of: group, members)
    let size = plan.kept.reduce(0) { $0 + members[$1].size }
    var values = [ComposedValue?](repeating: nil, count: members.count)
    var start = 0
    for place in plan.kept {
      values[place] = .coordinates(start: start)
      start += members[place].size
    }
    let places = Dictionary(uniqueKeysWithValues: zip(group.members, 0...))
    for place in plan.helpers {
      values[place] = .rows(EnclosedRows(of: members[place], reading: values, places, size))
    }
    var blocks: [BoundedBlock] = []
    var parts: [EnclosedRows] = []
    for place in plan.kept {
      guard let block = BoundedBlock(members[place]) else { return nil }
      blocks.append(block)
      parts += block.portSizes.indices.map {
        EnclosedRows(of: members[place], port: $0, reading: values, places, size)
      }
    }
    self.blocks = blocks
    let count = parts.reduce(0) { $0 + $1.middle.rows }
    middle = Matrix(rows: count, columns: size, elements: parts.flatMap(\.middle.elements))
    radius = Matrix(rows: count, columns: size, elements: parts.flatMap(\.radius.elements))
    magnitudes = Matrix(
      rows: count, columns: size,
      elements: zip(middle.elements, radius.elements).map { (abs($0) + $1).nextUp })
  }

  /// The first sufficient condition for a unique equilibrium that holds.
  var wellPosedness: WellPosedness {
    guard magnitudes.isFinite else { return .unknown }
    if let bound = weightedMaximum { return .weightedMaximum(bound: bound) }
    if let bound = contraction { return .contraction(bound: bound) }
    return .unknown
  }

  /// An upper bound below 1 of f's Lipschitz constant in a weighted maximum norm, or nil.
  ///
  /// If no coordinate moves by more than d, no coordinate of f moves by more than T(d); T is monotone and homogeneous,
  /// and f contracts in the norm max |zᵢ|/dᵢ where T(d) < d. A power iteration searches for such a d (Lemmens &
  /// Nussbaum 2012, "Nonlinear Perron–Frobenius theory", section 5.2).
  private var weightedMaximum: Double? {
    var d = [Double](repeating: 1, count: magnitudes.columns)
    var best = Double.infinity
    for _ in 0..<200 {
      guard let image = image(of: d) else { return nil }
      let ratio = zip(image, d).reduce(0) { max($0, ($1.0 / $1.1).nextUp) }
      let isSettled = ratio > best * (1 - 1e-12) && ratio <= best
      best = min(best, ratio)
      guard let largest = image.max(), largest > 0, largest.isFinite, !isSettled else { break }
      // Averaging with d prevents endless rotation of the image; a small constant keeps d positive.
      d = zip(image, d).map { ($0 / largest + $1) / 2 + 1e-9 }
    }
    return best < 1 ? best : nil
  }

  /// T(d), rounded upwards; nil where it has no bound.
  private func image(of d: [Double]) -> [Double]? {
    let ports = magnitudes.rowArrays.map { row in
      roundedUp(zip(row, d).reduce(0) { $0 + $1.0 * $1.1 }, summands: d.count)
    }
    var (image, first) = ([Double](), 0)
    for block in blocks {
      let differences = block.portSizes.map { size in
        defer { first += size }
        return Array(ports[first..<first + size])
      }
      guard let bounds = block.differenceBounds(differences) else { return nil }
      image += bounds
    }
    return image
  }

  /// An upper bound below 1 of ‖L W‖₂, with L each port's Lipschitz constant in the Euclidean norm, or nil.
  private var contraction: Double? {
    var scaled = Enclosure(middle: middle, radius: radius)
    var first = 0
    for block in blocks {
      guard let bounds = block.euclideanBounds else { return nil }
      for (size, bound) in zip(block.portSizes, bounds) {
        for row in first..<first + size {
          for column in 0..<middle.columns where middle[row, column] != 0 || radius[row, column] != 0 {
            scaled.scale(row, column, by: bound)
          }
        }
        first += size
      }
    }
    guard scaled.middle.isFinite, scaled.radius.isFinite else { return nil }
    let bound = spectralNormBound(scaled.middle, radius: scaled.radius)
    return bound < 1 ? bound : nil
  }
}

/// A block with bounds on how it carries differences.
private struct BoundedBlock {
  let portSizes: [Int]
  private let shapes: [[Int]]
  private let nonlinearity: any Nonlinearity
  /// Bounds of the ports that are constant; nil for others.
  private let magnitudes: [[Double]?]

  /// Nil where no bound is known.
  init?(_ block: Block<Double>) {
    guard block.nonlinearity is any DifferenceBounded || block.nonlinearity.slopes != nil else { return nil }
    portSizes = block.portSizes
    shapes = block.portShapes
    nonlinearity = block.nonlinearity
    let read = Set(block.terms.map(\.port))
    magnitudes = block.portSizes.enumerated().map { port, size in
      guard !read.contains(port) else { return nil }
      let offsets = block.offsets.filter { $0.port == port }
      return (0..<size).map { index in
        roundedUp(offsets.reduce(0) { $0 + abs($1.vector[index]) }, summands: offsets.count)
      }
    }
  }

  /// An upper bound of the magnitudes of an activation's slopes; nil for other nonlinearities.
  private var steepest: Double? {
    nonlinearity.slopes.map { max(abs($0.lowerBound), abs($0.upperBound)) }
  }

  func differenceBounds(_ differences: [[Double]]) -> [Double]? {
    if let steepest { return differences[0].map { $0 == 0 ? 0 : ($0 * steepest).nextUp } }
    return (nonlinearity as? any DifferenceBounded)?
      .differenceBounds(differences, magnitudes: magnitudes, shapes: shapes)
  }

  var euclideanBounds: [Double]? {
    if let steepest { return [steepest] }
    return (nonlinearity as? any DifferenceBounded)?.euclideanBounds(magnitudes: magnitudes, shapes: shapes)
  }
}
