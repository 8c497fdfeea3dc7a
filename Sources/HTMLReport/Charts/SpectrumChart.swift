import FileAccess
import LinearAlgebra

/// Eigenvalues in the complex plane, with the unit circle.
struct SpectrumChart {
  private static let size = 320.0

  let eigenvalues: [Eigenvalue]

  private var largest: Double { eigenvalues.map(\.magnitude).max() ?? 0 }
  private var reach: Double { max(1, largest) * 1.15 }

  var markup: Markup {
    let middle = Self.size / 2
    return .element(
      "svg",
      [
        Attribute("viewBox", "0 0 \(coordinate(Self.size)) \(coordinate(Self.size))"),
        Attribute("class", "spectrum"),
        Attribute("role", "img"), Attribute("aria-label", description),
      ],
      [
        .element(
          "path",
          [
            Attribute(
              "d",
              "M0 \(coordinate(middle))h\(coordinate(Self.size))M\(coordinate(middle)) 0v\(coordinate(Self.size))"
            ),
            Attribute("class", "rule"),
          ]),
        .element(
          "circle",
          [
            Attribute("cx", middle), Attribute("cy", middle), Attribute("r", middle / reach),
            Attribute("class", "unit"),
          ]),
        .element(
          "text",
          [
            Attribute("x", middle + middle / reach + 3), Attribute("y", middle - 4),
            Attribute("class", "label"),
          ], [.text("1")]),
      ] + points)
  }

  private var description: String {
    "\(FileAccess.text(eigenvalues.count, "eigenvalue")) in the complex plane with the unit circle; the largest "
      + "magnitude is \(shown(largest))"
  }

  private var points: [Markup] {
    let middle = Self.size / 2
    return eigenvalues.map { value in
      .element(
        "circle",
        [
          Attribute("cx", middle + value.real / reach * middle),
          Attribute("cy", middle - value.imaginary / reach * middle),
          Attribute("r", 2.5), Attribute("class", value.magnitude < 1 ? "inside" : "outside"),
        ])
    }
  }
}
