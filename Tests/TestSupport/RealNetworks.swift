import Foundation

/// Public trained networks outside the repository: `Tests/Oracles/real_networks.py` fetches them into a
/// folder, with outputs and gradients by PyTorch.
public enum RealNetworks {
  /// The folder in the environment variable `DEQ_REAL_NETWORKS`; nil if there is no such folder.
  public static let folder: String? = ProcessInfo.processInfo.environment["DEQ_REAL_NETWORKS"].flatMap {
    FileManager.default.fileExists(atPath: $0) ? $0 : nil
  }

  /// Whether the networks are available.
  public static var areAvailable: Bool { folder != nil }

  /// Why a test that reads them is skipped.
  public static let reason = "DEQ_REAL_NETWORKS names no folder of public networks"

  /// The path of one of the files; tests of these are skipped if there are none.
  public static func path(_ name: String) -> String { "\(folder ?? "")/\(name)" }
}
