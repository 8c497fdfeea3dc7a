import FileAccess
import LinearAlgebra

extension JSONWriter {
  /// The most numbers of a matrix that still stands on one line.
  private static let inLineLimit = 16

  /// Writes a matrix: on one line where it is small, else row by row.
  public mutating func matrix(_ matrix: Matrix<Double>) throws(FileError) {
    try beginArray(matrix.elements.count <= Self.inLineLimit ? .inLine : .onLines)
    for row in 0..<matrix.rows { try numbers(matrix.row(row)) }
    try end()
  }

  /// Writes a tensor in its own shape; its last axis stands on one line.
  public mutating func tensor(_ tensor: Tensor<Double>) throws(FileError) {
    guard !tensor.shape.isEmpty else { return try number(tensor.elements[0]) }
    try level(tensor.shape[...], tensor.elements[...])
  }

  private mutating func level(
    _ shape: ArraySlice<Int>, _ elements: ArraySlice<Double>
  ) throws(FileError) {
    guard shape.count > 1 else { return try numbers(elements) }
    try beginArray(elements.count <= Self.inLineLimit ? .inLine : .onLines)
    let stride = elements.count / max(1, shape.first!)
    for index in 0..<shape.first! {
      let start = elements.startIndex + index * stride
      try level(shape.dropFirst(), elements[start..<start + stride])
    }
    try end()
  }
}
