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
/// json-c checks the structure. `JSONAudit` refuses what json-c accepts beyond RFC 8259, and finds the
/// integers that json-c would distort; those are then given to json-c as doubles, `1234e00`. Long arrays of
/// numbers are hidden from json-c behind placeholders until a single number of one is needed.
package final class JSONDocument {
  /// How deeply arrays and objects may be nested; the formats need less than a dozen levels.
  package static let maximumDepth = 64

  /// The suffix that makes json-c read an integer as a double. Nobody writes it like this, so messages can
  /// remove it.
  package static let mark = "e00"

  /// The name of the file, for messages.
  package var file: String { contents.name }
  /// The file of the tensors that the document refers to by name; nil if all numbers are in the document.
  package var weights: (any WeightsFile)?
  /// The coordinates claimed so far by the document's contents.
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
      try requireText(text, file: file)
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

  // MARK: Arrays hidden from json-c

  /// The array of numbers that a node of the tree is a placeholder for; nil if the node is not a
  /// placeholder.
  func numberArray(behind node: OpaquePointer?) -> NumberArray? {
    guard json_object_get_type(node) == json_type_array, json_object_array_length(node) == 1,
      let name = json_object_array_get_idx(node, 0), json_object_get_type(name) == json_type_string,
      json_object_get_string_len(name) > 1, let text = json_object_get_string(name), text[0] == 0
    else { return nil }
    return numberArrays[Int(atol(text + 1))]
  }

  /// The array's numbers, row-major; nil if one is beyond the range of a double, or only json-c can convert
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

  /// Replaces a placeholder by json-c's own array; does nothing to other nodes.
  func spellOut(_ node: OpaquePointer?) {
    guard let array = numberArray(behind: node) else { return }
    contents.bytes.withUnsafeBufferPointer { text in
      // Part of a text that has already been parsed, so only memory can run out.
      let elements = try! parseJSON(UnsafeBufferPointer(rebasing: text[array.range]), [], file: file)
      defer { json_object_put(elements) }
      json_object_array_del_idx(node, 0, 1)
      for index in 0..<json_object_array_length(elements) {
        json_object_array_add(node, json_object_get(json_object_array_get_idx(elements, index)))
      }
    }
  }
}

/// The placeholder that json-c gets for an array of numbers: an array with a string that no text can
/// contain, since the audit refuses NUL.
private func standIn(for index: Int) -> [UInt8] {
  Array("[\"\\u0000\(index)\"]".utf8)
}

/// Refuses a text that is empty, begins with a byte order mark or contains NUL. json-c must not see it,
/// because NUL ends a text for json-c.
private func requireText(_ text: UnsafeBufferPointer<UInt8>, file: String) throws(FileError) {
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
