import FileAccess

/// What the header of a safetensors file says, checked against all that the format promises
/// (https://github.com/huggingface/safetensors, "Format").
///
/// A header is at most 100 MB and begins with `{`; a name stands there once; the tensors cover the data behind it
/// without overlap, hole or rest. Nothing is promised about alignment: writers pad the header so that the data begins
/// at a multiple of 8 bytes, readers do not ask for it.
package struct SafetensorsHeader {
  /// What it says of one tensor.
  package struct Entry {
    package let name: String
    package let type: SafetensorsType
    package let shape: [Int]
    /// Where its bytes stand in the data behind the header.
    package let range: Range<Int>
    /// Where it stands in the header, for messages.
    package let value: JSONValue
  }

  /// The longest header that is read, as in the reference implementation.
  package static let maximumLength = 100_000_000
  /// The key of what is no tensor: strings by name.
  static let metadataKey = "__metadata__"

  /// The tensors, in the order of the header.
  package let entries: [Entry]
  /// The strings of `__metadata__`.
  package let metadata: [String: String]
  /// Where the data begins in the file.
  let dataStart: Int

  /// Reads and checks the header of a file.
  ///
  /// - Throws: `FileError` of kind `badData`; its place is within the header.
  package init(_ bytes: UnsafeRawBufferPointer, file: String) throws(FileError) {
    let text = try Self.text(bytes, file: file)
    dataStart = 8 + text.count
    do throws(FileError) {
      let object = try JSONObject(JSONDocument(FileContents(text, named: file)).root, keys: nil)
      var entries: [Entry] = []
      var metadata: [String: String] = [:]
      for key in object.keys {
        let value = try object.required(key)
        if key == Self.metadataKey {
          metadata = try Self.metadata(value)
        } else {
          entries.append(try Self.entry(key, value))
        }
      }
      try Self.requireCoverage(of: bytes.count - dataStart, by: entries, in: object.value)
      self.entries = entries
      self.metadata = metadata
    } catch {
      let place = ["header", error.place].filter { !$0.isEmpty }.joined(separator: ": ")
      throw FileError(error.kind, file: error.file, place: place, error.problem)
    }
  }

  /// Whether the bytes begin as a safetensors file does: with a length that is within them, and an object.
  package static func isPlausible(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count > 8 && bytes[8] == UInt8(ascii: "{")
      && UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self)) <= min(maximumLength, bytes.count - 8)
  }

  /// The header's bytes, its length known to be true.
  private static func text(_ bytes: UnsafeRawBufferPointer, file: String) throws(FileError) -> [UInt8] {
    guard bytes.count >= 8 else {
      throw FileError(
        .badData, file: file, "expected 8 bytes with the length of the header, found \(bytes.count)")
    }
    let length = UInt64(littleEndian: bytes.loadUnaligned(as: UInt64.self))
    guard length <= maximumLength else {
      throw FileError(
        .badData, file: file,
        "expected a header of at most \(maximumLength) bytes, found a length of \(length)")
    }
    guard length <= bytes.count - 8 else {
      throw FileError(
        .badData, file: file, "expected a header of \(length) bytes, found the end after \(bytes.count - 8)")
    }
    let text = bytes[8..<8 + Int(length)]
    guard text.first == UInt8(ascii: "{") else {
      let found = text.first.map { "byte 0x\(String($0, radix: 16, uppercase: true))" } ?? "no header"
      throw FileError(.badData, file: file, place: "header", "expected '{', found \(found)")
    }
    return Array(text)
  }

  private static func metadata(_ value: JSONValue) throws(FileError) -> [String: String] {
    let object = try JSONObject(value, keys: nil)
    var metadata: [String: String] = [:]
    for key in object.keys { metadata[key] = try object.required(key).string() }
    return metadata
  }

  private static func entry(_ name: String, _ value: JSONValue) throws(FileError) -> Entry {
    let object = try JSONObject(value, keys: ["dtype", "shape", "data_offsets"])
    let typeName = try object.required("dtype")
    guard let type = SafetensorsType(rawValue: try typeName.string("the name of a type")) else {
      throw typeName.expected("a type that the format has")
    }
    let shapeValue = try object.required("shape")
    let shape = try shapeValue.extents("a list of extents")
    let offsetsValue = try object.required("data_offsets")
    let offsets = try offsetsValue.extents("a begin and an end")
    guard offsets.count == 2, offsets[0] <= offsets[1] else {
      throw offsetsValue.expected("a begin and an end", found: "\(offsets)")
    }
    let size = try byteCount(of: shape, type, at: shapeValue)
    guard offsets[1] - offsets[0] == size else {
      throw offsetsValue.expected(
        "\(size) bytes for \(type.rawValue) of shape \(shape)", found: "\(offsets[1] - offsets[0])")
    }
    return Entry(name: name, type: type, shape: shape, range: offsets[0]..<offsets[1], value: offsetsValue)
  }

  private static func byteCount(
    of shape: [Int], _ type: SafetensorsType, at value: JSONValue
  ) throws(FileError) -> Int {
    var bits = type.bits
    for extent in shape {
      let (product, overflow) = bits.multipliedReportingOverflow(by: extent)
      guard !overflow else { throw value.expected("a shape of fewer than 2^63 bits", found: "\(shape)") }
      bits = product
    }
    guard bits % 8 == 0 else {
      throw value.expected("whole bytes for \(type.rawValue) of shape \(shape)", found: "\(bits) bits")
    }
    return bits / 8
  }

  /// Checks that the tensors stand one behind the other from the beginning of the data to its end.
  private static func requireCoverage(
    of count: Int, by entries: [Entry], in header: JSONValue
  ) throws(FileError) {
    let inOrder = entries.sorted {
      ($0.range.lowerBound, $0.range.upperBound) < ($1.range.lowerBound, $1.range.upperBound)
    }
    var (end, before) = (0, "the data begins")
    for entry in inOrder {
      guard entry.range.lowerBound == end else {
        throw entry.value.expected("\(end) as the begin, where \(before)", found: "\(entry.range.lowerBound)")
      }
      (end, before) = (entry.range.upperBound, "\(quoted(entry.name)) ends")
      guard end <= count else {
        throw entry.value.expected("an end within \(count) bytes of data", found: "\(end)")
      }
    }
    guard end == count else {
      throw header.expected("\(end) bytes of data", found: "\(count)")
    }
  }
}

extension JSONValue {
  /// A list of integers, none of them negative.
  fileprivate func extents(_ expectation: String) throws(FileError) -> [Int] {
    var extents: [Int] = []
    for element in try elements(expectation) { extents.append(try element.extent()) }
    return extents
  }
}
