/// A text in which some ranges have been replaced, and the way back to the offsets that it had before.
struct EditedText {
  /// What stands in place of a range of the original.
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

  /// Where a byte of the edited text stood in the original; the beginning of its range for a byte of a replacement.
  func originalOffset(of offset: Int) -> Int {
    var shift = 0
    for edit in edits where edit.range.lowerBound + shift <= offset {
      if offset < edit.range.lowerBound + shift + edit.replacement.count { return edit.range.lowerBound }
      shift += edit.replacement.count - edit.range.count
    }
    return offset - shift
  }
}
