import CJSONC
import CNumberText
import FileAccess

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A JSON text, parsed by json-c and audited; it owns json-c's tree.
///
/// json-c decides about the structure; `JSONAudit` refuses what json-c lets through beyond RFC 8259 and finds the
/// integers that json-c would distort, which are then given to it as doubles, `1234e00`. Long arrays of numbers are kept
/// from json-c until something asks for a single one of them: in their places its tree has stand-ins.
package final class JSONDocument {
  /// How deeply arrays and objects may be nested; the formats need less than a dozen levels.
  package static let maximumDepth = 64

  /// What makes an integer a double to json-c; spelled as nobody spells it, so that messages can leave it out.
  package static let mark = "e00"

  /// The name of the file, for messages.
  package var file: String { contents.name }
  /// Where the tensors stand that the document refers to by name; nil where it spells out all of its numbers.
  package var weights: (any WeightsFile)?
  /// The coordinates that have been claimed so far by what the document describes.
  package var claimedCoordinates = 0
  private let contents: FileContents
  private let numberArrays: [NumberArray]
  private let tree: OpaquePointer?

  /// Parses a file's contents.
  ///
  /// - Throws: `FileError` of kind `badData` with line and column, or the path of a duplicate key.
  package init(_ contents: FileContents) throws(FileError) {
    let (file, bytes) = (contents.name, contents.bytes)
    guard bytes.count <= FileContents.maximumLength else {
      throw FileError(
        .badData, file: file, "expected at most \(FileContents.maximumLength) bytes, found \(bytes.count)")
    }
    self.contents = contents
    (numberArrays, tree) = try bytes.withUnsafeBufferPointer { text throws(FileError) in
      try refuseWhatIsNoText(text, file: file)
      let numberArrays = NumberArray.all(in: text)
      let standIns = numberArrays.enumerated().map { index, array in
        EditedText.Edit(range: array.range, replacement: standIn(for: index))
      }
      let tree = try parseJSON(text, standIns, file: file)
      var audit = JSONAudit(text, file: file, except: numberArrays)
      do throws(FileError) { try audit.run() } catch {
        json_object_put(tree)
        throw error
      }
      guard !audit.distortedIntegers.isEmpty else { return (numberArrays, tree) }
      json_object_put(tree)
      let mark = Array(Self.mark.utf8)
      let marks = audit.distortedIntegers.map { EditedText.Edit(range: $0..<$0, replacement: mark) }
      let edits = (standIns + marks).sorted { $0.range.lowerBound < $1.range.lowerBound }
      return (numberArrays, try parseJSON(text, edits, file: file))
    }
  }

  deinit { json_object_put(tree) }

  /// The whole document as a value.
  package var root: JSONValue { JSONValue(node: tree, place: .root, document: self) }

  // MARK: Arrays that json-c has been spared

  /// The array of numbers that a node of the tree stands in for; nil where the node is itself what the text has.
  func numberArray(behind node: OpaquePointer?) -> NumberArray? {
    guard json_object_get_type(node) == json_type_array, json_object_array_length(node) == 1,
      let name = json_object_array_get_idx(node, 0), json_object_get_type(name) == json_type_string,
      json_object_get_string_len(name) > 1, let text = json_object_get_string(name), text[0] == 0
    else { return nil }
    return numberArrays[Int(atol(text + 1))]
  }

  /// Its numbers, row-major; nil where one of them is beyond the range of a double, or nothing but json-c can convert
  /// them.
  package func numbers(of array: NumberArray) -> [Double]? {
    let numbers = contents.bytes.withUnsafeBufferPointer { text in
      text[array.range].withMemoryRebound(to: CChar.self) { text in
        [Double](unsafeUninitializedCapacity: array.count) { numbers, count in
          count = read_numbers(text.baseAddress, text.count, numbers.baseAddress, array.count)
        }
      }
    }
    return numbers.count == array.count ? numbers : nil
  }

  /// Puts json-c's own array in the place of its stand-in, if the node is one.
  func spellOut(_ node: OpaquePointer?) {
    guard let array = numberArray(behind: node) else { return }
    contents.bytes.withUnsafeBufferPointer { text in
      // A part of a text that has been parsed, so that nothing but the memory can fail.
      let elements = try! parseJSON(UnsafeBufferPointer(rebasing: text[array.range]), [], file: file)
      defer { json_object_put(elements) }
      json_object_array_del_idx(node, 0, 1)
      for index in 0..<json_object_array_length(elements) {
        json_object_array_add(node, json_object_get(json_object_array_get_idx(elements, index)))
      }
    }
  }
}

/// What json-c gets in place of an array of numbers: an array with a string that no text can have, since the audit refuses
/// NUL.
private func standIn(for index: Int) -> [UInt8] {
  Array("[\"\\u0000\(index)\"]".utf8)
}

/// Refuses, before json-c sees it, a text that is empty or begins with a byte order mark or contains NUL, which
/// ends a text for json-c.
private func refuseWhatIsNoText(_ text: UnsafeBufferPointer<UInt8>, file: String) throws(FileError) {
  let whitespace: [UInt8] = [0x20, 0x09, 0x0A, 0x0D]
  guard text.contains(where: { !whitespace.contains($0) }) else {
    throw FileError(.badData, file: file, "expected a JSON object, found an empty file")
  }
  if text.starts(with: [0xEF, 0xBB, 0xBF]) {
    throw FileError(.badData, file: file, place: "1:1", "expected JSON, found a byte order mark")
  }
  let start = UnsafeRawPointer(text.baseAddress!)
  if let nul = memchr(start, 0, text.count) {
    throw FileError(
      .badData, file: file, place: lineAndColumn(of: UnsafeRawPointer(nul) - start, in: text),
      "expected JSON, found a NUL byte")
  }
}
