import CFileSystem

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A regular file mapped into memory for reading: a page is read on first access.
///
/// Only weights are mapped, since they may exceed memory and may never be read. A mapped file that becomes shorter
/// ends the process, with a message if it asked for one (`endOnShrunkenFile`), so all other input is read into memory
/// (`FileContents`).
public final class MappedFile: Sendable {
  /// The path that it was opened by.
  public let path: String
  /// The number of bytes.
  public let count: Int
  // Read only, and unmapped only after the last reference to the file is gone.
  private nonisolated(unsafe) let start: UnsafeRawPointer?
  /// Its number among those that the handler of a shrunken file knows.
  private let number: Int32

  /// Maps a file.
  ///
  /// - Throws: `FileError` of kind `noInput` if it cannot be opened or is not a regular file, `inputOutput`
  ///   if it cannot be mapped.
  public convenience init(_ path: String) throws(FileError) {
    try self.init(path, isInput: true)
  }

  /// Maps a file; one that is no input may be replaced by an output.
  init(_ path: String, isInput: Bool) throws(FileError) {
    var status = stat()
    // Checked before opening, since opening a pipe would wait for its writer.
    if stat(systemName(path), &status) == 0 { try Self.requireRegular(status, path) }
    let descriptor = try openForReading(path, isInput: isInput)
    defer { close(descriptor) }
    guard fstat(descriptor, &status) == 0 else {
      throw FileError(.inputOutput, file: path, cannot: "read", code: errno)
    }
    try Self.requireRegular(status, path)
    self.path = path
    count = Int(status.st_size)
    guard count > 0 else {
      start = nil
      number = -1
      return
    }
    let address = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let address, address != MAP_FAILED else {
      throw FileError(.inputOutput, file: path, cannot: "read", code: errno)
    }
    start = UnsafeRawPointer(address)
    number = remember_mapping(address, count, systemName(path))
  }

  private static func requireRegular(_ status: stat, _ path: String) throws(FileError) {
    guard status.st_mode & S_IFMT != S_IFREG else { return }
    let found = status.st_mode & S_IFMT == S_IFDIR ? "a directory" : "a pipe or a device"
    throw FileError(.noInput, file: path, "expected a file, found \(found)")
  }

  /// From now on a mapped file that becomes shorter while it is read ends the process with a status and one line on
  /// standard error, instead of a signal.
  ///
  /// - Parameter cleanUp: What is called before; it may not allocate.
  public static func endOnShrunkenFile(status: Int32, cleanUp: @escaping @convention(c) () -> Void) {
    exit_on_shrunken_file(status, cleanUp)
  }

  deinit {
    forget_mapping(number)
    if let start { munmap(UnsafeMutableRawPointer(mutating: start), count) }
  }

  /// The bytes, valid during `body`.
  public func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try body(UnsafeRawBufferPointer(start: start, count: count))
  }

  /// Calls `body` with the bytes of a range that are not needed again soon. Afterwards the memory of a large range is
  /// released until the next access.
  package func withBytesOnce<Result>(of range: Range<Int>, _ body: (UnsafeRawBufferPointer) -> Result)
    -> Result
  {
    let result = withBytes { body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    if range.count >= 1 << 20 { release(range) }
    return result
  }

  /// Calls `body` with the bytes of a range in pieces of one mebibyte and releases the memory of each, so
  /// that a file of any size is copied in the memory of one piece.
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

  /// Reads the pages of this range in one call, if the system can, instead of one by one on first access.
  private func fetch(_ range: Range<Int>) {
    #if os(Linux)
      // MADV_POPULATE_READ of Linux 5.14, which older C libraries do not define.
      advise(range, 22)
    #endif
  }

  /// Releases the memory of the pages of this range until the next access.
  private func release(_ range: Range<Int>) {
    advise(range, MADV_DONTNEED)
  }

  /// Advises the system about the pages of this range. Only speed depends on it, so errors are ignored.
  private func advise(_ range: Range<Int>, _ advice: Int32) {
    guard let start, !range.isEmpty else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let first = range.lowerBound / page * page
    madvise(UnsafeMutableRawPointer(mutating: start + first), range.upperBound - first, advice)
  }
}
