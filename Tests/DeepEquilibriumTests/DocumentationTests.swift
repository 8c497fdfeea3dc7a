import DeepEquilibrium
import Foundation
import Testing

/// The pages of documentation against the registries that they describe.
@Suite("Documentation")
struct DocumentationTests {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Sources/DeepEquilibrium/DeepEquilibrium.docc")

  /// The rows of tables, by the names in their first cell.
  private static func rows() throws -> [String: String] {
    let text = try String(contentsOf: folder.appending(path: "Operators.md"), encoding: .utf8)
    var rows: [String: String] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|")
      for name in names(in: String(cells[0])) { rows[name] = String(line) }
    }
    return rows
  }

  private static func names(in text: String) -> [String] {
    text.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
      .map { String($0.element) }
  }

  @Test("The page of operators has every linear map and every nonlinearity, each with all of its arguments")
  func operators() throws {
    let rows = try Self.rows()
    var described: Set<String> = ["matrix"]
    func check(_ name: String, _ schema: OperatorSchema, parameters: [String] = []) throws {
      described.insert(name)
      let row = try #require(rows[name], "\(name) is not on the page")
      for key in schema.names { #expect(row.contains("`\(key)`"), "\(name): \(key)") }
      for parameter in parameters { #expect(row.contains("**\(parameter)**"), "\(name): \(parameter)") }
    }
    for type in LinearMapRegistry.all {
      try check(type.typeName, type.schema, parameters: type.hasParameter ? ["weight"] : [])
    }
    for type in NonlinearityRegistry.all {
      try check(type.typeName, type.schema, parameters: type.parameterPorts.map(\.name))
    }
    #expect(Set(rows.keys) == described)
  }
}
