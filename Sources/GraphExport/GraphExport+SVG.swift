import Blocks
import Equilibria
import LinearAlgebra

/// A layered drawing: a row for each step on the longest path from the input, and a dashed frame around blocks that
/// read each other. Its extent grows with the model; every box and arrow has a title for whoever hovers or listens.
extension GraphExport {
  private static var boxWidth: Int { 176 }
  private static var boxHeight: Int { 46 }
  private static var columnWidth: Int { 208 }
  private static var rowHeight: Int { 104 }

  private struct Place {
    let row: Int
    let column: Int
    var x: Int { 24 + column * GraphExport.columnWidth }
    var y: Int { 48 + row * GraphExport.rowHeight }
    var middle: Int { x + GraphExport.boxWidth / 2 }
    var bottom: Int { y + GraphExport.boxHeight }
  }

  /// The picture as SVG.
  public var svg: String {
    let places = layout
    let rows = (places.values.map(\.row).max() ?? 0) + 1
    let columns = (places.values.map(\.column).max() ?? 0) + 1
    let width = max(320, 48 + columns * Self.columnWidth)
    let height = 72 + rows * Self.rowHeight
    var lines = [
      #"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \#(width) \#(height)" width="\#(width)" "#
        + #"height="\#(height)" role="img" font-family="Helvetica, Arial, sans-serif">"#,
      "<title>\(escaped("The blocks of \(name)"))</title>",
      "<style>rect,ellipse{fill:#fff;stroke:#345;stroke-width:1.5}.output{stroke-width:3}.group{fill:none;"
        + "stroke:#a33;stroke-dasharray:6 4}path{fill:none;stroke:#567;stroke-width:1.2}text{fill:#123}"
        + ".small{font-size:10px;fill:#456}.name{font-size:13px;font-weight:bold}</style>",
      #"<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" "#
        + #"orient="auto-start-reverse"><polygon points="0,0 8,4 0,8" fill="slategray"/></marker></defs>"#,
      #"<text x="24" y="24" class="name">\#(escaped(name))</text>"#,
    ]
    for group in model.groups where group.isCyclic { lines.append(frame(around: group.members, places)) }
    for edge in edges { lines.append(arrow(edge, places)) }
    lines.append(box(inputNode, at: places[.input]!, isOutput: false))
    for index in model.blocks.indices {
      lines.append(box(node(of: index), at: places[.node(index)]!, isOutput: index == model.output))
    }
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  /// A row for each group after all that it reads; its blocks side by side.
  private var layout: [Source: Place] {
    var depth: [Int: Int] = [:]
    var taken: [Int: Int] = [0: 1]
    var places: [Source: Place] = [.input: Place(row: 0, column: 0)]
    for group in model.groups {
      let members = Set(group.members)
      let read = group.members.flatMap { model.blocks[$0].nodeSources }.filter { !members.contains($0) }
      let row = 1 + (read.map { depth[$0] ?? 0 }.max() ?? 0)
      for member in group.members {
        depth[member] = row
        places[.node(member)] = Place(row: row, column: taken[row, default: 0])
        taken[row, default: 0] += 1
      }
    }
    return places
  }

  private func frame(around members: [Int], _ places: [Source: Place]) -> String {
    let all = members.map { places[.node($0)]! }
    let (left, right) = (all.map(\.x).min()! - 12, all.map(\.x).max()! + Self.boxWidth + 12)
    let top = all[0].y - 22
    return #"<g><title>blocks that read each other</title><rect class="group" x="\#(left)" y="\#(top)" "#
      + #"width="\#(right - left)" height="\#(Self.boxHeight + 44)" rx="10"/></g>"#
  }

  private func box(_ node: Node, at place: Place, isOutput: Bool) -> String {
    let kind = isOutput ? #" class="output""# : ""
    return "<g><title>\(escaped("\(node.title): \(node.subtitle)\(isOutput ? ", the output" : "")"))</title>"
      + #"<rect\#(kind) x="\#(place.x)" y="\#(place.y)" width="\#(Self.boxWidth)" height="\#(Self.boxHeight)" rx="6"/>"#
      + #"<text class="name" x="\#(place.middle)" y="\#(place.y + 19)" text-anchor="middle">"#
      + "\(escaped(shortened(node.title, to: 22)))</text>"
      + #"<text class="small" x="\#(place.middle)" y="\#(place.y + 36)" text-anchor="middle">"#
      + "\(escaped(shortened(node.subtitle, to: 30)))</text></g>"
  }

  private func arrow(_ edge: Edge, _ places: [Source: Place]) -> String {
    let (from, to) = (places[edge.from]!, places[.node(edge.to)]!)
    let path: String
    if from.row == to.row {
      // Within a group: an arc below the boxes, or a loop beside one.
      let dip = from.bottom + (from.column == to.column ? 16 : 20)
      path =
        "M\(from.middle + 12) \(from.bottom) C\(from.middle + 24) \(dip) \(to.middle - 24) \(dip) "
        + "\(to.middle - 12) \(to.bottom)"
    } else {
      let bend = (to.y - from.bottom) / 2
      path =
        "M\(from.middle) \(from.bottom) C\(from.middle) \(from.bottom + bend) \(to.middle) \(to.y - bend) "
        + "\(to.middle) \(to.y)"
    }
    let source = if case .node(let index) = edge.from { model.blocks[index].name } else { "x" }
    let title = escaped("\(model.blocks[edge.to].name) reads \(source): \(edge.label)")
    return "<g><title>\(title)</title>" + #"<path d="\#(path)" marker-end="url(#arrow)"/></g>"#
  }

  private func shortened(_ text: String, to length: Int) -> String {
    text.count <= length ? text : text.prefix(length - 1) + "…"
  }

  /// Text of XML.
  private func escaped(_ text: String) -> String {
    text.map { character in
      switch character {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\"": "&quot;"
      default: character.isNewline || character.asciiValue.map { $0 < 32 } ?? false ? " " : String(character)
      }
    }.joined()
  }
}
