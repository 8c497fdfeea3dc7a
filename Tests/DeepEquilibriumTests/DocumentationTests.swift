import DeepEquilibrium
import Foundation
import TestSupport
import Testing

/// The pages of documentation against the registries that they describe.
@Suite("Documentation")
struct DocumentationTests {
  private static let page =
    "\(ReadmeExampleTests.root)/Sources/DeepEquilibrium/DeepEquilibrium.docc/Operators.md"

  @Test("The tables of operators are those that their schemas make; DEQ_UPDATE_DOCUMENTATION=1 writes them")
  func operators() throws {
    let text = try String(contentsOfFile: Self.page, encoding: .utf8)
    let updated = OperatorPage.updated(text)
    if ProcessInfo.processInfo.environment["DEQ_UPDATE_DOCUMENTATION"] == "1" {
      try updated.write(toFile: Self.page, atomically: true, encoding: .utf8)
      return
    }
    let difference = zip(text.split(separator: "\n"), updated.split(separator: "\n")).first { $0 != $1 }
    #expect(text == updated, "expected \(difference?.1 ?? "more"), found \(difference?.0 ?? "less")")
  }

  @Test("Every operator has a row, and every attribute and every weight of it a meaning")
  func meanings() throws {
    let text = try String(contentsOfFile: Self.page, encoding: .utf8)
    for (name, schema) in LinearMapRegistry.all.map({ ($0.typeName, $0.schema) })
      + NonlinearityRegistry.all.map({ ($0.typeName, $0.schema) })
    {
      let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `\(name)` |") }
      #expect(!rows.isEmpty && !schema.summary.isEmpty, "\(name)")
      for attribute in schema.attributes {
        #expect(!attribute.meaning.isEmpty, "\(name): \(attribute.name)")
        #expect(rows.contains { $0.contains("`\(attribute.name)`") }, "\(name): \(attribute.name)")
        if let value = attribute.defaultValue { #expect(attribute.kind.includes(value), "\(name)") }
      }
    }
  }
}
