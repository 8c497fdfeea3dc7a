import Equilibria
import FileAccess
import LinearAlgebra
import Operators
import TensorFiles

/// `Wz`, `Wx` and `b` as whole matrices, a column for each coordinate of a block and a row for each coordinate of a
/// port, in the order of the blocks; all three are there.
enum MatrixForm {
  /// The most numbers that are written: more would be a file that no reader takes.
  private static let maximumCount = 1 << 29

  /// The three matrices of a layout.
  static func read(
    _ object: JSONObject, layout: BlockLayout
  ) throws(FileError) -> (Wz: Matrix<Double>, Wx: Matrix<Double>, b: [Double]) {
    let state = (layout.stateSize, "the size of the state")
    let isSquare = layout.blocks.allSatisfy { $0.portShapes == [$0.shape] }
    let rows = isSquare ? state : (layout.portCoordinates, "the size of all ports")
    let Wz = try part("Wz", "matrix", of: object).matrix(rows: rows, columns: state)
    let Wx = try part("Wx", "matrix", of: object).matrix(rows: rows, columns: layout.input.explained)
    let b = try part("b", "vector", of: object).vector(rows.0, rows.1)
    return (Wz, Wx, b)
  }

  private static func part(
    _ key: String, _ content: String, of object: JSONObject
  ) throws(FileError) -> JSONValue {
    try JSONObject(object.required(key), keys: [content]).required(content)
  }

  /// Writes the three matrices.
  ///
  /// - Throws: `FileError` where the matrices are too large for any file, or entries add up to infinity.
  static func write(_ model: EquilibriumModel<Double>, to writer: inout JSONWriter) throws(FileError) {
    let (count, overflow) = model.portCoordinates.multipliedReportingOverflow(
      by: model.stateSize + model.inputSize)
    guard !overflow, count <= maximumCount else {
      try writer.key("Wz")
      throw writer.unwritable(
        "a state small enough for whole matrices", found: "\(model.stateSize) coordinates")
    }
    let matrices = model.matrices
    try write("Wz", "matrix", to: &writer) { writer throws(FileError) in try writer.matrix(matrices.Wz) }
    try write("Wx", "matrix", to: &writer) { writer throws(FileError) in try writer.matrix(matrices.Wx) }
    try write("b", "vector", to: &writer) { writer throws(FileError) in try writer.numbers(matrices.b) }
  }

  private static func write(
    _ key: String, _ content: String, to writer: inout JSONWriter,
    _ body: (inout JSONWriter) throws(FileError) -> Void
  ) throws(FileError) {
    try writer.key(key)
    try writer.beginObject(.inLine)
    try writer.key(content)
    try body(&writer)
    try writer.end()
  }
}
