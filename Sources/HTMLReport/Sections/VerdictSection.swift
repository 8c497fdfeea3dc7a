import Equivalence
import FileAccess

/// The verdict and the three questions, each with its answer.
struct VerdictSection {
  let comparison: ReportContents.Comparison
  let number: Int

  var markup: Markup {
    let id = "verdict-\(number)"
    guard !comparison.isOfOneModel else {
      return section(
        id, "One model",
        [
          .element(
            "p", [],
            [
              .text(
                "There is no second model to compare this one with. What follows compares two ways through it: along "
                  + "its dependency graph, and by a generic solver that only evaluates f.")
            ])
        ])
    }
    return section(
      id, "Verdict",
      [
        .element(
          "p",
          [Attribute("class", "verdict \(comparison.result.verdict.rawValue)"), Attribute("role", "status")],
          [
            .element(
              "strong", [Attribute("data-key", "verdict")], [.text(comparison.result.verdict.rawValue)]),
            .text(": "), .text(shortened(comparison.headline, to: 400)),
          ]),
        .element("dl", [Attribute("class", "questions")], questions),
        counterexample, basis,
      ])
  }

  private var questions: [Markup] {
    let result = comparison.result
    return [
      question(
        "Are they one function of the input?", result.function.rawValue, comparison.answers.function,
        key: "function.verdict"),
      question(
        "Are the gradients of the input the same?", result.inputGradient.rawValue,
        comparison.answers.inputGradient, key: "inputGradient.verdict"),
      question(
        "Are the gradients of the parameters the same?", result.parameters.rawValue,
        comparison.answers.parameters, key: "parameters.verdict"),
    ]
  }

  private func question(_ question: String, _ verdict: String, _ answer: String, key: String) -> Markup {
    .element(
      "div", [Attribute("class", "question \(verdict)")],
      [
        .element("dt", [], [.text(question)]),
        .element(
          "dd", [],
          [
            .element(
              "span", [Attribute("class", "badge \(verdict)"), Attribute("data-key", key)],
              [.text(words(verdict))]),
            .text(" "), .text(shortened(rest(of: answer, after: words(verdict)), to: 400)),
          ]),
      ])
  }

  /// The answer without the verdict that it begins with, which the badge has.
  private func rest(of answer: String, after verdict: String) -> String {
    for start in ["\(verdict), ", "\(verdict): "] where answer.hasPrefix(start) {
      return String(answer.dropFirst(start.count))
    }
    return answer
  }

  private func words(_ verdict: String) -> String {
    verdict == "nothingShared" ? "nothing shared" : verdict
  }

  /// The input on which the two differ, the first numbers of it.
  private var counterexample: Markup {
    guard let found = comparison.result.counterexample else { return .all([]) }
    let difference = found.discrepancy
    let numbers = found.input.prefix(16).map { Markup.number($0) }
    let rest = found.input.count - numbers.count
    let facts: [(String, [Markup])] = [
      ("quantity", [.text("\(shortened(difference.quantity.description))[\(difference.index)]")]),
      (comparison.first, [.number(difference.first, digits: 17, key: "counterexample.difference.first")]),
      (comparison.second, [.number(difference.second, digits: 17, key: "counterexample.difference.second")]),
      ("difference", [.number(difference.absolute, key: "counterexample.difference.absolute")]),
      ("rounding explains", [.number(difference.allowed, key: "counterexample.difference.allowed")]),
      (
        "input",
        [.all(numbers, separatedBy: ", "), .text(rest > 0 ? " and \(FileAccess.text(rest)) more" : "")]
      ),
    ]
    return .all([
      .element("h3", [], [.text("The input that refutes it")]),
      table(facts.map { ([.name($0.0)], $0.1) }, caption: "An input on which the two differ"),
    ])
  }

  /// What the answers rest on, in the words of the terminal.
  private var basis: Markup {
    let rows = comparison.rows.prefix(200).map { row in
      ([Markup.text(row.label)], [Markup.text(shortened(row.text, to: 600))])
    }
    return .element(
      "details", [],
      [
        .element("summary", [], [.text("What the answers rest on")]),
        table(rows, caption: "The report as the terminal has it"),
      ])
  }
}

/// A part of the page under a heading that names it.
func section(_ id: String, _ heading: String, _ contents: [Markup]) -> Markup {
  .element(
    "section", [Attribute("id", id), Attribute("aria-labelledby", "\(id)-heading")],
    [.element("h2", [Attribute("id", "\(id)-heading")], [.text(heading)])] + contents)
}

/// A table of facts: a heading and a value in each row.
func table(_ rows: [(heading: [Markup], value: [Markup])], caption: String) -> Markup {
  .element(
    "div", [Attribute("class", "scroll")],
    [
      .element(
        "table", [Attribute("class", "facts")],
        [.element("caption", [], [.text(caption)])]
          + rows.map { row in
            .element(
              "tr", [],
              [
                .element("th", [Attribute("scope", "row")], row.heading),
                .element("td", [], row.value),
              ])
          })
    ])
}

/// A table with a heading for each column; the first cell of each row is its heading.
func table(columns: [String], rows: [[Markup]], caption: String) -> Markup {
  let head = columns.map { Markup.element("th", [Attribute("scope", "col")], [.text($0)]) }
  return .element(
    "div",
    [
      Attribute("class", "scroll"), Attribute("tabindex", "0"), Attribute("role", "region"),
      Attribute("aria-label", caption),
    ],
    [
      .element(
        "table", [],
        [
          .element("caption", [], [.text(caption)]),
          .element("thead", [], [.element("tr", [], head)]),
          .element(
            "tbody", [],
            rows.map { row in
              .element(
                "tr", [],
                [.element("th", [Attribute("scope", "row")], [row[0]])]
                  + row.dropFirst().map { .element("td", [], [$0]) })
            }),
        ])
    ])
}
