import FileAccess

/// How to make the page again, and from which files.
struct ReproductionSection {
  let contents: ReportContents

  var markup: Markup {
    section(
      "reproduce", "Again",
      [
        .element(
          "p", [],
          [
            .text("The same command on the same files makes the same page, byte for byte"),
            .text(contents.timings.isEmpty ? ":" : ", but for its times:"),
          ]),
        command(contents.command),
      ]
        + contents.relatedCommands.flatMap { related in
          [Markup.element("p", [], [.text(related.text)]), command(related.command)]
        } + [files])
  }

  private func command(_ text: String) -> Markup {
    .element("pre", [Attribute("tabindex", "0")], [.element("code", [], [.text(shortened(text, to: 4000))])])
  }

  private var files: Markup {
    table(
      columns: ["file", "SHA-256"],
      rows: contents.files.prefix(200).map { file in
        [.name(file.path), .element("code", [], [.text(file.digest.description)])]
      }, caption: "Files that were read")
  }
}
