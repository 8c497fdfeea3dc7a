/// A text with some ranges replaced, and the map back to offsets in the original.
struct EditedText {
  /// The replacement for a range of the original.
  struct Edit {
    let range: Range<Int>
    let replacement: [UInt8]
  }

  private let edits: [Edit]
  /// The edited text.
  let bytes: [UInt8]

  /// The text with these edits, whose ranges are in ascending order and do not overlap.
  init(_ original: UnsafeBufferPointer<UInt8>, _ edits: [Edit]) {
    self.edits = edits
    var bytes: [UInt8] = []
    bytes.reserveCapacity(
      edits.reduce(original.count) { $0 + $1.replacement.count - $1.range.count })
    var start = 0
    for edit in edits {
      bytes += original[start..<edit.range.lowerBound]
      bytes += edit.replacement
      start = edit.range.upperBound
    }
    bytes += original[start...]
    self.bytes = bytes
  }

  /// The offset in the original of a byte of the edited text; for a byte of a replacement, the start of the
  /// replaced range.
  func originalOffset(of offset: Int) -> Int {
    var shift = 0
    for edit in edits where edit.range.lowerBound + shift <= offset {
      if offset < edit.range.lowerBound + shift + edit.replacement.count { return edit.range.lowerBound }
      shift += edit.replacement.count - edit.range.count
    }
    return offset - shift
  }
}
