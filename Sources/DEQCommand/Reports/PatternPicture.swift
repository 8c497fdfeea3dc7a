import DeepEquilibrium

/// The pattern of `W_z`, `W_x` and b as a drawing for the terminal, which shows the theorem at a glance.
struct PatternPicture {
  /// Models with more blocks than this are drawn with several blocks to a cell.
  private static let mostCells = 24

  private let model: EquilibriumModel<Double>

  init(_ model: EquilibriumModel<Double>) {
    self.model = model
  }

  /// The lines of the drawing: a row for each block, its cells close together and its name short where there is no room
  /// otherwise, or several blocks to a cell.
  func lines(within columns: Int) -> [String] {
    guard model.blocks.count <= Self.mostCells else { return cellLines(within: columns) }
    for (separator, longestName) in [(" ", 20), ("", 20), ("", 8)] {
      let lines = blockLines(separator, longestName, within: columns)
      if lines.allSatisfy({ TextWidth.width(of: $0) <= columns }) { return lines }
    }
    return cellLines(within: columns)
  }

  /// A row for each block. A row that is too wide leaves the arguments of the block's nonlinearity out.
  private func blockLines(_ separator: String, _ longestName: Int, within columns: Int) -> [String] {
    let blocks = model.blocks
    let labels = blocks.enumerated().map { "\($0 + 1) \(abbreviated($1.name, to: longestName))" }
    let width = labels.map(\.count).max() ?? 0
    let sizeWidth = blocks.map { String($0.size).count }.max() ?? 0
    // Without a blank between them, numbers are told apart by their last digits.
    let numbers = blocks.indices.map { index in
      padded(separator.isEmpty ? String((index + 1) % 10) : String(index + 1), 2)
    }.joined(separator: separator)
    let margin = String(repeating: " ", count: width + sizeWidth + 2)
    var lines = ["\(margin)Wz \(numbers)   Wx  b"]
    for (row, block) in blocks.enumerated() {
      let sources = Set(block.nodeSources)
      let cells = blocks.indices.map { sources.contains($0) ? " ■" : " ·" }.joined(separator: separator)
      let x = block.terms.contains { $0.source == .input } ? "■" : "·"
      let b = block.offsets.isEmpty ? "·" : "■"
      let mark = row == model.output ? " → y" : ""
      let start =
        "  \(padded(labels[row], width, left: true)) \(padded(String(block.size), sizeWidth)) "
        + "⎢\(cells) ⎥  \(x)  \(b)   "
      let line = "\(start)\(block.nonlinearity.briefDescription)\(mark)"
      let isTooWide = TextWidth.width(of: line) > columns
      lines.append(isTooWide ? "\(start)\(type(of: block.nonlinearity).typeName)(…)\(mark)" : line)
    }
    return lines
  }

  /// Several blocks to a cell, shaded by the share of entries present.
  private func cellLines(within columns: Int) -> [String] {
    let count = model.blocks.count
    let span = (count + Self.mostCells - 1) / Self.mostCells
    let cells = (count + span - 1) / span
    var filled = [[Int]](repeating: [Int](repeating: 0, count: cells), count: cells)
    for (row, block) in model.blocks.enumerated() {
      for source in Set(block.nodeSources) { filled[row / span][source / span] += 1 }
    }
    let rows = filled.map { row in
      "  ⎢" + row.map { $0 == 0 ? " ·" : $0 < span ? " ▒" : " ■" }.joined() + " ⎥"
    }
    let legend =
      span == 1
      ? "  W_z, a cell for each block: ■ read, · not read"
      : "  W_z, each cell \(span) × \(span) blocks: ■ \(span) of them or more, ▒ fewer, · none"
    return rows + TextWidth.wrapped(legend, to: columns, margin: 2)
  }

  private func abbreviated(_ name: String, to length: Int) -> String {
    // Scalars, not characters: a single character may be a megabyte of combining marks.
    let scalars = oneLine(String(name.unicodeScalars.prefix(length + 1))).unicodeScalars
    return scalars.count <= length ? String(scalars) : String(scalars.prefix(length - 1)) + "…"
  }

  private func padded(_ text: String, _ width: Int, left: Bool = false) -> String {
    let space = String(repeating: " ", count: max(0, width - text.count))
    return left ? text + space : space + text
  }
}
