/// The first position where two models are not the same system of equations.
public struct StructuralDifference: Sendable, Equatable {
  /// The place, in the second model's names: `Wz[fc2,fc1]`, `b[fc2]`, `blocks[fc2].activation`, `output`.
  public let place: String
  /// The row at this place, from 0, if it has rows.
  public let row: Int?
  /// The column at this place, from 0, if it has columns.
  public let column: Int?
  /// The first model's text there.
  public let first: String
  /// The second model's text there.
  public let second: String

  init(place: String, row: Int? = nil, column: Int? = nil, first: String, second: String) {
    self.place = place
    self.row = row
    self.column = column
    self.first = first
    self.second = second
  }

  /// One line: the place, and both sides.
  public var description: String {
    var text = place
    if let row { text += " row \(row)" }
    if let column { text += " column \(column)" }
    return "\(text): \(first) and \(second)"
  }
}
