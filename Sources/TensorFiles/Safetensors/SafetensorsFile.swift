import FileAccess

/// A safetensors file, opened: everything that the format promises has been checked, and no number read.
///
/// The file is mapped; a tensor's pages are read when something asks for its numbers.
public struct SafetensorsFile: Sendable {
  private struct Entry: Sendable {
    let type: SafetensorsType
    let shape: [Int]
    let range: Range<Int>
  }

  /// The path that it was opened by.
  public let path: String
  /// The names of the tensors, in the order of the header.
  public let names: [String]
  /// The strings that the file has besides tensors.
  public let metadata: [String: String]
  private let file: MappedFile
  private let entries: [String: Entry]

  /// Opens a file and checks its header.
  ///
  /// - Complexity: The length of the header; the data is not looked at.
  /// - Throws: `FileError`: of kind `badData` with the place in the header, else as `MappedFile` does.
  public init(_ path: String) throws(FileError) {
    try self.init(MappedFile(path))
  }

  /// Checks the header of a file that has been opened.
  package init(_ file: MappedFile) throws(FileError) {
    let header = try file.withBytes { bytes throws(FileError) in
      try SafetensorsHeader(bytes, file: file.path)
    }
    path = file.path
    self.file = file
    names = header.entries.map(\.name)
    metadata = header.metadata
    // JSONDocument has refused a name that stands there twice.
    entries = Dictionary(
      uniqueKeysWithValues: header.entries.map { entry in
        let (start, range) = (header.dataStart, entry.range)
        return (
          entry.name,
          Entry(
            type: entry.type, shape: entry.shape, range: start + range.lowerBound..<start + range.upperBound)
        )
      })
  }

  /// Whether there is a tensor of this name.
  public func contains(_ name: String) -> Bool { entries[name] != nil }

  /// The tensor of this name.
  ///
  /// - Throws: `FileError` of kind `badData` where there is none, or one whose elements are no floating-point numbers
  ///   that a double holds.
  public func tensor(named name: String) throws(FileError) -> StoredTensor {
    guard let entry = entries[name] else {
      throw FileError(.badData, file: path, place: quoted(name), "expected a tensor, found none")
    }
    guard let type = entry.type.numbers else {
      throw FileError(
        .badData, file: path, place: quoted(name),
        "expected numbers of type F64, F32, F16 or BF16, found \(entry.type.rawValue)")
    }
    return StoredTensor(
      path: path, name: name, shape: entry.shape, type: type, contents: .mapped(file, entry.range))
  }
}
