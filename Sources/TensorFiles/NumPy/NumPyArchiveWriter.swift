import FileAccess

/// Writes arrays as an `.npz` file, deflated, as `numpy.savez_compressed` does, or stored, as `numpy.savez` does: the same
/// arrays give the same bytes, deflated ones with the same version of zlib.
package struct NumPyArchiveWriter {
  private var directory: [UInt8] = []
  private var count = 0
  private var position = 0
  private let sink: any ByteSink
  private let isDeflated: Bool
  private let largestFile: Int

  /// The most bytes of a zip file whose positions have 32 bits.
  package static let largestFile = Int(UInt32.max)

  /// A writer to a sink.
  package init(to sink: any ByteSink, isDeflated: Bool = true, largestFile: Int = Self.largestFile) {
    (self.sink, self.isDeflated, self.largestFile) = (sink, isDeflated, largestFile)
  }

  /// Writes an array of numbers of double precision.
  package mutating func add(_ name: String, _ values: [Double], shape: [Int]) throws(FileError) {
    try add(name, "<f8", values.withUnsafeBytes { Array($0) }, shape: shape)
  }

  /// Writes an array of integers of 32 bits.
  package mutating func add(_ name: String, _ values: [Int32], shape: [Int]) throws(FileError) {
    try add(name, "<i4", values.withUnsafeBytes { Array($0) }, shape: shape)
  }

  /// Writes an array of truth values.
  package mutating func add(_ name: String, _ values: [Bool], shape: [Int]) throws(FileError) {
    try add(name, "|b1", values.map { $0 ? 1 : 0 }, shape: shape)
  }

  /// Writes a list of strings, as NumPy has them: of one length each, in UTF-32.
  package mutating func add(_ name: String, _ strings: [String]) throws(FileError) {
    let length = max(1, strings.map(\.unicodeScalars.count).max() ?? 1)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * length * strings.count)
    for string in strings {
      for scalar in string.unicodeScalars {
        withUnsafeBytes(of: scalar.value.littleEndian) { bytes.append(contentsOf: $0) }
      }
      bytes += [UInt8](repeating: 0, count: 4 * (length - string.unicodeScalars.count))
    }
    try add(name, "<U\(length)", bytes, shape: [strings.count])
  }

  private mutating func add(
    _ name: String, _ type: String, _ data: [UInt8], shape: [Int]
  ) throws(FileError) {
    let extents = shape.map(String.init).joined(separator: ", ") + (shape.count == 1 ? "," : "")
    var header = Array("{'descr': '\(type)', 'fortran_order': False, 'shape': (\(extents)), }".utf8)
    // The data begins at a multiple of 64 bytes, behind a line break.
    header += [UInt8](repeating: UInt8(ascii: " "), count: 63 - (10 + header.count) % 64)
    header.append(UInt8(ascii: "\n"))
    let magic: [UInt8] = [0x93] + Array("NUMPY".utf8) + [1, 0]
    try addMember("\(name).npy", magic + bytes(UInt16(header.count)) + header + data)
  }

  private mutating func addMember(_ name: String, _ contents: [UInt8]) throws(FileError) {
    let packed = isDeflated ? deflated(contents, hasHeader: false) : contents
    // With its member come an entry of the directory, of 46 bytes and the name, and the directory's end, of 22.
    let whole = position + 30 + packed.count + directory.count + 46 + 2 * name.utf8.count + 22
    guard max(contents.count, whole) < largestFile else {
      throw FileError(
        .cannotCreate, file: sink.name, place: quoted(name),
        "expected a file of less than \(largestFile) bytes, the limit of zip files, found "
          + "\(counted(position, "byte")) before an array of \(contents.count)")
    }
    guard name.utf8.count <= 0xFFFF, count < 0xFFFF else {
      throw FileError(
        .cannotCreate, file: sink.name, place: quoted(name),
        "expected up to \(0xFFFF) arrays with names of up to \(0xFFFF) bytes, the limits of zip files, found more"
      )
    }
    // The date is that of the format's beginning, so that the same arrays give the same bytes.
    let method = UInt16(isDeflated ? 8 : 0)
    // Bit 11 says that the name is UTF-8; without it readers take it for the character set of the IBM PC.
    let flags: UInt16 = name.utf8.allSatisfy { $0 < 0x80 } ? 0 : 1 << 11
    let common =
      bytes(UInt16(20)) + bytes(flags) + bytes(method) + bytes(UInt16(0)) + bytes(UInt16(0x21))
      + bytes(checksum(of: contents)) + bytes(UInt32(packed.count)) + bytes(UInt32(contents.count))
      + bytes(UInt16(name.utf8.count)) + bytes(UInt16(0))
    let local = bytes(UInt32(0x0403_4B50)) + common + Array(name.utf8)
    directory +=
      bytes(UInt32(0x0201_4B50)) + bytes(UInt16(20)) + common + [UInt8](repeating: 0, count: 10)
      + bytes(UInt32(position)) + Array(name.utf8)
    try sink.write(local)
    try sink.write(packed)
    position += local.count + packed.count
    count += 1
  }

  /// Writes the directory; nothing may follow.
  package func finish() throws(FileError) {
    try sink.write(directory)
    try sink.write(
      bytes(UInt32(0x0605_4B50)) + bytes(UInt32(0)) + bytes(UInt16(count)) + bytes(UInt16(count))
        + bytes(UInt32(directory.count)) + bytes(UInt32(position)) + bytes(UInt16(0)))
  }
}

/// The bytes of an integer, little-endian.
private func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}
