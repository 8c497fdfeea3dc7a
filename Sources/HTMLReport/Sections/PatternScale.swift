/// Where rows and columns lie.
struct PatternScale {
  static let left = 130.0
  static let top = 28.0
  static let extent = 520.0

  /// The number of blocks in a row.
  let span: Int
  /// Where each row begins.
  let starts: [Double]
  /// How wide each row is.
  let extents: [Double]
  private let count: Int

  init(sizes: [Int], span: Int) {
    (self.span, count) = (span, sizes.count)
    let rows = stride(from: 0, to: sizes.count, by: span).map { first in
      sizes[first..<min(sizes.count, first + span)].reduce(0, +)
    }
    let hairline = min(6, Self.extent / 2 / Double(max(1, rows.count)))
    let rest = Self.extent - hairline * Double(rows.count)
    let all = Double(max(1, rows.reduce(0, +)))
    extents = rows.map { hairline + rest * Double($0) / all }
    var starts: [Double] = []
    var next = 0.0
    for extent in extents {
      starts.append(next)
      next += extent
    }
    self.starts = starts
  }

  /// The blocks of a row.
  func blocks(of row: Int) -> Range<Int> { row * span..<min(count, (row + 1) * span) }

  var inputColumn: Double { Self.left + Self.extent + 16 }
  var constantColumn: Double { inputColumn + 36 }
  var width: Double { constantColumn + 30 }
}
