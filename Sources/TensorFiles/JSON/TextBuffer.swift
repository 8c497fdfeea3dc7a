/// Text on its way to a sink, as bytes.
struct TextBuffer {
  /// The text so far, in UTF-8.
  private(set) var bytes: [UInt8] = []

  /// An empty buffer that has room for so many bytes.
  init(capacity: Int = 0) {
    bytes.reserveCapacity(capacity)
  }

  /// Appends a byte.
  mutating func append(_ byte: UInt8) {
    bytes.append(byte)
  }

  /// Removes the text, and keeps its room.
  mutating func removeAll() {
    bytes.removeAll(keepingCapacity: true)
  }

  /// Appends the shortest digits that read back to the same bits, without what a reader can do without: the `.0` of
  /// an integer, and `+` and leading zeros of an exponent.
  ///
  /// −0 stays `-0.0`: as an integer it would lose its sign in most readers.
  mutating func appendShortestText(of number: Double) {
    let start = bytes.count
    number.write(to: &self)
    let end = bytes.count
    if bytes[end - 1] == UInt8(ascii: "0"), bytes[end - 2] == UInt8(ascii: ".") {
      if number != 0 || number.sign == .plus { bytes.removeLast(2) }
    } else if let mark = bytes[max(start, end - 5)...].firstIndex(of: UInt8(ascii: "e")) {
      let digits = bytes[(mark + 1)...].drop { "+-0".utf8.contains($0) }
      let sign = bytes[mark + 1] == UInt8(ascii: "-") ? 1 : 0
      bytes.removeSubrange(mark + 1 + sign..<digits.startIndex)
    }
  }
}

extension TextBuffer: TextOutputStream {
  mutating func write(_ string: String) {
    bytes.append(contentsOf: string.utf8)
  }

  /// What the standard library hands the digits of a number to, and spares them a `String` of their own; without it they
  /// would come by `write`.
  // swift-format-ignore: NoLeadingUnderscores
  mutating func _writeASCII(_ text: UnsafeBufferPointer<UInt8>) {
    bytes.append(contentsOf: text)
  }
}
