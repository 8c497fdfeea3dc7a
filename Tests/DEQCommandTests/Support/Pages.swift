import Foundation
import TestSupport

/// The pages that users follow, and what is to be typed in them.
enum Pages {
  /// The folder of the package.
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// A page of the documentation, or the README.
  static func text(of name: String) throws -> String {
    let path = name == "README" ? "README.md" : "Sources/DeepEquilibrium/DeepEquilibrium.docc/\(name).md"
    return try String(contentsOf: root.appending(path: path), encoding: .utf8)
  }

  /// A block of a page that is to be typed, or that shows what is printed.
  enum Block: Equatable {
    /// Indented lines: commands of the shell, or what they print.
    case indented(String)
    /// A block between fences, with its language.
    case fenced(String, String)
  }

  /// The blocks below a heading of a page, in order; all of the page without a heading.
  static func blocks(of page: String, below heading: String? = nil) throws -> [Block] {
    var blocks: [Block] = []
    var fence: (language: String, lines: [String])?
    var indented: [String] = []
    var isBelow = heading == nil
    for line in try text(of: page).split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
      if let open = fence {
        if line == "```" {
          if isBelow { blocks.append(.fenced(open.language, open.lines.joined(separator: "\n"))) }
          fence = nil
        } else {
          fence!.lines.append(line)
        }
        continue
      }
      if line.hasPrefix("    ") || (line.isEmpty && !indented.isEmpty) {
        indented.append(String(line.dropFirst(4)))
        continue
      }
      while indented.last?.isEmpty == true { indented.removeLast() }
      if isBelow, !indented.isEmpty { blocks.append(.indented(indented.joined(separator: "\n"))) }
      indented = []
      if line.hasPrefix("```") { fence = (String(line.dropFirst(3)), []) }
      if let heading, line.hasPrefix("## ") { isBelow = line == "## \(heading)" }
    }
    return blocks
  }
}
