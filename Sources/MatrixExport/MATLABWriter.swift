import FileAccess
import TensorFiles

/// Writes variables as a MAT-file of format 5, each deflated ("MAT-File Format", MathWorks).
struct MATLABWriter {
  private enum DataType: UInt32 {
    case int8 = 1
    case uint16 = 4
    case int32 = 5
    case uint32 = 6
    case double = 9
    case matrix = 14
    case compressed = 15
  }

  private enum ArrayClass: UInt32 {
    case cell = 1
    case characters = 4
    case sparse = 5
    case double = 6
  }

  private let sink: any ByteSink

  init(to sink: any ByteSink) {
    self.sink = sink
  }

  /// Writes the header of the file.
  func begin() throws(FileError) {
    let text = Array("MATLAB 5.0 MAT-file, written by deq".utf8)
    try sink.write(
      text + [UInt8](repeating: UInt8(ascii: " "), count: 116 - text.count) + [UInt8](repeating: 0, count: 8)
        + [0x00, 0x01] + Array("IM".utf8))
  }

  /// Writes a matrix in full; `values` are row by row.
  func add(_ name: String, _ values: [Double], rows: Int, columns: Int) throws(FileError) {
    var byColumn = values
    if rows > 1, columns > 1 {
      for row in 0..<rows {
        for column in 0..<columns { byColumn[column * rows + row] = values[row * columns + column] }
      }
    }
    try write(
      name, array(.double, name, [rows, columns], element(.double, byColumn.withUnsafeBytes { Array($0) })))
  }

  /// Writes a sparse matrix.
  func add(_ name: String, _ matrix: CompressedRows) throws(FileError) {
    let (starts, rows, values) = matrix.compressedColumns
    try write(
      name,
      array(
        .sparse, name, matrix.shape,
        element(.int32, rows.withUnsafeBytes { Array($0) })
          + element(.int32, starts.withUnsafeBytes { Array($0) })
          + element(.double, values.withUnsafeBytes { Array($0) }), entries: max(1, rows.count)))
  }

  /// Writes a cell array of strings, one below the other.
  func add(_ name: String, _ strings: [String]) throws(FileError) {
    var cells: [UInt8] = []
    for string in strings {
      let codes = Array(string.utf16)
      cells += array(
        .characters, "", [codes.isEmpty ? 0 : 1, codes.count],
        element(.uint16, codes.withUnsafeBytes { Array($0) }))
    }
    try write(name, array(.cell, name, [strings.count, 1], cells))
  }

  private func array(
    _ type: ArrayClass, _ name: String, _ shape: [Int], _ contents: [UInt8], entries: Int = 0
  ) -> [UInt8] {
    element(
      .matrix,
      element(.uint32, bytes(type.rawValue) + bytes(UInt32(entries)))
        + element(.int32, shape.flatMap { bytes(Int32($0)) }) + element(.int8, Array(name.utf8)) + contents)
  }

  /// An element: type, length, and the bytes, which end at a multiple of 8.
  private func element(_ type: DataType, _ contents: [UInt8]) -> [UInt8] {
    bytes(type.rawValue) + bytes(UInt32(truncatingIfNeeded: contents.count)) + contents
      + [UInt8](repeating: 0, count: (8 - contents.count % 8) % 8)
  }

  private func write(_ name: String, _ array: [UInt8]) throws(FileError) {
    guard array.count < Int32.max else {
      throw FileError(
        .cannotCreate, file: sink.name, place: quoted(name),
        "expected less than 2 GiB, the limit of the format, found \(array.count) bytes")
    }
    let packed = deflated(array, hasHeader: true)
    try sink.write(bytes(DataType.compressed.rawValue) + bytes(UInt32(packed.count)) + packed)
  }

  private func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
