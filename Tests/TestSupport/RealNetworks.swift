import Foundation

/// Public networks that others have trained, which are not part of the repository: `Tests/Oracles/real_networks.py` fetches
/// them into a folder, with outputs and gradients by PyTorch.
public enum RealNetworks {
  /// The folder that the environment variable `DEQ_REAL_NETWORKS` names; nil where it names none that exists.
  public static let folder: String? = ProcessInfo.processInfo.environment["DEQ_REAL_NETWORKS"].flatMap {
    FileManager.default.fileExists(atPath: $0) ? $0 : nil
  }

  /// Whether there are any.
  public static var areAvailable: Bool { folder != nil }

  /// Why a test that reads them is skipped.
  public static let reason = "DEQ_REAL_NETWORKS names no folder of public networks"

  /// The path of a file among them; such a test is skipped where there are none.
  public static func path(_ name: String) -> String { "\(folder ?? "")/\(name)" }
}
