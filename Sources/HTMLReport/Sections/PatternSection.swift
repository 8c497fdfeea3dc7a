import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import Operators

/// The block matrix of `W_z`, drawn to scale, with `W_x` and b beside it: every entry can be pointed at, or reached by
/// the arrow keys, and says what it is.
struct PatternSection {
  /// Models with more blocks have several to a row and a column.
  private static let mostRows = 64

  let model: EquilibriumModel<Double>
  private let total: Int
  private let scale: PatternScale

  init(_ model: EquilibriumModel<Double>) {
    self.model = model
    total = model.parameterCount
    let span = max(1, (model.blocks.count + Self.mostRows - 1) / Self.mostRows)
    scale = PatternScale(sizes: model.blocks.map(\.size), span: span)
  }

  var markup: Markup {
    section(
      "pattern", "The block matrix",
      [
        .element("p", [], [.text(explanation)]),
        .element(
          "figure", [],
          [
            drawing,
            .element(
              "figcaption", [Attribute("id", "pattern-details"), Attribute("aria-live", "polite")],
              [.text("Point at a block, or move between blocks with the arrow keys, to read what it is.")]),
          ]),
      ])
  }

  private var explanation: String {
    let order =
      model.nilpotencyIndex.map {
        "No block reads itself, directly or through others: Wz is nilpotent, its power \($0) is 0. "
      } ?? "Some blocks read each other: entries on and above the diagonal may close cycles. "
    let extent =
      scale.span > 1
      ? "A row and a column stand for \(scale.span) blocks each; the darker an entry, the more of them read each other. "
      : "A row is a block, a column a block that is read; "
        + "each is as wide as it has coordinates, and a little more, so that small ones are seen. "
    return order + extent + "Wx is what is read of the input, b the constants."
  }

  // MARK: The drawing

  private var drawing: Markup {
    let size = PatternScale.extent
    return .element(
      "svg",
      [
        Attribute("viewBox", "0 0 \(coordinate(scale.width)) \(coordinate(size + 34))"),
        Attribute("class", "pattern"), Attribute("role", "listbox"),
        Attribute("aria-label", "Entries of Wz, Wx and b"), Attribute("data-details", "pattern-details"),
      ], captions + frame + options + names)
  }

  private var captions: [Markup] {
    [
      ("Wz", PatternScale.left + PatternScale.extent / 2), ("Wx", scale.inputColumn + 13),
      ("b", scale.constantColumn + 13),
    ]
    .map { text, x in
      .element(
        "text",
        [
          Attribute("x", x), Attribute("y", 18), Attribute("class", "caption"),
          Attribute("aria-hidden", "true"),
        ],
        [.text(text)])
    }
  }

  /// The outline, and the diagonal.
  private var frame: [Markup] {
    let (left, top, size) = (PatternScale.left, PatternScale.top, PatternScale.extent)
    let diagonal = scale.starts.indices.map { row in
      let (start, extent) = (scale.starts[row], scale.extents[row])
      return
        "M\(coordinate(left + start)) \(coordinate(top + start))h\(coordinate(extent))v\(coordinate(extent))"
        + "h\(coordinate(-extent))z"
    }.joined()
    return [
      .element(
        "rect",
        [
          Attribute("x", left), Attribute("y", top), Attribute("width", size), Attribute("height", size),
          Attribute("class", "outline"), Attribute("aria-hidden", "true"),
        ]),
      .element(
        "path", [Attribute("d", diagonal), Attribute("class", "diagonal"), Attribute("aria-hidden", "true")]),
    ]
  }

  /// The names of the rows that are high enough.
  private var names: [Markup] {
    scale.starts.indices.filter { scale.extents[$0] >= 13 }.map { row in
      .element(
        "text",
        [
          Attribute("x", 6),
          Attribute("y", PatternScale.top + scale.starts[row] + scale.extents[row] / 2 + 4),
          Attribute("class", "label inner"), Attribute("aria-hidden", "true"),
        ], [.text(shortened(model.blocks[scale.blocks(of: row).lowerBound].name, to: 16))])
    }
  }

  /// Everything that can be pointed at, row after row.
  private var options: [Markup] {
    var result: [Markup] = []
    for row in scale.starts.indices {
      let y = PatternScale.top + scale.starts[row]
      let extent = scale.extents[row]
      result.append(
        option(
          x: 0, y: y, width: PatternScale.left - 6, height: extent, "head", headLabel(row), isFirst: row == 0)
      )
      let entries = entries(ofRow: row)
      for (column, entry) in entries.columns.sorted(by: { $0.key < $1.key }) {
        result.append(
          option(
            x: PatternScale.left + scale.starts[column], y: y, width: scale.extents[column], height: extent,
            "entry \(shade(entry))", label(of: entry, row: row, reads: blocksText(scale.blocks(of: column)))))
      }
      for (entry, x, what) in [
        (entries.input, scale.inputColumn, "the input"),
        (entries.constant, scale.constantColumn, "constants"),
      ] where entry.maps > 0 {
        result.append(
          option(
            x: x, y: y, width: 26, height: extent, "entry \(shade(entry))",
            label(of: entry, row: row, reads: what)))
      }
    }
    return result
  }

  private func option(
    x: Double, y: Double, width: Double, height: Double, _ kind: String, _ label: String,
    isFirst: Bool = false
  ) -> Markup {
    .element(
      "rect",
      [
        Attribute("x", x), Attribute("y", y), Attribute("width", width), Attribute("height", height),
        Attribute("class", kind), Attribute("role", "option"), Attribute("aria-selected", "false"),
        Attribute("tabindex", isFirst ? "0" : "-1"), Attribute("aria-label", label),
      ])
  }

  // MARK: What entries are

  /// Entries of one row and one column, or of several.
  private struct Entry {
    var maps = 0
    var pairs = 0
    var parameters = 0
    var kinds: [String] = []

    mutating func add(_ kind: String, parameters own: Int) {
      maps += 1
      parameters += own
      if kinds.count < 4, !kinds.contains(kind) { kinds.append(kind) }
    }
  }

  private func entries(ofRow row: Int) -> (columns: [Int: Entry], input: Entry, constant: Entry) {
    var columns: [Int: Entry] = [:]
    var (input, constant) = (Entry(), Entry())
    for block in scale.blocks(of: row) {
      let terms = model.blocks[block].terms
      for term in terms {
        let kind = kind(of: term.map)
        let own = term.map.parameterShape?.reduce(1, *) ?? 0
        switch term.source {
        case .input: input.add(kind, parameters: own)
        case .node(let node): columns[node / scale.span, default: Entry()].add(kind, parameters: own)
        }
      }
      for column in Set(model.blocks[block].nodeSources) {
        columns[column / scale.span]!.pairs += 1
      }
      for offset in model.blocks[block].offsets {
        constant.add("\(offset.count) numbers", parameters: offset.count)
      }
    }
    return (columns, input, constant)
  }

  private func kind(of map: any LinearMap<Double>) -> String {
    type(of: map).typeName + (map.parameterShape.map { " " + shown(shape: $0) } ?? "")
  }

  private func label(of entry: Entry, row: Int, reads what: String) -> String {
    let verb = what == "constants" ? "adds" : entry.maps > 1 && scale.span > 1 ? "read" : "reads"
    return "\(blocksText(scale.blocks(of: row))) \(verb) \(what): "
      + entry.kinds.joined(separator: ", ")
      + (entry.maps > 4 ? ", …; \(text(entry.maps, "entry", "entries"))" : "")
      + "; \(FileAccess.text(entry.parameters, "parameter")), \(Markup.share(entry.parameters, of: total)) of all"
  }

  private func text(_ count: Int, _ one: String, _ several: String) -> String {
    "\(FileAccess.text(count)) \(count == 1 ? one : several)"
  }

  private func headLabel(_ row: Int) -> String {
    let blocks = scale.blocks(of: row)
    let own = blocks.reduce(0) { $0 + model.blocks[$1].parameterCount }
    let block = model.blocks[blocks.lowerBound]
    let shape =
      blocks.count == 1
      ? "shape \(shown(shape: block.shape)), \(shortened(block.nonlinearity.briefDescription))"
      : FileAccess.text(blocks.reduce(0) { $0 + model.blocks[$1].size }, "coordinate")
    return
      "\(blocksText(blocks)): \(shape); \(FileAccess.text(own, "parameter")), \(Markup.share(own, of: total)) of all"
  }

  private func blocksText(_ blocks: Range<Int>) -> String {
    let first = shortened(model.blocks[blocks.lowerBound].name, to: 40)
    guard blocks.count > 1 else { return first }
    return "blocks \(blocks.lowerBound + 1) to \(blocks.upperBound), \(first) to "
      + shortened(model.blocks[blocks.upperBound - 1].name, to: 40)
  }

  /// Darker for more blocks that read each other.
  private func shade(_ entry: Entry) -> String {
    scale.span == 1 ? "full" : entry.pairs >= scale.span || entry.pairs == 0 ? "full" : "part"
  }
}
