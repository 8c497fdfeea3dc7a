import Blocks
import Equilibria
import FileAccess
import LinearAlgebra

/// The theorem, played: the residual of every block after every iteration, a slider over the iterations, and the
/// blocks that turn right one after the other; then the adjoint, which runs backwards.
struct PlaySection {
  let contents: ReportContents
  private var isNilpotent: Bool { contents.model.nilpotencyIndex != nil }

  var markup: Markup {
    section("play", isNilpotent ? "The theorem, played" : "The iteration, played", figures)
  }

  private var figures: [Markup] {
    switch contents.play {
    case .omitted(let reason): return [.element("p", [], [.text(reason)])]
    case .recorded(let forward, let adjoint):
      var parts = [Markup.element("p", [], [.text(explanation)])]
      parts.append(
        PlayFigure(
          id: "forward", heading: "The state: z ← f(z, x), from a random start", model: contents.model,
          recording: forward
        ).markup)
      if let adjoint {
        parts.append(
          PlayFigure(
            id: "adjoint", heading: "The adjoint: g ← Jᵀ g + e, from a random start", model: contents.model,
            recording: adjoint
          ).markup)
      } else {
        parts.append(
          .element(
            "p", [], [.text("The iteration did not come to rest, so there is no state to differentiate at.")])
        )
      }
      return parts
    }
  }

  private var explanation: String {
    isNilpotent
      ? "From any start, each iteration makes the blocks right whose sources are. A residual is max |f(z, x) − z| "
        + "within a block; it falls to exactly 0, not to something small, and the state then is the network's. The "
        + "adjoint equation is solved in the same way, from the output backwards."
      : "Blocks ahead of those that read each other become right one after the other, and their residual is then "
        + "exactly 0. The others converge, oscillate or diverge under plain iteration; the solvers below do better. "
        + "A residual is max |f(z, x) − z| within a block."
  }
}

/// The heat map of one iteration, with its slider.
struct PlayFigure {
  let id: String
  let heading: String
  let model: EquilibriumModel<Double>
  let recording: IterationRecording

  private var map: HeatMap { HeatMap(id: id, model: model, recording: recording) }

  var markup: Markup {
    .element(
      "figure",
      [Attribute("class", "play"), Attribute("data-play", id), Attribute("aria-labelledby", "\(id)-title")],
      [
        .element("h3", [Attribute("id", "\(id)-title")], [.text(heading)]),
        controls, map.markup,
        .element("figcaption", [], [.text(summary)]),
        Legend(levels: map.levels).markup,
        numbers,
      ])
  }

  /// Shown by the script: without it the drawing has all iterations side by side anyway.
  private var controls: Markup {
    let last = recording.iterations.count - 1
    return .element(
      "div", [Attribute("class", "controls"), Attribute("hidden", "hidden")],
      [
        .element("button", [Attribute("type", "button"), Attribute("id", "\(id)-run")], [.text("Play")]),
        .element("label", [Attribute("for", "\(id)-slider")], [.text("Iteration")]),
        .element(
          "input",
          [
            Attribute("type", "range"), Attribute("id", "\(id)-slider"), Attribute("min", "0"),
            Attribute("max", last), Attribute("step", "1"), Attribute("value", last),
            Attribute("aria-valuetext", text(at: last)), Attribute("autocomplete", "off"),
          ]),
        .element(
          "output", [Attribute("id", "\(id)-now"), Attribute("for", "\(id)-slider")], [.text(text(at: last))]),
      ])
  }

  /// What holds after the iterations of a column.
  func text(at column: Int) -> String {
    let right = recording.rightBlocks(at: column)
    let blocks = recording.order.count
    let residual = recording.largest[column]
    return
      "\(FileAccess.text(recording.iterations[column])) of \(FileAccess.text(recording.count, "iteration")): "
      + "\(right == blocks ? "all" : FileAccess.text(right)) of \(FileAccess.text(blocks, "block")) "
      + (model.nilpotencyIndex == nil ? "exactly at rest, " : "right, ")
      + "largest residual \(residual == 0 ? "exactly 0" : shown(residual))"
  }

  private var summary: String {
    let first = recording.largest.firstIndex(of: 0)
    let end =
      first.map {
        "The residual is exactly 0 after \(FileAccess.text(recording.iterations[$0], "iteration"))."
      }
      ?? "After \(FileAccess.text(recording.count, "iteration")) the largest residual is \(shown(recording.largest.last!))."
    let rows = recording.blocksPerRow > 1 ? " A row stands for \(recording.blocksPerRow) blocks." : ""
    let columns =
      recording.iterations.count <= recording.count
      ? " \(recording.iterations.count) of \(FileAccess.text(recording.count + 1)) columns are shown." : ""
    return end + rows + columns
  }

  /// The same as a table, where it is small enough to be read.
  private var numbers: Markup {
    guard recording.residuals.count * recording.iterations.count <= 600 else { return .all([]) }
    let rows = recording.residuals.indices.map { row in
      [Markup.name(map.label(ofRow: row))]
        + recording.residuals[row].map { $0 == 0 ? Markup.text("0") : .number($0) }
    }
    return .element(
      "details", [],
      [
        .element("summary", [], [.text("The residuals as a table")]),
        table(
          columns: ["block"] + recording.iterations.map { "after \($0)" }, rows: rows,
          caption: "Residual of each block after each iteration: \(heading)"),
      ])
  }

  /// What the script needs: a text for each column, and for each row the column from which on it is right.
  var data: String {
    let texts = recording.iterations.indices.map { "\"\(text(at: $0))\"" }.joined(separator: ",")
    let right = recording.residuals.indices.map {
      recording.firstRightColumn(ofRow: $0).map(String.init) ?? "-1"
    }.joined(separator: ",")
    return "\"\(id)\":{\"texts\":[\(texts)],\"right\":[\(right)]}"
  }
}
