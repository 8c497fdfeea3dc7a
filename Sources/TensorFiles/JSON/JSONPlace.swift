import FileAccess

/// The path of a value in a document: `layers[2].weight[3]`, empty for the whole.
package indirect enum JSONPlace: CustomStringConvertible {
  /// The whole document.
  case root
  /// The value under a key.
  case key(JSONPlace, String)
  /// The element of an array, from 0.
  case index(JSONPlace, Int)

  package var description: String {
    switch self {
    case .root: return ""
    case .index(let parent, let index): return "\(parent)[\(index)]"
    case .key(let parent, let key):
      guard key.isPlain else { return "\(parent)[\(quoted(key))]" }
      if case .root = parent { return key }
      return "\(parent).\(key)"
    }
  }
}

extension String {
  /// Whether the string reads well behind a dot.
  fileprivate var isPlain: Bool {
    !isEmpty && utf8.count <= 48
      && utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
          true
        default: false
        }
      }
  }
}

/// Line and column, both from 1, of a byte of a text: `3:17`. Columns are counted in Unicode scalars.
func lineAndColumn(of offset: Int, in text: UnsafeBufferPointer<UInt8>) -> String {
  var (line, column) = (1, 1)
  for byte in text.prefix(offset) {
    if byte == UInt8(ascii: "\n") {
      (line, column) = (line + 1, 1)
    } else if byte & 0xC0 != 0x80 {
      column += 1
    }
  }
  return "\(line):\(column)"
}
