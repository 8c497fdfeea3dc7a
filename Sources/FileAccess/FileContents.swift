#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A whole file in memory, with the name used in messages.
public struct FileContents: Sendable {
  /// The path, or `standard input`.
  public let name: String
  /// The bytes.
  public let bytes: [UInt8]

  /// The largest file that is read: json-c counts in 32 bits.
  package static let maximumLength = Int(Int32.max) - 1

  /// Bytes already in memory, with a name for messages.
  public init(_ bytes: [UInt8], named name: String) {
    self.name = name
    self.bytes = bytes
  }

  /// Reads a file, a pipe or a device to its end; `-` is standard input.
  ///
  /// A pipe or a device may have no end: one that gives more bytes than `MemoryBudget.bytes` is refused.
  ///
  /// It is read, not mapped, because truncating a mapped file kills the process that mapped it.
  ///
  /// - Parameter isInput: Whether a result depends on the file, so that no output may replace it (`InputFiles`).
  /// - Throws: `FileError` of kind `noInput` if it cannot be opened or is a directory, `inputOutput` if
  ///   reading fails.
  public init(reading path: String, isInput: Bool = true) throws(FileError) {
    name = path == "-" ? "standard input" : path
    let descriptor = path == "-" ? STDIN_FILENO : try openForReading(path, isInput: isInput)
    defer { if path != "-" { close(descriptor) } }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FileError(.inputOutput, file: name, cannot: "read", code: errno)
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw FileError(.noInput, file: name, "expected a file, found a directory")
    }
    let isRegular = status.st_mode & S_IFMT == S_IFREG
    if isRegular, isInput, path == "-" { InputFiles.note(descriptor) }
    bytes = try readToEnd(
      of: descriptor, name: name, sizeHint: max(0, Int(status.st_size)),
      atMost: isRegular ? Self.maximumLength : min(Self.maximumLength, MemoryBudget.bytes))
  }
}

/// Opens a file for reading.
///
/// - Throws: `FileError` of kind `noInput`.
///
/// - Parameter isInput: Whether a result depends on the file, so that no output may replace it.
func openForReading(_ path: String, isInput: Bool = true) throws(FileError) -> Int32 {
  guard !path.isEmpty, !path.utf8.contains(0) else {
    throw FileError(.noInput, file: path, "expected the path of a file, found \(quoted(path))")
  }
  let descriptor = open(systemName(path), O_RDONLY | O_CLOEXEC)
  guard descriptor < 0 else {
    if isInput { InputFiles.note(descriptor) }
    return descriptor
  }
  if errno == ENOENT { throw FileError(.noInput, file: path, "expected a file, found none") }
  throw FileError(.noInput, file: path, cannot: "opened", code: errno)
}

/// The first byte of a regular file; nil if it is empty, not a regular file, or cannot be opened.
package func firstByte(ofRegularFile path: String) -> UInt8? {
  var status = stat()
  // Opening a pipe would wait for its writer, and closing it again would break the writer's pipe.
  guard path != "-", stat(systemName(path), &status) == 0, status.st_mode & S_IFMT == S_IFREG,
    let descriptor = try? openForReading(path, isInput: false)
  else { return nil }
  defer { close(descriptor) }
  var byte: UInt8 = 0
  return pread(descriptor, &byte, 1, 0) == 1 ? byte : nil
}

private func readToEnd(
  of descriptor: Int32, name: String, sizeHint: Int, atMost limit: Int
) throws(FileError) -> [UInt8] {
  guard sizeHint <= limit else {
    throw FileError(.badData, file: name, "expected at most \(limit) bytes, found \(sizeHint)")
  }
  var bytes: [UInt8] = []
  // One byte more than expected, so that the end of a regular file is seen without a second read.
  var capacity = max(sizeHint + 1, 1 << 16)
  while true {
    let (piece, failure) = readPiece(of: descriptor, capacity: capacity)
    if let failure { throw FileError(.inputOutput, file: name, cannot: "read", code: failure.code) }
    if bytes.isEmpty { bytes = piece } else { bytes += piece }
    if piece.count < capacity { return bytes }
    guard bytes.count <= limit else {
      throw FileError(.badData, file: name, "expected at most \(limit) bytes, found more")
    }
    capacity = min(max(bytes.count, 1 << 16), limit - bytes.count + 1)
  }
}

/// The next `capacity` bytes, fewer only at the end.
func readPiece(of descriptor: Int32, capacity: Int) -> (bytes: [UInt8], failure: SystemCode?) {
  var failure: SystemCode?
  let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
    while count < capacity {
      switch retrying(
        on: descriptor, for: Int32(POLLIN),
        { read(descriptor, buffer.baseAddress! + count, capacity - count) })
      {
      case .success(0): return
      case .success(let got): count += got
      case .failure(let code):
        failure = code
        return
      }
    }
  }
  return (bytes, failure)
}
