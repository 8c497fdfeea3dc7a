import Equivalence
import FileAccess
import RealModule

/// How outputs and the gradient of every parameter agree, on every path.
struct GradientSection {
  /// The largest number of rows of the table.
  static let mostRows = 2000

  let comparison: ReportContents.Comparison
  let number: Int
  private var numbers: [Discrepancy] { comparison.result.measurement.discrepancies }

  var markup: Markup {
    section(
      "agreement-\(number)", "Agreement of outputs and gradients",
      numbers.isEmpty
        ? [.element("p", [], [.text("No numbers were compared.")])]
        : [.element("p", [], [.text(explanation)]), chart, tableOfNumbers, offPattern])
  }

  private var explanation: String {
    "Each row is the worst of all samples. The structured path compares the two models, any other compares a generic "
      + "solver with the structured path of the same model. A difference counts only where it exceeds what rounding "
      + "explains, which is measured for each number."
  }

  /// The rows that are shown: where there are too many, those that differ most.
  private var rows: [(position: Int, found: Discrepancy)] {
    let all = numbers.enumerated().map { (position: $0.offset, found: $0.element) }
    guard all.count > Self.mostRows else { return all }
    let worst = all.sorted {
      ($1.found.agreement, $1.found.excess, $0.position) < ($0.found.agreement, $0.found.excess, $1.position)
    }
    return worst.prefix(Self.mostRows).sorted { $0.position < $1.position }
  }

  private var tableOfNumbers: Markup {
    let shownRows = rows.map { position, found in
      [
        Markup.name(found.quantity.description), .text(found.path.description),
        .element("span", [Attribute("class", "badge \(found.agreement)")], [.text("\(found.agreement)")]),
        .number(found.absolute, key: "numbers.\(position).absolute"),
        .number(found.relative, key: "numbers.\(position).relative"),
        .number(found.ulps, key: "numbers.\(position).ulps"),
        .number(found.allowed, key: "numbers.\(position).allowed"),
      ]
    }
    let rest = numbers.count - shownRows.count
    return .element(
      "details", [Attribute("open", shownRows.count <= 40 ? "open" : nil)],
      [
        .element("summary", [], [.text("All \(FileAccess.text(numbers.count, "comparison"))")]),
        table(
          columns: ["quantity", "path", "agreement", "difference", "of scale", "ulp", "rounding explains"],
          rows: shownRows, caption: "Worst differences by quantity and path"),
        rest > 0
          ? .element(
            "p", [], [.text("\(FileAccess.text(rest)) more, which differ less: deq check --json has all.")])
          : .all([]),
      ])
  }

  // MARK: The drawing

  /// Shares of what rounding explains, one mark for each comparison.
  private var chart: Markup {
    let bars = rows.prefix(60)
    let height = Double(bars.count) * 16 + 44
    return .element(
      "figure", [],
      [
        .element(
          "svg",
          [
            Attribute("viewBox", "0 0 760 \(coordinate(height))"), Attribute("role", "img"),
            Attribute("aria-label", description),
          ], scale(height: height) + bars.enumerated().flatMap { row($0.offset, $0.element.found) }),
        .element(
          "figcaption", [],
          [
            .text(
              "Each difference as a share of what rounding explains; a mark at 0 is a difference of no bit"
                + (bars.count < numbers.count
                  ? ". The first \(bars.count) of \(FileAccess.text(numbers.count))." : "."))
          ]),
      ])
  }

  private var description: String {
    let identical = numbers.filter { $0.agreement == .identical }.count
    let rounding = numbers.filter { $0.agreement == .rounding }.count
    return
      "Of \(FileAccess.text(numbers.count, "comparison")), \(FileAccess.text(identical)) have the same bits, "
      + "rounding explains \(FileAccess.text(rounding)), and \(FileAccess.text(numbers.count - identical - rounding)) "
      + "are anything else"
  }

  /// 0, and 10⁻⁶ to 10² of what rounding explains.
  private func x(_ share: Double) -> Double {
    guard share > 0 else { return 330 }
    return 370 + 360 * (max(-6, min(2, Double.log10(min(share, 1e300)))) + 6) / 8
  }

  private func scale(height: Double) -> [Markup] {
    [(0, "0"), (1e-6, "1e-6"), (1e-3, "0.001"), (1, "1"), (100, "100")].flatMap { share, text in
      [
        Markup.element(
          "path",
          [
            Attribute("d", "M\(coordinate(x(share))) 4V\(coordinate(height - 34))"),
            Attribute("class", share == 1 ? "limit" : "rule"),
          ]),
        .element(
          "text",
          [Attribute("x", x(share)), Attribute("y", height - 18), Attribute("class", "label middle")],
          [.text(text)]),
      ]
    }
  }

  private func row(_ index: Int, _ found: Discrepancy) -> [Markup] {
    let y = 14 + Double(index) * 16
    let label = "\(shortened(found.quantity.description, to: 34)), \(found.path.description)"
    return [
      .element(
        "text", [Attribute("x", 318), Attribute("y", y + 4), Attribute("class", "label end")], [.text(label)]),
      .element(
        "g", [],
        [
          .element("title", [], [.text("\(label): \(found.agreement)")]),
          .element(
            "circle",
            [
              Attribute("cx", x(found.excess)), Attribute("cy", y), Attribute("r", 4),
              Attribute("class", found.isRounding ? "inside" : "outside"),
            ]),
        ]),
    ]
  }

  private var offPattern: Markup {
    guard let found = comparison.result.measurement.offPattern else { return .all([]) }
    return .element(
      "p", [],
      [
        .text("Where Wz is structurally zero the gradient need not be: its norm is "),
        .number(found.off, key: "offPattern.off"), .text(" there, and "),
        .number(found.on, key: "offPattern.on"),
        .text(
          " on the pattern. Training all of Wz leaves the set of networks at the first step; training with a mask does not."
        ),
      ])
  }
}
