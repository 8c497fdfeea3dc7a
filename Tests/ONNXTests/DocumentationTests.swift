import Foundation
import ONNXImport
import Testing

@testable import ModelFiles

@Suite("The page about ONNX")
struct DocumentationTests {
  @Test("It lists the operators that are supported, and no others")
  func operators() throws {
    let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "Sources/DeepEquilibrium/DeepEquilibrium.docc/ONNX.md")
    let section = try #require(
      String(contentsOf: page, encoding: .utf8).components(separatedBy: "\n## ").first {
        $0.hasPrefix("Import\n")
      })
    let rows = section.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| family") }
    let listed = rows.flatMap { row in
      row.split(separator: "|")[1].split { !$0.isLetter && !$0.isNumber }.map(String.init)
    }
    #expect(listed.sorted() == OperatorTable.names)
  }
}
