import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import RealModule

/// Residuals by block and iteration: the darker, the larger; nothing where they are exactly 0.
struct HeatMap {
  private static let left = 190.0
  private static let width = 520.0
  /// The number of shades.
  static let shades = 8

  let id: String
  let model: EquilibriumModel<Double>
  let recording: IterationRecording
  /// The decimal logarithms that the shades begin at.
  let levels: [Double]

  init(id: String, model: EquilibriumModel<Double>, recording: IterationRecording) {
    (self.id, self.model, self.recording) = (id, model, recording)
    let logarithms = recording.residuals.flatMap { $0 }.filter { $0 > 0 && $0.isFinite }.map {
      Double.log10($0)
    }
    let highest = (logarithms.max() ?? 0).rounded(.up)
    let lowest = min((logarithms.min() ?? -1).rounded(.down), highest - 1)
    // Below 10⁻¹⁷ of the largest everything has the lightest shade.
    let span = min(17, max(1, highest - lowest))
    levels = (0..<Self.shades).map { highest - span + span * Double($0) / Double(Self.shades) }
  }

  private var rows: Int { recording.residuals.count }
  private var columns: Int { recording.iterations.count }
  private var rowHeight: Double { min(30, max(4, 420 / Double(rows))) }
  private var columnWidth: Double { min(110, Self.width / Double(columns)) }
  private var height: Double { 30 + rowHeight * Double(rows) + 30 }
  private var top: Double { 10 }

  var markup: Markup {
    .element(
      "svg",
      [
        Attribute("viewBox", "0 0 \(coordinate(Self.left + Self.width + 10)) \(coordinate(height))"),
        Attribute("class", "heat"), Attribute("role", "img"), Attribute("id", "\(id)-map"),
        Attribute("aria-label", description), Attribute("data-left", Self.left),
        Attribute("data-column", columnWidth),
      ], [ground] + cells + marks + labels + axis + [cursor])
  }

  private var description: String {
    "Residuals of \(FileAccess.text(recording.order.count, "block")) over \(FileAccess.text(recording.count, "iteration")): "
      + "the largest is \(shown(recording.largest[0])) at the start and "
      + (recording.largest.last == 0 ? "exactly 0" : shown(recording.largest.last!)) + " at the end"
  }

  /// The name of a row's block, or of the first and the last.
  func label(ofRow row: Int) -> String {
    let blocks = recording.blocks(ofRow: row)
    let first = model.blocks[blocks.first!].name
    return blocks.count == 1
      ? first : "\(shortened(first, to: 30)) to \(shortened(model.blocks[blocks.last!].name, to: 30))"
  }

  /// Where residuals are exactly 0, the ground shows.
  private var ground: Markup {
    .element(
      "rect",
      [
        Attribute("x", Self.left), Attribute("y", top), Attribute("width", columnWidth * Double(columns)),
        Attribute("height", rowHeight * Double(rows)), Attribute("class", "zero"),
      ])
  }

  /// One path for each shade.
  private var cells: [Markup] {
    var paths = [String](repeating: "", count: Self.shades + 1)
    for (row, residuals) in recording.residuals.enumerated() {
      for (column, residual) in residuals.enumerated() where residual != 0 {
        let (x, y) = (Self.left + Double(column) * columnWidth, top + Double(row) * rowHeight)
        paths[shade(of: residual)] +=
          "M\(coordinate(x)) \(coordinate(y))h\(coordinate(columnWidth))v\(coordinate(rowHeight))"
          + "h\(coordinate(-columnWidth))z"
      }
    }
    return paths.enumerated().filter { !$0.element.isEmpty }.map { shade, path in
      .element(
        "path", [Attribute("d", path), Attribute("class", shade == Self.shades ? "infinite" : "h\(shade)")])
    }
  }

  private func shade(of residual: Double) -> Int {
    guard residual.isFinite else { return Self.shades }
    let logarithm = Double.log10(residual)
    return max(0, (levels.lastIndex { $0 <= logarithm } ?? 0))
  }

  /// A mark for each row: full once the row is right.
  private var marks: [Markup] {
    (0..<rows).map { row in
      .element(
        "rect",
        [
          Attribute("x", Self.left - 18), Attribute("y", top + Double(row) * rowHeight + rowHeight * 0.1),
          Attribute("width", 12), Attribute("height", rowHeight * 0.8),
          Attribute("class", recording.firstRightColumn(ofRow: row) == nil ? "mark" : "mark right"),
        ])
    }
  }

  private var labels: [Markup] {
    let step = max(1, Int((13 / rowHeight).rounded(.up)))
    return stride(from: 0, to: rows, by: step).map { row in
      .element(
        "text",
        [
          Attribute("x", Self.left - 24), Attribute("y", top + (Double(row) + 0.5) * rowHeight + 4),
          Attribute("class", "label end"),
        ], [.text(shortened(label(ofRow: row), to: 24))])
    }
  }

  private var axis: [Markup] {
    let step = max(1, Int((30 / columnWidth).rounded(.up)))
    return stride(from: 0, to: columns, by: step).map { column in
      .element(
        "text",
        [
          Attribute("x", Self.left + (Double(column) + 0.5) * columnWidth),
          Attribute("y", top + rowHeight * Double(rows) + 16), Attribute("class", "label middle"),
        ], [.text("\(recording.iterations[column])")])
    } + [
      .element(
        "text",
        [
          Attribute("x", Self.left), Attribute("y", top + rowHeight * Double(rows) + 34),
          Attribute("class", "label"),
        ], [.text("iterations made")])
    ]
  }

  /// The frame around the column that the slider is at.
  private var cursor: Markup {
    .element(
      "rect",
      [
        Attribute("x", Self.left + columnWidth * Double(columns - 1)), Attribute("y", top - 2),
        Attribute("width", columnWidth), Attribute("height", rowHeight * Double(rows) + 4),
        Attribute("class", "cursor"),
      ])
  }
}

/// What the shades of a heat map mean.
struct Legend {
  let levels: [Double]

  var markup: Markup {
    .element(
      "ul", [Attribute("class", "legend")],
      [item("zero", "exactly 0")]
        + levels.enumerated().map { item("h\($0)", "from \(shown(Double.exp10($1), digits: 2))") }
        + [item("infinite", "not finite")])
  }

  private func item(_ kind: String, _ text: String) -> Markup {
    .element(
      "li", [],
      [
        .element(
          "svg",
          [Attribute("viewBox", "0 0 12 12"), Attribute("class", "key"), Attribute("aria-hidden", "true")],
          [.element("rect", [Attribute("width", 12), Attribute("height", 12), Attribute("class", kind)])]),
        .text(text),
      ])
  }
}
