import FileAccess

/// A page about one model, or about several and whether they are the same function: one file of HTML that loads nothing
/// else, for screens and for paper.
///
/// The page is also well-formed XML. Its policy allows the style sheet and the script that it has, by their digests, and
/// no other source of any kind: a name in a model cannot become code, and no page can reach the network.
public struct HTMLReport {
  let contents: ReportContents

  /// The page with these contents.
  public init(_ contents: ReportContents) { self.contents = contents }

  /// The page as text.
  public var html: String {
    let sections = sections
    let main = Markup.element("main", [Attribute("id", "main")], sections.map(\.markup))
    let body = [skip, header, navigation(sections.map { ($0.id, $0.heading) }), main, footer, data, script]
    return "<!DOCTYPE html>\n"
      + Markup.element(
        "html", [Attribute("lang", "en"), Attribute("xmlns", "http://www.w3.org/1999/xhtml")],
        [head, .element("body", [], body)]
      ).html + "\n"
  }

  // MARK: The head

  private var head: Markup {
    .element(
      "head", [],
      [
        .element("meta", [Attribute("charset", "utf-8")]),
        .element(
          "meta", [Attribute("http-equiv", "Content-Security-Policy"), Attribute("content", policy)]),
        .element(
          "meta",
          [Attribute("name", "viewport"), Attribute("content", "width=device-width, initial-scale=1")]),
        .element("meta", [Attribute("name", "color-scheme"), Attribute("content", "light dark")]),
        .element("meta", [Attribute("name", "generator"), Attribute("content", "deq \(contents.version)")]),
        .element("title", [], [.text(title)]),
        .source("style", [], PageStyle.text),
      ])
  }

  /// No source of anything, but for what is in the page.
  private var policy: String {
    "default-src 'none'; style-src 'sha256-\(base64(PageStyle.text))'; script-src 'sha256-\(base64(PageScript.text))'; "
      + "base-uri 'none'; form-action 'none'"
  }

  private func base64(_ text: String) -> String { base64Text(SHA256Digest(of: Array(text.utf8)).bytes) }

  private var names: [String] {
    guard let first = contents.comparisons.first, !first.isOfOneModel else { return [contents.name] }
    return [first.first] + contents.comparisons.map(\.second)
  }

  private var title: String {
    let verdict =
      contents.comparisons.first.map { $0.isOfOneModel ? "" : "\($0.result.verdict.rawValue): " } ?? ""
    return verdict + names.prefix(3).map { shortened($0, to: 40) }.joined(separator: " and ")
  }

  // MARK: The body

  private var skip: Markup {
    .element("a", [Attribute("class", "skip"), Attribute("href", "#main")], [.text("Skip to the report")])
  }

  private var header: Markup {
    .element(
      "header", [],
      [
        .element("h1", [], [.all(names.prefix(8).map { .name($0) }, separatedBy: " · ")]),
        .element(
          "p", [],
          [.text("A report of deq \(contents.version) on equilibrium models and the networks they are.")]),
      ])
  }

  /// The sections with their headings, in order.
  private var sections: [(id: String, heading: String, markup: Markup)] {
    var all: [(String, String, Markup)] = []
    let isOne = contents.comparisons.count == 1
    for (number, comparison) in contents.comparisons.enumerated() {
      let heading = comparison.isOfOneModel ? "One model" : isOne ? "Verdict" : "Verdict \(number + 1)"
      all.append(
        ("verdict-\(number)", heading, VerdictSection(comparison: comparison, number: number).markup))
    }
    all += [
      ("sizes", "Sizes", SizesSection(contents: contents).markup),
      ("pattern", "Block matrix", PatternSection(contents.model).markup),
      (
        "play", contents.model.nilpotencyIndex == nil ? "Iteration" : "Theorem",
        PlaySection(contents: contents).markup
      ),
      ("groups", "Implicit groups", GroupsSection(contents: contents).markup),
    ]
    for (number, comparison) in contents.comparisons.enumerated() {
      let suffix = isOne ? "" : " \(number + 1)"
      all.append(
        (
          "agreement-\(number)", "Agreement\(suffix)",
          GradientSection(comparison: comparison, number: number).markup
        ))
      all.append(
        ("search-\(number)", "Tried\(suffix)", SearchSection(comparison: comparison, number: number).markup))
    }
    return all + [("reproduce", "Again", ReproductionSection(contents: contents).markup)]
  }

  private func navigation(_ sections: [(id: String, heading: String)]) -> Markup {
    let links = sections.map { Markup.element("a", [Attribute("href", "#\($0.id)")], [.text($0.heading)]) }
    return .element(
      "nav", [Attribute("aria-label", "Sections")],
      [.element("ul", [], links.map { .element("li", [], [$0]) })])
  }

  private var footer: Markup {
    .element(
      "footer", [],
      [
        .element(
          "p", [],
          [
            .text(
              "The theorem: S. Bai, J. Z. Kolter and V. Koltun, “Deep Equilibrium Models”, NeurIPS 2019. "
                + "Residuals are largest magnitudes; exact numbers are in the attributes of the elements that show them."
            )
          ])
      ])
  }

  /// What the script shows for each position of the sliders: texts of this module, without a name of the model's.
  private var data: Markup {
    guard case .recorded(let forward, let adjoint) = contents.play else { return .all([]) }
    var parts = [PlayFigure(id: "forward", heading: "", model: contents.model, recording: forward).data]
    if let adjoint {
      parts.append(PlayFigure(id: "adjoint", heading: "", model: contents.model, recording: adjoint).data)
    }
    return .source(
      "script", [Attribute("type", "application/json"), Attribute("id", "data")],
      "{\(parts.joined(separator: ","))}")
  }

  private var script: Markup { .source("script", [], PageScript.text) }
}

/// Bytes in base 64 (RFC 4648, section 4).
func base64Text(_ bytes: [UInt8]) -> String {
  let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  return stride(from: 0, to: bytes.count, by: 3).map { first in
    let group = bytes[first..<min(bytes.count, first + 3)]
    let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
    let shown = (0...group.count).map { digits[bits >> (18 - 6 * $0) & 63] }
    return String(shown) + String(repeating: "=", count: 3 - group.count)
  }.joined()
}
