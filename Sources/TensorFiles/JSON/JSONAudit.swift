import FileAccess

/// One pass over a text whose structure json-c has accepted, for what json-c accepts beyond RFC 8259, and for what
/// it loses silently.
///
/// Refused: duplicate keys (also those that are equal only after unescaping), numbers such as `-01` and `1.`, `NaN`
/// and `Infinity`, keys in single quotes, control characters in strings, UTF-8 that is overlong or encodes a
/// surrogate, surrogate escapes without their partner, and `\u0000`, which ends a key for json-c.
///
/// - Complexity: O(length); no recursion.
struct JSONAudit {
  /// An array or object that has begun and not ended.
  private struct Container {
    let isObject: Bool
    var keys: Set<String> = []
    var key = ""
    var expectsKey: Bool
    var index = 0

    init(isObject: Bool) {
      self.isObject = isObject
      expectsKey = isObject
    }
  }

  /// Where the integers end that json-c would not read as they are written: those of 19 digits and more, which may
  /// not fit its 64 bits, and `-0`, which would lose its sign.
  private(set) var distortedIntegers: [Int] = []
  private let text: UnsafeBufferPointer<UInt8>
  private let file: String
  /// The arrays that are stepped over, the next one last.
  private var numberArrays: [NumberArray]
  private var position = 0
  private var open: [Container] = []

  /// An audit of a text that json-c has parsed.
  ///
  /// - Parameter numberArrays: Arrays of the text that are known to be well.
  init(_ text: UnsafeBufferPointer<UInt8>, file: String, except numberArrays: [NumberArray]) {
    self.text = text
    self.file = file
    self.numberArrays = numberArrays.reversed()
  }

  /// Reads the whole text.
  ///
  /// - Throws: `FileError` for the first thing that is refused.
  mutating func run() throws(FileError) {
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): try number()
      case UInt8(ascii: ","):
        position += 1
        if !open.isEmpty {
          open[open.count - 1].index += 1
          open[open.count - 1].expectsKey = open[open.count - 1].isObject
        }
      case 0x20, 0x09, 0x0A, 0x0D, UInt8(ascii: ":"): position += 1
      case UInt8(ascii: "\""): try string()
      case UInt8(ascii: "[") where numberArrays.last?.range.lowerBound == position:
        position = numberArrays.removeLast().range.upperBound
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        open.append(Container(isObject: text[position] == UInt8(ascii: "{")))
        position += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        _ = open.popLast()
        position += 1
      default: try literal()
      }
    }
  }

  private func refusal(_ problem: String, at offset: Int) -> FileError {
    FileError(.badData, file: file, place: lineAndColumn(of: offset, in: text), problem)
  }

  // MARK: Numbers and literals

  private mutating func number() throws(FileError) {
    let start = position
    let token = NumberToken(in: text, at: &position)
    guard token.isValid else {
      throw refusal("expected a number as JSON writes it, found \(self.token(at: start))", at: start)
    }
    if token.isDistorted { distortedIntegers.append(position) }
  }

  private mutating func literal() throws(FileError) {
    let start = position
    let word = token(at: start)
    guard ["true", "false", "null"].contains(word) else {
      throw refusal("expected JSON, found \(word)", at: start)
    }
    position += word.utf8.count
  }

  /// The bytes up to the next separator, for a message.
  private func token(at start: Int) -> String {
    let separators: [UInt8] = Array(" \t\n\r,:{}[]\"".utf8)
    let end = text[start...].firstIndex(where: separators.contains) ?? text.count
    return abbreviated(String(decoding: text[start..<end].prefix(256), as: UTF8.self))
  }

  // MARK: Strings and keys

  private mutating func string() throws(FileError) {
    let start = position
    position += 1
    var (hasEscapes, isASCII) = (false, true)
    while position < text.count, text[position] != UInt8(ascii: "\"") {
      let byte = text[position]
      if byte < 0x20 {
        throw refusal("expected an escape sequence for a control character, found byte \(byte)", at: position)
      }
      if byte == UInt8(ascii: "\\") {
        hasEscapes = true
        try escape()
      } else {
        if byte >= 0x80 { isASCII = false }
        position += 1
      }
    }
    let contents = start + 1..<position
    position += 1
    if !isASCII, !isUTF8(text[contents]) { throw refusal("expected UTF-8, found other bytes", at: start) }
    guard let container = open.last, container.expectsKey else { return }
    let string = String(decoding: text[contents], as: UTF8.self)
    try key(hasEscapes ? unescaped(string) : string, at: start)
  }

  /// Steps over an escape sequence, over two where it is a surrogate pair.
  private mutating func escape() throws(FileError) {
    let start = position
    guard let unit = skipEscape() else { return }
    if unit == 0 { throw refusal("expected a character other than NUL, found \\u0000", at: start) }
    if unit & 0xFC00 == 0xD800, let next = skipEscape(), next & 0xFC00 == 0xDC00 { return }
    if unit & 0xF800 == 0xD800 {
      throw refusal(
        "expected both halves of a surrogate pair, found \(String(decoding: text[start..<start + 6], as: UTF8.self))",
        at: start)
    }
  }

  /// Steps over one escape sequence, if there is one, and returns the code unit of `\uXXXX`.
  private mutating func skipEscape() -> UInt16? {
    guard position + 1 < text.count, text[position] == UInt8(ascii: "\\") else { return nil }
    position += 2
    guard text[position - 1] == UInt8(ascii: "u"), position + 4 <= text.count else { return nil }
    position += 4
    return UInt16(String(decoding: text[position - 4..<position], as: UTF8.self), radix: 16)
  }

  private mutating func key(_ key: String, at start: Int) throws(FileError) {
    open[open.count - 1].key = key
    open[open.count - 1].expectsKey = false
    guard open[open.count - 1].keys.insert(key).inserted else {
      throw FileError(
        .badData, file: file, place: place.description,
        "expected one such key, found another at \(lineAndColumn(of: start, in: text))")
    }
  }

  /// The path of the value that the audit is in.
  private var place: JSONPlace {
    open.reduce(.root) { place, container in
      container.isObject ? .key(place, container.key) : .index(place, container.index)
    }
  }
}

/// Whether the bytes are UTF-8 as Unicode defines it; json-c counts continuation bytes only.
private func isUTF8(_ bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
  var (decoder, iterator) = (UTF8(), bytes.makeIterator())
  while true {
    switch decoder.decode(&iterator) {
    case .scalarValue: continue
    case .emptyInput: return true
    case .error: return false
    }
  }
}
