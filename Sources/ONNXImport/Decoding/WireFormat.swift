/// The fields of a protocol buffer message, by their place in its bytes: no more of the wire format than it takes to
/// find a field without decoding, or copying, what it holds.
///
/// See "Encoding" in the documentation of protocol buffers.
struct WireFields {
  private let bytes: UnsafeRawBufferPointer
  private var position: Int
  private let end: Int

  /// The fields of the message that is in `range` of `bytes`.
  init(_ bytes: UnsafeRawBufferPointer, in range: Range<Int>) {
    self.bytes = bytes
    position = range.lowerBound
    end = range.upperBound
  }

  /// The number of the next field that has a length and where its contents are; nil at the end, and where the bytes
  /// are no message any more.
  mutating func next() -> (number: Int, contents: Range<Int>)? {
    while let tag = varint() {
      switch tag & 7 {
      case 0: guard varint() != nil else { return nil }
      case 1: guard skip(8) else { return nil }
      case 2:
        guard let length = varint(), length <= UInt64(end - position) else { return nil }
        let start = position
        position += Int(length)
        return (Int(truncatingIfNeeded: tag >> 3), start..<position)
      case 5: guard skip(4) else { return nil }
      // Groups: no message of ONNX has one.
      default: return nil
      }
    }
    return nil
  }

  private mutating func skip(_ count: Int) -> Bool {
    guard end - position >= count else { return false }
    position += count
    return true
  }

  private mutating func varint() -> UInt64? {
    var value: UInt64 = 0
    for shift in stride(from: 0, to: 70, by: 7) {
      guard position < end else { return nil }
      let byte = bytes[position]
      position += 1
      value |= UInt64(byte & 0x7F) << UInt64(shift)
      if byte < 0x80 { return value }
    }
    return nil
  }
}
