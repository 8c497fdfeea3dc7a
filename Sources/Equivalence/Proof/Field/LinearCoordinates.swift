import Operators

/// Coordinates of a group that depend on each other through identities alone: z = A z + r, where r follows
/// from the rest.
struct LinearCoordinates {
  private let coordinates: [GroupCoordinate]
  /// (I − A)⁻¹.
  private let inverse: [[FieldElement]]
  private let fields: FieldTriple

  /// Coordinates of these blocks.
  ///
  /// - Throws: `FieldFailure.zeroDenominator` if I − A has no inverse in one of the fields.
  init(
    _ coordinates: [GroupCoordinate], of members: [Int], _ images: [BlockImage], in fields: FieldTriple
  ) throws(FieldFailure) {
    self.coordinates = coordinates
    self.fields = fields
    let places = Dictionary(uniqueKeysWithValues: zip(coordinates, 0...))
    let positions = Dictionary(uniqueKeysWithValues: zip(members, 0...))
    var matrix: [[FieldElement]] = []
    for (place, coordinate) in coordinates.enumerated() {
      var row = [FieldElement](repeating: .zero, count: coordinates.count)
      row[place] = .one
      try images[coordinate.member].forEachEntry(inRow: coordinate.index) { source, column, entry in
        guard let member = positions[source],
          let other = places[GroupCoordinate(member: member, index: column)]
        else { return }
        row[other] = fields.difference(row[other], entry)
      }
      matrix.append(row)
    }
    inverse = try fields.inverse(of: matrix)
  }

  /// Writes the solution over the coordinates of `next`, the value of the equations at `state`: z + (I −
  /// A)⁻¹ (A z + r − z) for any z.
  func solve(_ next: inout [FieldValues], from state: [FieldValues]) {
    let changes = coordinates.map { fields.difference(next[$0.member][$0.index], state[$0.member][$0.index]) }
    for (coordinate, row) in zip(coordinates, inverse) {
      let change = zip(row, changes).reduce(.zero) { fields.sum($0, fields.product($1.0, $1.1)) }
      next[coordinate.member][coordinate.index] = fields.sum(
        state[coordinate.member][coordinate.index], change)
    }
  }
}

extension FieldTriple {
  /// The inverse of a square matrix, by elimination (Gauss and Jordan).
  ///
  /// - Throws: `FieldFailure.zeroDenominator` if it has none in one of the fields.
  fileprivate func inverse(of matrix: [[FieldElement]]) throws(FieldFailure) -> [[FieldElement]] {
    let order = matrix.count
    var rows = matrix.enumerated().map { index, row in
      row + (0..<order).map { $0 == index ? FieldElement.one : .zero }
    }
    for column in 0..<order {
      guard let pivot = (column..<order).first(where: { !rows[$0][column].hasZero }) else {
        throw .zeroDenominator
      }
      rows.swapAt(column, pivot)
      let share = try reciprocal(rows[column][column])
      let divided = rows[column].map { product($0, share) }
      rows[column] = divided
      for row in 0..<order where row != column && rows[row][column] != .zero {
        let factor = rows[row][column]
        for place in column..<2 * order where divided[place] != .zero {
          rows[row][place] = difference(rows[row][place], product(factor, divided[place]))
        }
      }
    }
    return rows.map { Array($0[order...]) }
  }
}
