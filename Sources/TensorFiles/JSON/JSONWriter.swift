import FileAccess

/// Writes JSON incrementally to a sink; at most one buffer of it is in memory.
///
/// The same calls write the same bytes. Containers are closed by `end`, the text by `finish`. The caller
/// must keep the order of calls: a `key` before every value inside an object, and nowhere else.
public struct JSONWriter: ~Copyable {
  /// How the elements of an array or object are laid out.
  public enum ContainerStyle: Sendable {
    /// All on one line.
    case inLine
    /// Each on a line of its own, indented by two spaces.
    case onLines
  }

  private struct Container {
    let isObject: Bool
    let style: ContainerStyle
    var count = 0
    var key = ""
  }

  private static let bufferSize = 1 << 16
  private let sink: any ByteSink
  /// Where the numbers of tensors are written.
  package let weights: any WeightsPlacement
  private var buffer = TextBuffer(capacity: bufferSize + 64)
  private var open: [Container] = []

  /// A writer at the beginning of a text.
  ///
  /// - Parameter weights: Where the numbers of tensors are written; in the text by default.
  public init(to sink: any ByteSink, weights: (any WeightsPlacement)? = nil) {
    self.sink = sink
    self.weights = weights ?? InlineWeights()
  }

  /// Begins an object.
  public mutating func beginObject(_ style: ContainerStyle = .onLines) throws(FileError) {
    try begin(Container(isObject: true, style: style), "{")
  }

  /// Begins an array.
  public mutating func beginArray(_ style: ContainerStyle = .onLines) throws(FileError) {
    try begin(Container(isObject: false, style: style), "[")
  }

  /// Ends the innermost array or object.
  public mutating func end() throws(FileError) {
    let container = open.removeLast()
    if container.style == .onLines, container.count > 0 { try breakLine() }
    try append(container.isObject ? "}" : "]")
  }

  /// Writes the key of the value that follows.
  public mutating func key(_ key: String) throws(FileError) {
    open[open.count - 1].key = key
    try separate()
    try append(escapedForFile(key))
    try append(": ")
  }

  /// Writes a string.
  ///
  /// - Throws: `FileError` for a NUL character, which all readers of these formats refuse.
  public mutating func string(_ string: String) throws(FileError) {
    try beginElement()
    try append(escapedForFile(string))
  }

  /// Writes an integer.
  public mutating func integer(_ integer: some FixedWidthInteger) throws(FileError) {
    try beginElement()
    try append("\(integer)")
  }

  /// Writes `true` or `false`.
  public mutating func boolean(_ value: Bool) throws(FileError) {
    try beginElement()
    try append(value ? "true" : "false")
  }

  /// Writes `null`: what is not known.
  public mutating func null() throws(FileError) {
    try beginElement()
    try append("null")
  }

  /// Writes a number in the shortest form that reads back to the same bits.
  ///
  /// - Throws: `FileError` for an infinity or NaN, which JSON cannot represent.
  public mutating func number(_ number: Double) throws(FileError) {
    try beginElement()
    try appendNumber(number)
  }

  /// Writes an array of numbers on one line.
  ///
  /// - Throws: `FileError` for an infinity or NaN.
  public mutating func numbers(_ numbers: some Sequence<Double>) throws(FileError) {
    try beginArray(.inLine)
    let container = open.count - 1
    for number in numbers {
      if open[container].count > 0 { buffer.append(UInt8(ascii: ",")) }
      open[container].count += 1
      try appendNumber(number)
    }
    try end()
  }

  /// Ends the text with a line break and flushes the buffer to the sink.
  public mutating func finish() throws(FileError) {
    precondition(open.isEmpty, "an array or object that has not been ended")
    try append("\n")
    try flush()
  }

  /// The error that the value about to be written cannot be written.
  package func unwritable(_ expectation: String, found: String) -> FileError {
    FileError(.badData, file: sink.name, place: place, "expected \(expectation) to write, found \(found)")
  }

  private var place: String {
    open.reduce(JSONPlace.root) { place, container in
      container.isObject ? .key(place, container.key) : .index(place, container.count - 1)
    }.description
  }

  private mutating func begin(_ container: Container, _ bracket: String) throws(FileError) {
    try beginElement()
    try append(bracket)
    open.append(container)
  }

  /// Writes what precedes an element of an array. A value for a key has its separator before the key.
  private mutating func beginElement() throws(FileError) {
    if let container = open.last, !container.isObject { try separate() }
  }

  private mutating func separate() throws(FileError) {
    let container = open[open.count - 1]
    open[open.count - 1].count += 1
    switch container.style {
    case .inLine: if container.count > 0 { try append(", ") }
    case .onLines:
      if container.count > 0 { try append(",") }
      try breakLine()
    }
  }

  private mutating func breakLine() throws(FileError) {
    let depth = open.count { $0.style == .onLines }
    try append("\n" + String(repeating: "  ", count: depth))
  }

  private func escapedForFile(_ string: String) throws(FileError) -> String {
    guard !string.utf8.contains(0) else { throw unwritable("a string without NUL", found: quoted(string)) }
    return escaped(string)
  }

  private mutating func appendNumber(_ number: Double) throws(FileError) {
    guard number.isFinite else { throw unwritable("a finite number", found: "\(number)") }
    buffer.appendShortestText(of: number)
    if buffer.bytes.count >= Self.bufferSize { try flush() }
  }

  private mutating func append(_ text: String) throws(FileError) {
    buffer.write(text)
    if buffer.bytes.count >= Self.bufferSize { try flush() }
  }

  private mutating func flush() throws(FileError) {
    try sink.write(buffer.bytes)
    buffer.removeAll()
  }
}
