import Equivalence
import FileAccess

/// Which inputs were tried: the samples, and what the search for a counterexample covered.
struct SearchSection {
  let comparison: ReportContents.Comparison
  let number: Int

  var markup: Markup {
    section("search-\(number)", "What was tried", [samples, search])
  }

  private var samples: Markup {
    let found = comparison.result.measurement.samples
    let counts: [(String, Int, String)] = [
      ("inputs drawn", found.drawn, "drawn"), ("compared", found.compared, "compared"),
      ("compared by their gradients", found.comparedByGradients, "comparedByGradients"),
      ("without a value on either side", found.withoutValue, "withoutValue"),
      ("with a value on one side only", found.oneSided, "oneSided"),
      ("at different equilibria", found.atOtherEquilibria, "atOtherEquilibria"),
    ]
    return table(
      counts.map { ([.text($0.0)], [.count($0.1, key: "samples.\($0.2)")]) },
      caption: "Samples and their outcomes")
  }

  private var search: Markup {
    guard let search = comparison.result.search else {
      return .element("p", [], [.text(withoutSearch)])
    }
    let outcome =
      search.finding.map { "A counterexample was found by the strategy “\(shortened($0.strategy))”." }
      ?? "None of them tells the two apart."
    return .all([
      .element(
        "p", [],
        [
          .text("A search for a counterexample tried "), .count(search.rows, key: "search.tried"),
          .text(" inputs. "),
          .text(outcome), .text(" The largest relative difference of outputs was "),
          .number(search.largestRelativeDifference, key: "search.largestRelativeDifference"), .text("."),
        ]),
      bars(of: search),
    ])
  }

  private var withoutSearch: String {
    comparison.isOfOneModel || comparison.result.proof.function.basis != nil
      ? "No counterexample was searched for: a proof leaves none to find."
      : "No counterexample was searched for."
  }

  private func bars(of search: SearchReport) -> Markup {
    let most = Double(max(1, search.coverage.map(\.rows).max() ?? 1))
    let height = Double(search.coverage.count) * 22 + 10
    let rows = search.coverage.enumerated().flatMap { index, turn -> [Markup] in
      let y = 6 + Double(index) * 22
      let width = 380 * Double(turn.rows) / most
      return [
        .element(
          "text", [Attribute("x", 270), Attribute("y", y + 13), Attribute("class", "label end")],
          [.text(shortened(turn.strategy, to: 40))]),
        .element(
          "rect",
          [
            Attribute("x", 280), Attribute("y", y), Attribute("width", width), Attribute("height", 16),
            Attribute("class", "bar"),
          ]),
        .element(
          "text", [Attribute("x", 286 + width), Attribute("y", y + 13), Attribute("class", "label")],
          [.text(FileAccess.text(turn.rows))]),
      ]
    }
    let description = search.coverage.map { "\(shortened($0.strategy)): \(FileAccess.text($0.rows))" }
    return .element(
      "figure", [],
      [
        .element(
          "svg",
          [
            Attribute("viewBox", "0 0 760 \(coordinate(height))"), Attribute("role", "img"),
            Attribute("aria-label", "Inputs tried by each strategy. \(description.joined(separator: "; "))"),
          ], rows),
        .element("figcaption", [], [.text("Inputs tried by each strategy of the search.")]),
      ])
  }
}
