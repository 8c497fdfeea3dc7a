import DeepEquilibrium

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How many columns a text has room for.
enum TextWidth {
  /// Where neither a terminal nor the caller says how many.
  static let standard = 80

  /// Less than this leaves no room beside labels.
  private static let least = 40

  /// The columns of what is behind a descriptor: those that `COLUMNS` names, or the terminal's, or 80.
  static func columns(of descriptor: Int32) -> Int {
    if let text = getenv("COLUMNS"), let columns = Int(String(cString: text)), columns > 0 {
      return max(least, columns)
    }
    var size = winsize()
    guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return standard }
    return max(least, Int(size.ws_col))
  }

  /// The columns that a text takes; a character that combines with the one before it takes none, and one of East Asia two.
  static func width(of text: some StringProtocol) -> Int {
    text.unicodeScalars.reduce(0) { $0 + width(of: $1) }
  }

  private static func width(of scalar: Unicode.Scalar) -> Int {
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark: 0
    default:
      switch scalar.value {
      // The ranges of UAX #11, "East Asian Width", with the value W that assigned characters of names fall into.
      case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0xA4CF, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE30...0xFE6F,
        0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF, 0x20000...0x3FFFD:
        2
      default: 1
      }
    }
  }

  /// A line broken at blanks so that each part fits, with a margin before all parts but the first.
  ///
  /// A word that is too long by itself, such as a path, stays whole.
  static func wrapped(_ line: String, to columns: Int, margin: Int) -> [String] {
    guard width(of: line) > columns else { return [line] }
    let space = String(repeating: " ", count: margin)
    var parts: [String] = []
    // Blanks at the beginning belong to the layout.
    let start = line.firstIndex { $0 != " " } ?? line.endIndex
    var part = String(line[..<start])
    var taken = width(of: part)
    var isEmpty = true
    for word in line[start...].split(separator: " ", omittingEmptySubsequences: false) {
      let size = width(of: word)
      if isEmpty {
        part += word
        taken += size
      } else if taken + 1 + size <= columns {
        part += " " + word
        taken += 1 + size
      } else {
        parts.append(trimmed(part))
        part = space + word
        taken = margin + size
      }
      isEmpty = false
    }
    return parts + [trimmed(part)]
  }

  /// A part without blanks at its end.
  private static func trimmed(_ part: String) -> String {
    var part = part
    while part.last == " " { part.removeLast() }
    return part
  }
}
