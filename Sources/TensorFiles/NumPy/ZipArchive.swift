import CZlib
import FileAccess

/// The members of a zip file, as `numpy.savez` writes them (`.npz`): stored or deflated, none encrypted, no more than
/// 4 GiB.
///
/// See "APPNOTE.TXT - .ZIP File Format Specification". The central directory at the end says what there is.
package struct ZipArchive {
  private struct Member {
    let method: Int
    let checksum: UInt
    let compressed: Range<Int>
    let size: Int
  }

  /// The names of the members, in their order.
  package private(set) var names: [String] = []
  private var members: [String: Member] = [:]
  private let contents: FileContents

  /// What a zip file begins with, and what one without members does.
  package static let magics: [[UInt8]] = [[0x50, 0x4B, 0x03, 0x04], [0x50, 0x4B, 0x05, 0x06]]
  /// The largest member that is unpacked.
  private static let largestMember = 1 << 32

  /// The archive in a file, its directory read and every claim in it compared with the bytes that there are.
  ///
  /// - Throws: `FileError` of kind `badData`.
  package init(_ contents: FileContents) throws(FileError) {
    self.contents = contents
    guard let end = endOfDirectory else {
      throw refused("", "expected the directory of a zip file at its end, found none")
    }
    let (count, start) = (number(at: end + 10, 2), number(at: end + 16, 4))
    var position = start
    for _ in 0..<count {
      guard position <= end - 46, number(at: position, 4) == 0x0201_4B50 else {
        throw refused("", "expected \(counted(count, "member")) in the directory, found fewer")
      }
      position = try addMember(at: position, before: end)
    }
  }

  private func refused(_ place: String, _ problem: String) -> FileError {
    FileError(.badData, file: contents.name, place: place, problem)
  }

  /// A little-endian number of so many bytes, which are there.
  private func number(at position: Int, _ count: Int) -> Int {
    contents.bytes[position..<(position + count)].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Where the record stands that ends the file: before a comment of at most 65535 bytes.
  private var endOfDirectory: Int? {
    let last = contents.bytes.count - 22
    guard last >= 0 else { return nil }
    return stride(from: last, through: max(0, last - 0xFFFF), by: -1).first { position in
      number(at: position, 4) == 0x0605_4B50 && number(at: position + 20, 2) == last - position
    }
  }

  /// Adds the member that the directory has at a position.
  ///
  /// - Returns: The position behind it.
  private mutating func addMember(at position: Int, before end: Int) throws(FileError) -> Int {
    let lengths = [28, 30, 32].map { number(at: position + $0, 2) }
    let next = position + 46 + lengths.reduce(0, +)
    guard next <= end else {
      throw refused("", "expected a directory before its end, found one that reaches beyond")
    }
    let name = String(decoding: contents.bytes[(position + 46)..<(position + 46 + lengths[0])], as: UTF8.self)
    let (flags, method) = (number(at: position + 8, 2), number(at: position + 10, 2))
    let (packed, size) = (number(at: position + 20, 4), number(at: position + 24, 4))
    let local = number(at: position + 42, 4)
    guard flags & 1 == 0 else {
      throw refused(quoted(name), "expected a member that can be read, found an encrypted one")
    }
    guard method == 0 || method == 8 else {
      throw refused(quoted(name), "expected a stored or deflated member, found method \(method)")
    }
    guard packed != 0xFFFF_FFFF, size != 0xFFFF_FFFF, local != 0xFFFF_FFFF else {
      throw refused(quoted(name), "expected a member of less than 4 GiB, found a larger one")
    }
    guard local <= end - 30, number(at: local, 4) == 0x0403_4B50 else {
      throw refused(quoted(name), "expected the member where the directory says, found none")
    }
    let data = local + 30 + number(at: local + 26, 2) + number(at: local + 28, 2)
    guard data <= end, packed <= end - data, method != 0 || packed == size else {
      throw refused(quoted(name), "expected \(counted(packed, "byte")), found a file that ends too early")
    }
    let member = Member(
      method: method, checksum: UInt(number(at: position + 16, 4)), compressed: data..<(data + packed),
      size: size)
    guard members.updateValue(member, forKey: name) == nil else {
      throw refused(quoted(name), "expected each member once, found it twice")
    }
    names.append(name)
    return next
  }

  /// The bytes of a member that there is.
  ///
  /// - Throws: `FileError` of kind `badData` where they are damaged.
  package func bytes(of name: String) throws(FileError) -> [UInt8] {
    guard let member = members[name] else { throw refused(quoted(name), "expected a member, found none") }
    // Deflate makes at most 1032 bytes of one.
    guard member.size <= Self.largestMember, member.size / 1032 <= member.compressed.count else {
      throw refused(quoted(name), "expected a size that its bytes can have, found \(member.size)")
    }
    let packed = contents.bytes[member.compressed]
    guard let bytes = member.method == 0 ? Array(packed) : inflated(packed, to: member.size) else {
      throw refused(
        quoted(name), "expected \(counted(member.size, "byte")) that are deflated, found damaged ones")
    }
    guard crc32_z(0, bytes, bytes.count) == member.checksum else {
      throw refused(quoted(name), "expected bytes of the checksum in the directory, found others")
    }
    return bytes
  }
}

/// What deflated bytes say, so many bytes exactly; nil where they say anything else.
private func inflated(_ bytes: ArraySlice<UInt8>, to count: Int) -> [UInt8]? {
  var stream = z_stream()
  guard deq_inflate_init(&stream) == Z_OK else { return nil }
  defer { inflateEnd(&stream) }
  // One more than there should be: what goes on would not be seen otherwise.
  var result = [UInt8](repeating: 0, count: count + 1)
  let isComplete = bytes.withUnsafeBufferPointer { input in
    result.withUnsafeMutableBufferPointer { output in
      // zlib does not write to what it reads.
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.avail_in = UInt32(clamping: input.count)
      stream.next_out = output.baseAddress
      stream.avail_out = UInt32(clamping: output.count)
      return inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0
        && stream.total_out == UInt(count)
    }
  }
  guard isComplete else { return nil }
  result.removeLast()
  return result
}
