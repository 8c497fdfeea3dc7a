import CFileSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A file that appears under its name only when it is complete.
///
/// The bytes go to a temporary file in the target's folder, may then be checked, and replace the target in
/// one step. A failure before that step leaves the target unchanged and removes the temporary file. A
/// symbolic link is followed, unless it is told not to: the file that it names is replaced, not the link. An
/// existing target that is not a regular file (a device, a pipe) cannot be replaced, so it is written to directly.
///
/// Unless it is told to replace, it replaces nothing: neither a file that was there from the start nor one that
/// has appeared since.
///
/// When a file is replaced, the bytes are first forced to the disk, so that a power failure leaves the old
/// contents or the new ones. A new file is written to the disk in the system's own time, as it is for `cp`
/// and compilers, because no older contents can be lost. After a power failure it may be missing or
/// truncated, and readers refuse a truncated file.
///
///     let file = try AtomicFile("mlp.deq.json")
///     try file.write { sink throws(FileError) in try ModelFile.equilibrium(model).write(to: sink) }
///     // … check the bytes of file.temporaryPath …
///     try file.commit()
public final class AtomicFile {
  /// Whether the target exists, and whether it holds the same bytes.
  public enum TargetState: Sendable {
    /// The target does not exist.
    case absent
    /// The target holds the same bytes.
    case same
    /// The target holds other bytes.
    case different
  }

  /// The path as it was given.
  public let path: String
  /// The temporary file; nil if the target is not a regular file, and after `commit` and `discard`.
  public private(set) var temporaryPath: String?
  private let target: String
  private var descriptor: Int32
  private let identity: FileIdentity?

  /// Creates the temporary file, or opens a target that is not a regular file.
  ///
  /// An existing target's permissions are kept, without the bits that let a program run as another user; a new
  /// file's follow the process's mask. A pipe is opened once it has a reader.
  ///
  /// - Parameter followsLink: Whether a symbolic link at the path is followed. Otherwise it is refused, and one that
  ///   appears there later is itself replaced, and not the file that it names.
  /// - Throws: `FileError` of kind `cannotCreate`.
  public init(_ path: String, followsLink: Bool = true) throws(FileError) {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw FileError(.cannotCreate, file: path, "expected the path of a file, found \(quoted(path))")
    }
    if !followsLink { try requireNoLink(path) }
    self.path = path
    var status = stat()
    let exists = stat(systemName(path), &status) == 0
    guard exists || errno == ENOENT else {
      throw FileError(.cannotCreate, file: path, cannot: "created", code: errno)
    }
    switch exists ? status.st_mode & S_IFMT : S_IFREG {
    case S_IFDIR:
      throw FileError(.cannotCreate, file: path, "expected a file to write, found a directory")
    case S_IFREG:
      target = followsLink ? followingLinks(path) : path
      (temporaryPath, descriptor) = try createTemporary(beside: target, for: path)
      if exists { fchmod(descriptor, status.st_mode & 0o777) }
    default:
      target = path
      descriptor = open(systemName(path), O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw FileError(.cannotCreate, file: path, cannot: "opened", code: errno) }
    }
    identity = FileIdentity(of: descriptor)
  }

  /// Whether there is a regular file at a path, through links.
  public static func isRegular(_ path: String) -> Bool {
    var status = stat()
    return stat(systemName(path), &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Whether there is a pipe at a path, which cannot be opened before it has a reader.
  public static func waitsForReader(_ path: String) -> Bool {
    var status = stat()
    return stat(systemName(path), &status) == 0 && status.st_mode & S_IFMT == S_IFIFO
  }

  deinit { discard() }

  /// Runs `body` with the sink to write to; bytes that will replace a file are then forced to the disk.
  ///
  /// - Throws: What `body` throws, or `FileError` of kind `inputOutput`; the temporary file is then
  ///   removed.
  public func write(_ body: (DescriptorSink) throws(FileError) -> Void) throws(FileError) {
    precondition(descriptor >= 0, "a file that has been committed or discarded")
    do throws(FileError) {
      try body(DescriptorSink(descriptor, named: path))
      // Descriptors that cannot be synchronised (a pipe, a terminal) return EINVAL or ENOTSUP.
      if isReplacing, fsync(descriptor) != 0, errno != EINVAL, errno != ENOTSUP {
        throw FileError(.inputOutput, file: path, cannot: "written", code: errno)
      }
    } catch {
      discard()
      throw error
    }
  }

  /// Compares the target with what has been written.
  ///
  /// - Throws: `FileError` if either cannot be read. A target that is not a regular file is `absent`.
  public func compareWithTarget() throws(FileError) -> TargetState {
    guard let temporaryPath, isReplacing else { return .absent }
    return try haveSameBytes(target, temporaryPath) ? .same : .different
  }

  /// Moves the file to the target's path, in one step.
  ///
  /// - Parameter replacing: Whether a different file at that path is replaced. A file with the same bytes stays.
  /// - Throws: `FileError` of kind `cannotCreate` or `inputOutput`; the temporary file is then removed.
  public func commit(replacing: Bool = true) throws(FileError) {
    try close()
    guard let temporaryPath else { return }
    let wasThere = isReplacing
    var code = move(temporaryPath, to: target, replacing: replacing)
    if code == EEXIST, !replacing {
      // The comparison reads the temporary file, so it comes before that is removed.
      code = (try? haveSameBytes(target, temporaryPath)) == true ? 0 : EEXIST
      if code == 0 { return discard() }
    }
    guard code == 0 else {
      discard()
      if code == EEXIST { throw Self.exists(path) }
      throw FileError(.cannotCreate, file: path, cannot: "created", code: code)
    }
    InputFiles.forget(identity)
    self.temporaryPath = nil
    if wasThere { synchronizeFolder(of: target) }
  }

  /// The error for a file that must not be replaced.
  package static func exists(_ path: String) -> FileError {
    FileError(
      .cannotCreate, file: path, "exists and differs from what would be written; --force replaces it")
  }

  /// Closes the temporary file, which may report a full disk.
  private func close() throws(FileError) {
    precondition(descriptor >= 0, "a file that has been committed or discarded")
    let closed = systemClose(descriptor)
    descriptor = -1
    guard closed == 0 || errno == EINTR else {
      let code = errno
      discard()
      throw FileError(.inputOutput, file: path, cannot: "written", code: code)
    }
  }

  /// Whether the target exists.
  private var isReplacing: Bool { access(systemName(target), F_OK) == 0 }

  /// Removes the temporary file and leaves the target unchanged; does nothing the second time.
  public func discard() {
    if descriptor >= 0 { _ = systemClose(descriptor) }
    descriptor = -1
    InputFiles.forget(identity)
    if let temporaryPath { unlink(systemName(temporaryPath)) }
    temporaryPath = nil
  }
}

/// Closes a descriptor; within the class the name is taken.
private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }

/// Renames a file.
///
/// - Parameter replacing: Whether a file at the new path is replaced.
/// - Returns: 0 or the error code; `EEXIST` for a file that is not replaced.
func move(_ path: String, to target: String, replacing: Bool) -> Int32 {
  if replacing { return rename(systemName(path), systemName(target)) == 0 ? 0 : errno }
  return move_without_replacing(systemName(path), systemName(target))
}

/// Refuses a symbolic link, whether or not it leads to a file.
///
/// - Throws: `FileError` of kind `cannotCreate`.
package func requireNoLink(_ path: String) throws(FileError) {
  var status = stat()
  guard lstat(systemName(path), &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return }
  throw FileError(
    .cannotCreate, file: path, "expected no symbolic link within the folder to write into, found one")
}

/// The path that symbolic links lead to, whether or not a file exists there.
private func followingLinks(_ path: String) -> String {
  var path = path
  for _ in 0..<40 {
    let link = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer -> String? in
      let count = readlink(systemName(path), buffer.baseAddress!, buffer.count)
      guard count > 0, count < buffer.count else { return nil }
      return text(ofSystemName: UnsafeRawBufferPointer(buffer).prefix(count))
    }
    guard let link else { return path }
    path = link.hasPrefix("/") ? link : FileAccess.path(link, fromFolderOf: path)
  }
  return path
}

/// A new file in the folder of `target`, under a unique name.
private func createTemporary(
  beside target: String, for path: String
) throws(FileError) -> (path: String?, descriptor: Int32) {
  while true {
    let name = FileAccess.path(
      ".deq-\(String(UInt64.random(in: 0 ... .max), radix: 16)).tmp", fromFolderOf: target)
    let descriptor = open(systemName(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    if descriptor >= 0 { return (name, descriptor) }
    if errno != EEXIST && errno != EINTR {
      throw FileError(.cannotCreate, file: path, cannot: "created", code: errno)
    }
  }
}

/// Makes a rename durable. The file itself is already safe, so a failure here is not an error.
private func synchronizeFolder(of path: String) {
  let descriptor = open(systemName(folder(of: path)), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
  guard descriptor >= 0 else { return }
  fsync(descriptor)
  close(descriptor)
}
