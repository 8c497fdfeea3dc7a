import LinearAlgebra

/// A sparse matrix, the same for every plane of a tensor: compressed sparse rows.
struct SparseRows: Sendable {
  /// The number of elements of a plane of the input.
  let width: Int
  /// The start of each row's entries, and the end of the last row's.
  private(set) var starts: [Int] = [0]
  /// The column of each entry, ascending within a row.
  private(set) var columns: [Int] = []
  /// The value of each entry.
  private(set) var weights: [Double] = []

  var rows: Int { starts.count - 1 }

  /// The product of matrices along the axes of a plane: for each axis its rows' positions and weights.
  init(_ axes: [[[(place: Int, weight: Double)]]], extents: [Int]) {
    width = extents.reduce(1, *)
    let steps = strides(of: axes.map(\.count))
    for row in 0..<axes.reduce(1, { $0 * $1.count }) {
      var entries: [(place: Int, weight: Double)] = [(0, 1)]
      for (axis, rows) in axes.enumerated() {
        let line = rows[row / steps[axis] % rows.count]
        entries = entries.flatMap { outer in
          line.map { (outer.place * extents[axis] + $0.place, outer.weight * $0.weight) }
        }
      }
      columns += entries.map(\.place)
      weights += entries.map(\.weight)
      starts.append(columns.count)
    }
  }

  /// Adds the product with each plane of `source`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func add<S: Scalar>(_ source: [S], planes: Int, to target: inout [S]) {
    let weights = weights.map { S($0) }
    for plane in 0..<planes {
      let (first, output) = (plane * width, plane * rows)
      for row in 0..<rows {
        var sum: S = 0
        for entry in starts[row]..<starts[row + 1] { sum += weights[entry] * source[first + columns[entry]] }
        target[output + row] += sum
      }
    }
  }

  /// Adds the product of the transpose with each plane of `source`.
  @specialized(where S == Double)
  @specialized(where S == Float)
  func addTransposed<S: Scalar>(_ source: [S], planes: Int, to target: inout [S]) {
    let weights = weights.map { S($0) }
    for plane in 0..<planes {
      let (first, output) = (plane * width, plane * rows)
      for row in 0..<rows {
        for entry in starts[row]..<starts[row + 1] {
          target[first + columns[entry]] += weights[entry] * source[output + row]
        }
      }
    }
  }
}
