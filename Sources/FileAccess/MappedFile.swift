#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A regular file mapped into memory for reading: a page is read when something looks at it.
///
/// Only weights are mapped, since they may be larger than memory and never looked at. A mapped file that another
/// program shortens kills the process; whatever else is read stands in memory of its own (`FileContents`).
public final class MappedFile: Sendable {
  /// The path that it was opened by.
  public let path: String
  /// The number of bytes.
  public let count: Int
  // Read only, and unmapped only when nobody holds the file any more.
  private nonisolated(unsafe) let start: UnsafeRawPointer?

  /// Maps a file.
  ///
  /// - Throws: `FileError` of kind `noInput` where it cannot be opened or is no regular file, `inputOutput` where
  ///   it cannot be mapped.
  public init(_ path: String) throws(FileError) {
    var status = stat()
    // Before it is opened: opening a pipe would wait for its writer.
    if stat(path, &status) == 0 { try Self.requireRegular(status, path) }
    let descriptor = try openForReading(path)
    defer { close(descriptor) }
    guard fstat(descriptor, &status) == 0 else {
      throw FileError(.inputOutput, file: path, cannot: "read", code: errno)
    }
    try Self.requireRegular(status, path)
    self.path = path
    count = Int(status.st_size)
    guard count > 0 else {
      start = nil
      return
    }
    let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw FileError(.inputOutput, file: path, cannot: "read", code: errno)
    }
    start = UnsafeRawPointer(address)
  }

  private static func requireRegular(_ status: stat, _ path: String) throws(FileError) {
    guard status.st_mode & S_IFMT != S_IFREG else { return }
    let found = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "a pipe or a device"
    throw FileError(.noInput, file: path, "expected a file, found \(found)")
  }

  deinit {
    if let start { munmap(UnsafeMutableRawPointer(mutating: start), count) }
  }

  /// The bytes, for the time that `body` takes.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(start: start, count: count))
  }

  /// Hands the bytes of a range to `body` in pieces of a mebibyte, each of which leaves memory again: a file of any size
  /// is copied in the memory of a piece.
  package func forEachPiece(
    of range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(FileError) -> Void
  ) throws(FileError) {
    var start = range.lowerBound
    while start < range.upperBound {
      let piece = start..<min(start + 1 << 20, range.upperBound)
      fetch(piece)
      try withBytes { bytes throws(FileError) in try body(UnsafeRawBufferPointer(rebasing: bytes[piece])) }
      release(piece)
      start = piece.upperBound
    }
  }

  /// Maps the pages of this range in one go, where the system can, instead of each when something looks at it.
  private func fetch(_ range: Range<Int>) {
    #if os(Linux)
      // MADV_POPULATE_READ of Linux 5.14, for which older C libraries have no name.
      advise(range, 22)
    #endif
  }

  /// Lets go of the memory that pages of this range take until something looks at them again.
  private func release(_ range: Range<Int>) {
    advise(range, MADV_DONTNEED)
  }

  /// Tells the system what to do with the pages of this range. Nothing depends on it, so a refusal changes nothing.
  private func advise(_ range: Range<Int>, _ advice: Int32) {
    guard let start, !range.isEmpty else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let first = range.lowerBound / page * page
    madvise(UnsafeMutableRawPointer(mutating: start + first), range.upperBound - first, advice)
  }
}
