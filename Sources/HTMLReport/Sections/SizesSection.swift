import Blocks
import Equilibria
import Equivalence
import FileAccess
import LinearAlgebra

/// How large the model is, and a table of its blocks.
struct SizesSection {
  /// The largest number of blocks in the table.
  static let mostBlocks = 4096

  let contents: ReportContents
  private var model: EquilibriumModel<Double> { contents.model }

  var markup: Markup {
    section("sizes", "Sizes", [facts, blocks] + (contents.timings.isEmpty ? [] : [timings]))
  }

  private var facts: Markup {
    var rows: [(heading: [Markup], value: [Markup])] = [
      (
        [.text(contents.isConverted ? "network" : "equilibrium model")],
        [.name(contents.name), .text(contents.isConverted ? ", converted by the theorem" : "")]
      ),
      ([.text("input")], extents(model.inputShape)),
      (
        [.text("output")],
        extents(model.outputShape) + [.text(", of block "), .name(model.blocks[model.output].name)]
      ),
      ([.text("blocks")], [.count(model.blocks.count, key: "blocks")]),
      ([.text("coordinates of the state")], [.count(model.stateSize, key: "coordinates")]),
      ([.text("parameters")], [.count(model.parameterCount, key: "parameters")]),
    ]
    if let index = model.nilpotencyIndex {
      rows.append(
        (
          [.text("nilpotency")],
          [
            .text("the power "), .count(index, key: "nilpotencyIndex"),
            .text(" of Wz is 0: plain iteration ends after as many steps, from any start"),
          ]
        ))
    } else {
      rows.append(([.text("groups of blocks that read each other")], [.count(model.cyclicGroups.count)]))
    }
    return table(rows, caption: "The model in numbers")
  }

  /// A shape, and the number of coordinates where it has several extents.
  private func extents(_ shape: [Int]) -> [Markup] {
    let size = shape.reduce(1, *)
    return shape.count > 1 ? [.text("\(shown(shape: shape)): "), .count(size)] : [.count(size)]
  }

  private var blocks: Markup {
    let total = model.parameterCount
    let rows = model.blocks.prefix(Self.mostBlocks).enumerated().map { index, block in
      [
        Markup.name(block.name), .text(shown(shape: block.shape)), .count(block.size),
        .text(shortened(block.nonlinearity.briefDescription)), .count(block.parameterCount),
        .text(Markup.share(block.parameterCount, of: total)), .all(reads(of: block)),
      ]
    }
    let rest = model.blocks.count - rows.count
    return .element(
      "details", [Attribute("open", rows.count <= 40 ? "open" : nil)],
      [
        .element("summary", [], [.text("The blocks one by one")]),
        table(
          columns: ["block", "shape", "coordinates", "φ", "parameters", "share", "reads"], rows: rows,
          caption: "Blocks, in the order of the state's coordinates"),
        rest > 0
          ? .element("p", [], [.text("\(FileAccess.text(rest)) more blocks: deq inspect --json has all")])
          : .all([]),
      ])
  }

  /// The first names that a block reads.
  private func reads(of block: Block<Double>) -> [Markup] {
    var names: [Markup] = []
    var seen: Set<Source> = []
    for term in block.terms where seen.insert(term.source).inserted && names.count < 8 {
      names.append(name(of: term.source))
    }
    let rest = seen.count - names.count
    return [.all(names, separatedBy: ", "), .text(rest > 0 ? " and \(FileAccess.text(rest)) more" : "")]
  }

  private func name(of source: Source) -> Markup {
    switch source {
    case .input: .text("x")
    case .node(let index): .name(model.blocks[index].name)
    }
  }

  private var timings: Markup {
    table(
      contents.timings.map { ([.text($0.label)], [.number($0.seconds), .text(" s")]) },
      caption: "Times on this machine, which differ from run to run")
  }
}
