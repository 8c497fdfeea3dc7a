import Foundation
import Synchronization

/// Python, for tests against an independent implementation; such a test is skipped without it.
public enum Python {
  /// Whether all of these modules can be imported. They are imported once for each list: PyTorch takes seconds.
  public static func has(_ modules: String...) -> Bool {
    if let isKnown = availability.withLock({ $0[modules] }) { return isKnown }
    let isAvailable = (try? run(modules.map { "import \($0)" }.joined(separator: "\n"), in: "/tmp")) != nil
    availability.withLock { $0[modules] = isAvailable }
    return isAvailable
  }

  private static let availability = Mutex<[[String]: Bool]>([:])

  /// A script that failed.
  public struct Failure: Error, CustomStringConvertible {
    /// What it wrote to standard error.
    public let description: String
  }

  /// The output of a script run in this folder.
  public static func run(_ script: String, _ arguments: [String] = [], in folder: String) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", script] + arguments
    process.currentDirectoryURL = URL(filePath: folder)
    // Files are used because other tests' processes would inherit pipes and keep them open.
    let name = "\(folder)/.python-\(UInt64.random(in: 0 ... .max))"
    defer { for kind in ["out", "err"] { try? FileManager.default.removeItem(atPath: "\(name).\(kind)") } }
    for kind in ["out", "err"] {
      _ = FileManager.default.createFile(atPath: "\(name).\(kind)", contents: nil)
    }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle(forWritingAtPath: "\(name).out")
    process.standardError = FileHandle(forWritingAtPath: "\(name).err")
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failure(description: try String(contentsOfFile: "\(name).err", encoding: .utf8))
    }
    return try String(contentsOfFile: "\(name).out", encoding: .utf8)
  }
}
