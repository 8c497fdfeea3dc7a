import Foundation
import TestSupport
import Testing

/// The schemas of the documentation.
enum Schemas {
  /// The folder of the files.
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "Sources/DeepEquilibrium/DeepEquilibrium.docc")

  /// The names, which are those of the files up to `.schema.json`.
  static var names: [String] {
    get throws {
      try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: "Schemas").path).sorted().map
      {
        $0.replacing(".schema.json", with: "")
      }
    }
  }

  /// The path of a schema.
  static func path(of name: String) -> String { folder.appending(path: "Schemas/\(name).schema.json").path }

  /// What a schema says.
  static func text(of name: String) throws -> JSONInstance {
    try JSONInstance(parsing: Array(Data(contentsOf: URL(filePath: path(of: name)))))
  }

  /// A schema that validates.
  static func schema(_ name: String) throws -> JSONSchema { try #require(all.get()[name]) }

  /// Every schema by its name, read once.
  private static let all = Result {
    try Dictionary(uniqueKeysWithValues: names.map { ($0, try JSONSchema(text(of: $0))) })
  }

  /// A page of the documentation.
  static func page(_ name: String) throws -> String {
    try String(contentsOf: folder.appending(path: "\(name).md"), encoding: .utf8)
  }
}
