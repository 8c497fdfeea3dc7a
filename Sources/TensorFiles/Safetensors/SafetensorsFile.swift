import FileAccess

/// An open safetensors file: all rules of the format have been checked, and no number has been read.
///
/// The file is mapped; a tensor's pages are read when its numbers are needed.
public struct SafetensorsFile: Sendable {
  private struct TensorRecord: Sendable {
    let type: SafetensorsType
    let shape: [Int]
    let range: Range<Int>
  }

  /// The path that it was opened by.
  public let path: String
  /// The names of the tensors, in the order of the header.
  public let names: [String]
  /// The string metadata of the file.
  public let metadata: [String: String]
  private let file: MappedFile
  private let entries: [String: TensorRecord]

  /// Opens a file and checks its header.
  ///
  /// - Complexity: O(length of the header); the data is not read.
  /// - Throws: `FileError`: of kind `badData` with the place in the header, else as `MappedFile` does.
  public init(_ path: String) throws(FileError) {
    try self.init(MappedFile(path))
  }

  /// Checks the header of an open file.
  package init(_ file: MappedFile) throws(FileError) {
    let header = try file.withBytes { bytes throws(FileError) in
      try SafetensorsHeader(bytes, file: file.path)
    }
    path = file.path
    self.file = file
    names = header.entries.map(\.name)
    metadata = header.metadata
    // JSONDocument has refused duplicate names.
    entries = Dictionary(
      uniqueKeysWithValues: header.entries.map { entry in
        let (start, range) = (header.dataStart, entry.range)
        return (
          entry.name,
          TensorRecord(
            type: entry.type, shape: entry.shape, range: start + range.lowerBound..<start + range.upperBound)
        )
      })
  }

  /// Whether there is a tensor of this name.
  public func contains(_ name: String) -> Bool { entries[name] != nil }

  /// The tensor of this name.
  ///
  /// - Throws: `FileError` of kind `badData` if there is none, or if its elements are not floating-point
  ///   numbers that a double holds.
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
