import FileAccess
import RealModule

/// Lines over a logarithmic height: residuals against iterations, or against time. A value of 0 lies on a line of its
/// own at the bottom, since it has no logarithm.
struct LogChart {
  /// One line.
  struct Series {
    let name: String
    /// What is added to the name: how it ended.
    let note: String
    let points: [(x: Double, y: Double)]
  }

  private static let left = 70.0
  private static let width = 560.0
  private static let height = 230.0
  private static let top = 12.0

  let series: [Series]
  let horizontal: String
  let vertical: String
  private let highest: Double
  private let lowest: Double
  private let furthest: Double

  init(series: [Series], horizontal: String, vertical: String) {
    (self.series, self.horizontal, self.vertical) = (series, horizontal, vertical)
    let logarithms = series.flatMap(\.points).map(\.y).filter { $0 > 0 && $0.isFinite }.map {
      Double.log10($0)
    }
    let highest = (logarithms.max() ?? 0).rounded(.up)
    self.highest = highest
    lowest = min((logarithms.min() ?? -1).rounded(.down), highest - 1)
    let furthest = series.flatMap(\.points).map(\.x).max() ?? 0
    self.furthest = furthest > 0 ? furthest : 1
  }

  private var bottom: Double { Self.top + Self.height }

  var markup: Markup {
    .element(
      "div", [Attribute("class", "chart")],
      [
        .element(
          "svg",
          [
            Attribute("viewBox", "0 0 \(coordinate(Self.left + Self.width + 14)) \(coordinate(bottom + 62))"),
            Attribute("role", "img"), Attribute("aria-label", description),
          ], grid + lines),
        .element(
          "ul", [Attribute("class", "legend")],
          series.enumerated().map { index, line in
            .element(
              "li", [],
              [
                .element(
                  "svg",
                  [
                    Attribute("viewBox", "0 0 26 12"), Attribute("class", "key wide"),
                    Attribute("aria-hidden", "true"),
                  ],
                  [.element("path", [Attribute("d", "M0 6h26"), Attribute("class", "line s\(index % 4)")])]),
                .text("\(line.name): \(line.note)"),
              ])
          }),
      ])
  }

  private var description: String {
    "\(vertical) against \(horizontal). " + series.map { "\($0.name): \($0.note)" }.joined(separator: "; ")
  }

  private var grid: [Markup] {
    let step = max(1, ((highest - lowest) / 6).rounded(.up))
    var parts = stride(from: lowest, through: highest, by: step).flatMap { level in
      rule(at: height(of: Double.exp10(level)), level == 0 ? "1" : "1e\(Int(level))")
    }
    parts += rule(at: bottom + 14, "0")
    for value in stride(from: 0, through: furthest * 1.0001, by: tick) {
      parts.append(
        .element(
          "text",
          [
            Attribute("x", Self.left + Self.width * value / furthest), Attribute("y", bottom + 34),
            Attribute("class", "label middle"),
          ], [.text(shown(value, digits: 3))]))
    }
    parts.append(
      .element(
        "text",
        [
          Attribute("x", Self.left + Self.width / 2), Attribute("y", bottom + 54),
          Attribute("class", "label middle"),
        ],
        [.text(horizontal)]))
    return parts
  }

  /// The distance of the numbers below the chart: 1, 2 or 5 times a power of ten, for at most eight of them.
  private var tick: Double {
    let least = furthest / 8
    let power = Double.exp10(Double.log10(least).rounded(.down))
    return power * ([1, 2, 5, 10].first { power * $0 >= least } ?? 10)
  }

  private func rule(at y: Double, _ text: String) -> [Markup] {
    [
      .element(
        "path",
        [
          Attribute("d", "M\(coordinate(Self.left)) \(coordinate(y))h\(coordinate(Self.width))"),
          Attribute("class", "rule"),
        ]),
      .element(
        "text", [Attribute("x", Self.left - 8), Attribute("y", y + 4), Attribute("class", "label end")],
        [.text(text)]),
    ]
  }

  private func height(of value: Double) -> Double {
    guard value > 0 else { return bottom + 14 }
    let logarithm = min(highest, Double.log10(min(value, .greatestFiniteMagnitude)))
    return bottom - Self.height * (logarithm - lowest) / (highest - lowest)
  }

  private var lines: [Markup] {
    series.enumerated().map { index, line in
      let points = line.points.filter { !$0.y.isNaN }.map { point in
        "\(coordinate(Self.left + Self.width * point.x / furthest)) \(coordinate(height(of: point.y)))"
      }
      // Equal ends, so that one point is seen too.
      let path = points.isEmpty ? "" : "M" + points.joined(separator: "L") + (points.count == 1 ? "h0.1" : "")
      return .element(
        "g", [],
        [
          .element("title", [], [.text("\(line.name): \(line.note)")]),
          .element("path", [Attribute("d", path), Attribute("class", "line s\(index % 4)")]),
        ])
    }
  }
}
