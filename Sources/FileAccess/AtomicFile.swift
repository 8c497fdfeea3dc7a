#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that appears under its name only when it is complete.
///
/// The bytes go to a temporary file in the target's folder, may then be checked, and replace the target in one step.
/// Whatever fails before leaves the target as it was and no temporary file behind. A symbolic link is followed: the file
/// that it names is replaced, not the link. A target that exists and is no regular file (a device, a pipe) cannot be
/// replaced, so it is written to directly.
///
/// Where a file is replaced, the bytes are forced to the disk before, so that a power failure leaves the old contents or
/// the new ones. Where there was none, nothing can be lost but what was just written, and the system writes it to the disk
/// in its own time, as it does for `cp` and compilers: after a power failure the file may be missing or cut short, and
/// readers refuse one that is.
///
///     let file = try AtomicFile("mlp.deq.json")
///     try file.write { sink throws(FileError) in try ModelFile.equilibrium(model).write(to: sink) }
///     // … check the bytes of file.temporaryPath …
///     try file.commit()
public final class AtomicFile {
  /// Whether there is a file in the target's place, and whether it holds the same bytes.
  public enum Comparison: Sendable {
    /// There is none.
    case absent
    /// There is one with the same bytes.
    case same
    /// There is one with other bytes.
    case different
  }

  /// The path as it was given.
  public let path: String
  /// The temporary file; nil where the target is no regular file, and after `commit` and `discard`.
  public private(set) var temporaryPath: String?
  private let target: String
  private var descriptor: Int32

  /// Creates the temporary file, or opens a target that is no regular file.
  ///
  /// An existing target's permissions are kept; a new file's are those that the process's mask allows.
  ///
  /// - Throws: `FileError` of kind `cannotCreate`.
  public init(_ path: String) throws(FileError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw FileError(.cannotCreate, file: path, "expected the path of a file, found \(quoted(path))")
    }
    self.path = path
    var status = stat()
    let exists = stat(path, &status) == 0
    guard exists || errno == ENOENT else {
      throw FileError(.cannotCreate, file: path, cannot: "created", code: errno)
    }
    switch exists ? status.st_mode & S_IFMT : S_IFREG {
    case S_IFDIR:
      throw FileError(.cannotCreate, file: path, "expected a file to write, found a directory")
    case S_IFREG:
      target = followingLinks(path)
      (temporaryPath, descriptor) = try createTemporary(beside: target, for: path)
      if exists { fchmod(descriptor, status.st_mode & 0o7777) }
    default:
      target = path
      descriptor = open(path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileError(.cannotCreate, file: path, cannot: "opened", code: errno) }
    }
  }

  deinit { discard() }

  /// Runs `body` with the sink to write to; what is to replace a file is then forced to the disk.
  ///
  /// - Throws: What `body` throws, or `FileError` of kind `inputOutput`; the temporary file is gone then.
  public func write(_ body: (DescriptorSink) throws(FileError) -> Void) throws(FileError) {
    precondition(descriptor >= 0, "a file that has been committed or discarded")
    do throws(FileError) {
      try body(DescriptorSink(descriptor, named: path))
      // What cannot be synchronised (a pipe, a terminal) says EINVAL or ENOTSUP.
      if isReplacing, fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP {
        throw FileError(.inputOutput, file: path, cannot: "written", code: errno)
      }
    } catch {
      discard()
      throw error
    }
  }

  /// What stands in the target's place, compared with what has been written.
  ///
  /// - Throws: `FileError` where either cannot be read. A target that is no regular file is `absent`.
  public func compareWithTarget() throws(FileError) -> Comparison {
    guard let temporaryPath, isReplacing else { return .absent }
    return try haveSameBytes(target, temporaryPath) ? .same : .different
  }

  /// Puts the file in the target's place, in one step.
  ///
  /// - Throws: `FileError` of kind `cannotCreate` or `inputOutput`; the temporary file is gone then.
  public func commit() throws(FileError) {
    precondition(descriptor >= 0, "a file that has been committed or discarded")
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0 || errno == EINTR else {
      let code = errno
      discard()
      throw FileError(.inputOutput, file: path, cannot: "written", code: code)
    }
    guard let temporaryPath else { return }
    let isReplacing = isReplacing
    guard rename(temporaryPath, target) == 0 else {
      let code = errno
      discard()
      throw FileError(.cannotCreate, file: path, cannot: "created", code: code)
    }
    self.temporaryPath = nil
    if isReplacing { synchronizeFolder(of: target) }
  }

  /// Whether there is something in the target's place.
  private var isReplacing: Bool { access(target, F_OK) == 0 }

  /// Removes the temporary file and leaves the target as it was; nothing where that has already happened.
  public func discard() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    if let temporaryPath { unlink(temporaryPath) }
    temporaryPath = nil
  }
}

/// The folder of a path, with its slash; empty for a name in the current one.
private func folder(of path: String) -> String {
  path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
}

/// The path that symbolic links lead to, whether there is a file or not.
private func followingLinks(_ path: String) -> String {
  var path = path
  for _ in 0..<40 {
    let link = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer -> String? in
      let count = readlink(path, buffer.baseAddress!, buffer.count)
      guard count > 0, count < buffer.count else { return nil }
      return String(decoding: UnsafeRawBufferPointer(buffer).prefix(count), as: UTF8.self)
    }
    guard let link else { return path }
    path = link.hasPrefix("/") ? link : folder(of: path) + link
  }
  return path
}

/// A new file in the folder of `target`, under a name that nothing else has.
private func createTemporary(
  beside target: String, for path: String
) throws(FileError) -> (path: String?, descriptor: Int32) {
  while true {
    let name = folder(of: target) + ".deq-\(String(UInt64.random(in: 0 ... .max), radix: 16)).tmp"
    let descriptor = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor >= 0 { return (name, descriptor) }
    if errno != EEXIST && errno != EINTR {
      throw FileError(.cannotCreate, file: path, cannot: "created", code: errno)
    }
  }
}

/// Makes a rename last; the file itself is safe already, so a folder that refuses is no error.
private func synchronizeFolder(of path: String) {
  let folder = folder(of: path)
  let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}
