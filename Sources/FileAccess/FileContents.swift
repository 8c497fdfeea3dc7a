#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A whole file in memory, under the name that messages call it by.
public struct FileContents: Sendable {
  /// The path, or `standard input`.
  public let name: String
  /// The bytes.
  public let bytes: [UInt8]

  /// The largest file that is read: json-c counts in 32 bits.
  package static let maximumLength = Int(Int32.max) - 1

  /// Bytes that are already there, under a name for messages.
  public init(_ bytes: [UInt8], named name: String) {
    self.name = name
    self.bytes = bytes
  }

  /// Reads a file, a pipe or a device to its end; `-` is standard input.
  ///
  /// It is read rather than mapped: a mapped file that another program shortens kills the process.
  ///
  /// - Throws: `FileError` of kind `noInput` where it cannot be opened or is a directory, `inputOutput` where
  ///   reading fails.
  public init(reading path: String) throws(FileError) {
    name = path == "-" ? "standard input" : path
    let descriptor = path == "-" ? STDIN_FILENO : try openForReading(path)
    defer { if path != "-" { close(descriptor) } }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw FileError(.inputOutput, file: name, cannot: "read", code: errno)
    }
    guard status.st_mode & S_IFMT != S_IFDIR else {
      throw FileError(.noInput, file: name, "expected a file, found a directory")
    }
    bytes = try readToEnd(of: descriptor, name: name, sizeHint: max(0, Int(status.st_size)))
  }
}

/// Opens a file for reading.
///
/// - Throws: `FileError` of kind `noInput`.
func openForReading(_ path: String) throws(FileError) -> Int32 {
  guard !path.isEmpty, !path.utf8.contains(0) else {
    throw FileError(.noInput, file: path, "expected the path of a file, found \(quoted(path))")
  }
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor < 0 else { return descriptor }
  if errno == ENOENT { throw FileError(.noInput, file: path, "expected a file, found none") }
  throw FileError(.noInput, file: path, cannot: "opened", code: errno)
}

/// The first byte of a regular file; nil where it is empty, no regular file, or cannot be opened.
package func firstByte(ofRegularFile path: String) -> UInt8? {
  var status = stat()
  // Opening a pipe would wait for its writer, and closing it again send him away.
  guard path != "-", stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
    let descriptor = try? openForReading(path)
  else { return nil }
  defer { close(descriptor) }
  var byte: UInt8 = 0
  return pread(descriptor, &byte, 1, 0) == 1 ? byte : nil
}

private func readToEnd(of descriptor: Int32, name: String, sizeHint: Int) throws(FileError) -> [UInt8] {
  var bytes: [UInt8] = []
  // One byte more than expected, so that a regular file's end is met without a second piece.
  var capacity = max(min(sizeHint, FileContents.maximumLength) + 1, 1 << 16)
  while true {
    let (piece, failure) = readPiece(of: descriptor, capacity: capacity)
    if let failure { throw FileError(.inputOutput, file: name, cannot: "read", code: failure.code) }
    if bytes.isEmpty { bytes = piece } else { bytes += piece }
    if piece.count < capacity { return bytes }
    guard bytes.count <= FileContents.maximumLength else {
      throw FileError(
        .badData, file: name, "expected at most \(FileContents.maximumLength) bytes, found more")
    }
    capacity = max(bytes.count, 1 << 16)
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
