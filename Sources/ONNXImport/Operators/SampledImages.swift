import Blocks
import LinearAlgebra
import Operators

/// An element of the value of a linear map: which elements of the argument determine it, and how much.
typealias WeightedPlaces = [(place: Int, weight: Double)]

extension NodeImport {
  /// Above this number of elements a matrix is written as one map for each of the places that a row has.
  private static let largestMatrix = 1 << 22
  /// More places of a row than interpolation in three dimensions has.
  private static let mostPlaces = 64

  /// The weighted sums of a value's elements along an axis.
  func sums(
    of value: Variable, axis: Int, _ rows: [WeightedPlaces], suffix: String
  ) throws(ImportFailure) -> Variable {
    let dim = try value.layout.sampleAxis(axis, to: "samples")
    let extent = value.layout.shape[axis]
    var shape = value.layout.shape
    shape[axis] = rows.count
    try checkedCount(of: shape, least: 1)
    let layout = try value.layout.replacing(shape)
    if rows.count * extent <= Self.largestMatrix {
      try ImportLimits.charge(rows.count * extent)
      var matrix = Matrix<Double>(rows: rows.count, columns: extent)
      for (row, places) in rows.enumerated() {
        for (place, weight) in places { matrix[row, place] += weight }
      }
      let map = try linearMap(
        "linear", from: value.layout.sampleShape, ["dim": .integers([dim])], weight: Tensor(matrix))
      return try mapped(value, by: map, suffix: suffix, to: layout)
    }
    return try sums(of: value, axis: axis, dim: dim, rows, layout, suffix: suffix)
  }

  /// The same by the first places of all rows, the second ones and so on.
  private func sums(
    of value: Variable, axis: Int, dim: Int, _ rows: [WeightedPlaces], _ layout: TensorLayout, suffix: String
  ) throws(ImportFailure) -> Variable {
    let most = rows.map(\.count).max() ?? 0
    guard most <= Self.mostPlaces else {
      throw .refused(
        "expected up to \(Self.mostPlaces) elements that determine each of the value, found \(most)")
    }
    let shape = layout.sampleShape
    let inner = shape.dropFirst(dim + 1).reduce(1, *)
    var port = Port(shape: shape)
    for number in 0..<max(1, most) {
      let chosen = rows.map { number < $0.count ? $0[number] : (0, 0) }
      let part = try variable(
        selected(.variable(value), axis: axis, chosen.map(\.0), suffix: "\(suffix)/\(number)"))
      let count = shape.reduce(1, *)
      try ImportLimits.charge(count)
      let factors = (0..<count).map { chosen[$0 / inner % rows.count].1 }
      let map = try linearMap("scale", from: shape, weight: Tensor(shape: shape, elements: factors))
      port.terms.append(Term(source: part.source, map: map))
    }
    return try affine(port, layout, named: "\(name)/\(suffix)")
  }
}
