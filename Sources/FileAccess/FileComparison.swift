#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether two files hold the same bytes. They are read in pieces, so their size does not matter.
///
/// - Throws: `FileError` of kind `noInput` if one cannot be opened, `inputOutput` if reading fails.
func haveSameBytes(_ first: String, _ second: String) throws(FileError) -> Bool {
  let one = try openForReading(first, isInput: false)
  defer { close(one) }
  let other = try openForReading(second, isInput: false)
  defer { close(other) }
  var (sizeOfOne, sizeOfOther) = (stat(), stat())
  if fstat(one, &sizeOfOne) == 0, fstat(other, &sizeOfOther) == 0, sizeOfOne.st_size != sizeOfOther.st_size {
    return false
  }
  while true {
    let (piece, otherPiece) = (readPiece(of: one, capacity: 1 << 20), readPiece(of: other, capacity: 1 << 20))
    for (file, failure) in [(first, piece.failure), (second, otherPiece.failure)] {
      if let failure { throw FileError(.inputOutput, file: file, cannot: "read", code: failure.code) }
    }
    guard piece.bytes == otherPiece.bytes else { return false }
    if piece.bytes.isEmpty { return true }
  }
}

extension FileContents {
  /// Whether a file holds these bytes. It is read in pieces, so that nothing is held twice.
  ///
  /// - Throws: As `haveSameBytes` does.
  package func areThose(of path: String) throws(FileError) -> Bool {
    let file = try openForReading(path, isInput: false)
    defer { close(file) }
    var compared = 0
    while true {
      let piece = readPiece(of: file, capacity: 1 << 20)
      if let failure = piece.failure {
        throw FileError(.inputOutput, file: path, cannot: "read", code: failure.code)
      }
      let end = compared + piece.bytes.count
      if piece.bytes.isEmpty { return compared == bytes.count }
      guard end <= bytes.count else { return false }
      let areEqual = bytes.withUnsafeBytes { all in
        piece.bytes.withUnsafeBytes { memcmp(all.baseAddress! + compared, $0.baseAddress!, $0.count) == 0 }
      }
      guard areEqual else { return false }
      compared = end
    }
  }
}
