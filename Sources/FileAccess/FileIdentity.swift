import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file by what it is, not by its name: a link to a file has the same identity as the file.
public struct FileIdentity: Hashable, Sendable {
  private let device: UInt64
  private let inode: UInt64

  private init(_ status: stat) {
    device = UInt64(truncatingIfNeeded: status.st_dev)
    inode = UInt64(truncatingIfNeeded: status.st_ino)
  }

  /// The file at a path, through links; nil if there is none.
  public init?(at path: String) {
    var status = stat()
    guard stat(systemName(path), &status) == 0 else { return nil }
    self.init(status)
  }

  /// The file of an open descriptor; nil if it is not open.
  init?(of descriptor: Int32) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return nil }
    self.init(status)
  }
}

/// Every file that the process has opened to read an input, so that no output replaces one.
///
/// A file is recorded where it is opened, by whatever reader, path and reference. Temporary files that are
/// read again before they get their names are not inputs and are forgotten.
public enum InputFiles {
  private static let opened: Mutex<Set<FileIdentity>> = Mutex([])

  /// Whether an input was read from the file at this path.
  public static func contain(_ path: String) -> Bool {
    guard let identity = FileIdentity(at: path) else { return false }
    return opened.withLock { $0.contains(identity) }
  }

  static func note(_ descriptor: Int32) {
    guard let identity = FileIdentity(of: descriptor) else { return }
    opened.withLock { _ = $0.insert(identity) }
  }

  static func forget(_ identity: FileIdentity?) {
    guard let identity else { return }
    opened.withLock { _ = $0.remove(identity) }
  }
}
