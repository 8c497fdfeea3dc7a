import CZlib
import FileAccess

/// Files compressed by gzip (RFC 1952): one or more members, whose contents follow each other.
package enum Gzip {
  /// Whether bytes begin like a gzip file.
  package static func recognizes(_ bytes: some Collection<UInt8>) -> Bool {
    bytes.starts(with: [0x1F, 0x8B])
  }

  /// The contents of a compressed file, under the name without `.gz`; any other file is returned as it is.
  ///
  /// - Throws: `FileError` of kind `badData` if the bytes are damaged, or hold more than a file may.
  package static func uncompressed(_ file: FileContents) throws(FileError) -> FileContents {
    guard recognizes(file.bytes) else { return file }
    func damaged() -> FileError {
      FileError(.badData, file: file.name, "expected bytes that gzip compressed, found damaged ones")
    }
    var result: [UInt8] = []
    var rest = file.bytes[...]
    while recognizes(rest) {
      guard let start = contentsStart(of: rest), var inflated = Inflation(rest[start...]) else {
        throw damaged()
      }
      let first = result.count
      try inflated.finish(into: &result, limit: FileContents.maximumLength) { (isTooLong) throws(FileError) in
        guard isTooLong else { throw damaged() }
        throw FileError(
          .badData, file: file.name,
          "expected at most \(FileContents.maximumLength) bytes when uncompressed, found more")
      }
      let end = start + inflated.consumed
      guard rest.endIndex - end >= 8 else { throw damaged() }
      let count = result.count - first
      let checksum = result.withUnsafeBufferPointer { crc32_z(0, $0.baseAddress.map { $0 + first }, count) }
      guard number(rest, at: end) == UInt32(truncatingIfNeeded: checksum),
        number(rest, at: end + 4) == UInt32(truncatingIfNeeded: count)
      else { throw damaged() }
      rest = rest[(end + 8)...]
    }
    let name = file.name.hasSuffix(".gz") ? String(file.name.dropLast(3)) : file.name
    return FileContents(result, named: name)
  }

  /// Where a member's compressed contents start, behind its header; nil if it has none.
  private static func contentsStart(of bytes: ArraySlice<UInt8>) -> Int? {
    guard bytes.count >= 18, bytes[bytes.startIndex + 2] == 8 else { return nil }
    let flags = bytes[bytes.startIndex + 3]
    var start = bytes.startIndex + 10
    if flags & 4 != 0 {
      guard start + 2 <= bytes.endIndex else { return nil }
      start += 2 + Int(bytes[start]) + Int(bytes[start + 1]) << 8
    }
    // A name and a comment, each up to a zero.
    for flag in [8, 16] as [UInt8] where flags & flag != 0 {
      guard start < bytes.endIndex, let zero = bytes[start...].firstIndex(of: 0) else { return nil }
      start = zero + 1
    }
    if flags & 2 != 0 { start += 2 }
    return start < bytes.endIndex ? start : nil
  }

  private static func number(_ bytes: ArraySlice<UInt8>, at position: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[position + $1]) << UInt32(8 * $1) }
  }
}

/// Deflated bytes that are inflated piece by piece, so that a claimed size is never allocated.
private struct Inflation {
  private let bytes: ArraySlice<UInt8>
  /// How many of the bytes belonged to the contents.
  private(set) var consumed = 0

  init?(_ bytes: ArraySlice<UInt8>) {
    guard !bytes.isEmpty else { return nil }
    self.bytes = bytes
  }

  /// Appends all contents.
  ///
  /// - Parameter refuse: Throws for damaged bytes, or contents of more than the limit.
  mutating func finish(
    into result: inout [UInt8], limit: Int, refuse: (_ isTooLong: Bool) throws(FileError) -> Void
  ) throws(FileError) {
    var stream = z_stream()
    guard deq_inflate_init(&stream) == Z_OK else { return try refuse(false) }
    defer { inflateEnd(&stream) }
    var piece = [UInt8](repeating: 0, count: 1 << 18)
    var status = Z_OK
    while status != Z_STREAM_END {
      let position = consumed
      let written = bytes.withUnsafeBufferPointer { input in
        piece.withUnsafeMutableBufferPointer { output in
          // zlib does not write to its input.
          stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress! + position)
          stream.avail_in = UInt32(clamping: input.count - position)
          stream.next_out = output.baseAddress
          stream.avail_out = UInt32(output.count)
          let available = stream.avail_in
          status = inflate(&stream, Z_NO_FLUSH)
          consumed += Int(available - stream.avail_in)
          return output.count - Int(stream.avail_out)
        }
      }
      result += piece[..<written]
      let isStuck = written == 0 && consumed == position
      if result.count > limit { try refuse(true) }
      if status != Z_STREAM_END, status != Z_OK || isStuck { try refuse(false) }
    }
  }
}
