import Foundation

/// The models of the repository's fixtures.
enum Fixtures {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "Fixtures").path

  /// The paths of all networks.
  static func networks() throws -> [String] {
    try models { !$0.hasSuffix(".deq.json") }
  }

  /// The paths of all networks and of all equilibrium models.
  static func models(_ isIncluded: (String) -> Bool = { _ in true }) throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: folder).sorted()
      .filter { $0.hasSuffix(".json") && !$0.hasSuffix("expected.json") && isIncluded($0) }
      .map { "\(folder)/\($0)" }
  }
}
