import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import Operators
import TensorFiles

/// An equilibrium model as the matrices of `z = φ(A z + B x + b), y = C z + D x`, for SciPy, MATLAB and CVXPY.
///
/// A row of A, B and b belongs to a coordinate of a port, a column of A to a coordinate of the state. Where every block
/// has one port as large as itself, A is square. C reads the output off the state; D is 0.
public struct MatrixExport {
  /// A file format.
  public enum Format: Sendable {
    /// NumPy's archive of arrays, deflated.
    case npz
    /// MATLAB's format 5, deflated.
    case mat
  }

  /// A, with a row for each coordinate of the ports and a column for each of the state.
  public let A: CompressedRows
  /// B, with a column for each coordinate of x.
  public let B: CompressedRows
  /// b.
  public let b: [Double]
  /// C, which reads the output off the state.
  public let C: CompressedRows
  /// D, which is 0.
  public let D: CompressedRows
  private let model: EquilibriumModel<Double>

  /// The most entries that are written: a position has 32 bits.
  private static let mostEntries = Double(Int32.max)

  /// The matrices of a model.
  ///
  /// - Parameter file: The file's name in messages.
  /// - Throws: `FileError` where there are too many entries.
  public init(_ model: EquilibriumModel<Double>, file: String) throws(FileError) {
    let entries = model.blocks.reduce(0.0) { sum, block in
      block.terms.reduce(sum) { $0 + Double($1.map.multiplications) }
    }
    guard entries < Self.mostEntries, model.portCoordinates < Int32.max else {
      throw FileError(
        .cannotCreate, file: file, "expected fewer than \(Int32.max) entries, found about \(entries)")
    }
    self.model = model
    (A, B, b) = Self.rows(of: model)
    var C = CompressedRows(rows: model.outputSize, columns: model.stateSize)
    for row in 0..<model.outputSize {
      var entry = [(column: model.blockStarts[model.output] + row, value: 1.0)]
      C.appendRow(&entry)
    }
    var D = CompressedRows(rows: model.outputSize, columns: model.inputSize)
    for _ in 0..<model.outputSize {
      var none: [(column: Int, value: Double)] = []
      D.appendRow(&none)
    }
    (self.C, self.D) = (C, D)
  }

  private static func rows(
    of model: EquilibriumModel<Double>
  ) -> (A: CompressedRows, B: CompressedRows, b: [Double]) {
    let starts = model.blockStarts
    var A = CompressedRows(rows: model.portCoordinates, columns: model.stateSize)
    var B = CompressedRows(rows: model.portCoordinates, columns: model.inputSize)
    var b: [Double] = []
    for block in model.blocks {
      for (port, size) in block.portSizes.enumerated() {
        let terms = block.terms.filter { $0.port == port }
        var sums = [Double](repeating: 0, count: size)
        for offset in block.offsets where offset.port == port {
          for (index, value) in offset.vector.enumerated() { sums[index] += value }
        }
        b += sums
        for row in 0..<size {
          var ofA: [(column: Int, value: Double)] = []
          var ofB: [(column: Int, value: Double)] = []
          for term in terms {
            term.map.forEachEntry(inRow: row) { column, value in
              if case .node(let node) = term.source {
                ofA.append((starts[node] + column, value))
              } else {
                ofB.append((column, value))
              }
            }
          }
          A.appendRow(&ofA)
          B.appendRow(&ofB)
        }
      }
    }
    return (A, B, b)
  }

  /// The name of each row: `fc1[0]`, or `attention.1[0]` for the second port of a block.
  public var rowNames: [String] {
    model.blocks.flatMap { block in
      block.portSizes.enumerated().flatMap { port, size in
        let name = block.portShapes.count > 1 ? "\(block.name).\(port)" : block.name
        return (0..<size).map { "\(name)[\($0)]" }
      }
    }
  }

  /// The name of each column of A: `fc1[0]`.
  public var columnNames: [String] {
    model.blocks.flatMap { block in (0..<block.size).map { "\(block.name)[\($0)]" } }
  }

  /// The name of each column of B: `x[0]`.
  public var inputNames: [String] { (0..<model.inputSize).map { "x[\($0)]" } }

  /// Which ports read which blocks, port by port.
  private var pattern: [Bool] {
    model.blocks.flatMap { block in
      block.portShapes.indices.flatMap { port in
        let sources = block.nodeSources(ofPort: port)
        return model.blocks.indices.map(sources.contains)
      }
    }
  }

  /// The position of the block that each port belongs to.
  private var portBlocks: [Int] {
    model.blocks.enumerated().flatMap { index, block in block.portShapes.map { _ in index } }
  }

  /// Writes the file: the same model gives the same bytes.
  ///
  /// - Parameter isDense: Whether matrices are written in full.
  /// - Throws: `FileError`. Discard what has been written before an error.
  public func write(as format: Format, isDense: Bool = false, to sink: any ByteSink) throws(FileError) {
    if isDense {
      let entries = Double(A.shape[0]) * Double(A.shape[1] + B.shape[1])
      guard entries <= Double(1 << 27) else {
        throw FileError(
          .cannotCreate, file: sink.name,
          "expected matrices small enough to be written in full, found \(A.shape[0]) rows of \(A.shape[1]) numbers"
        )
      }
    }
    switch format {
    case .npz: try writeArrays(isDense: isDense, to: sink)
    case .mat: try writeVariables(isDense: isDense, to: sink)
    }
  }

  private var matrices: [(name: String, matrix: CompressedRows)] {
    [("A", A), ("B", B), ("C", C), ("D", D)]
  }

  private func writeArrays(isDense: Bool, to sink: any ByteSink) throws(FileError) {
    var writer = NumPyArchiveWriter(to: sink)
    for (name, matrix) in matrices {
      if isDense {
        try writer.add(name, matrix.dense, shape: matrix.shape)
      } else {
        try writer.add("\(name)_data", matrix.values, shape: [matrix.values.count])
        try writer.add("\(name)_indices", matrix.columns, shape: [matrix.columns.count])
        try writer.add("\(name)_indptr", matrix.starts, shape: [matrix.starts.count])
        try writer.add("\(name)_shape", matrix.shape.map { Int32($0) }, shape: [2])
      }
    }
    try writer.add("b", b, shape: [b.count])
    try writer.add("row_names", rowNames)
    try writer.add("column_names", columnNames)
    try writer.add("input_names", inputNames)
    try writer.add("block_names", model.blocks.map(\.name))
    try writer.add("block_sizes", model.blocks.map { Int32($0.size) }, shape: [model.blocks.count])
    try writer.add("activations", model.blocks.map(\.nonlinearity.description))
    let ports = portBlocks
    try writer.add("port_blocks", ports.map { Int32($0) }, shape: [ports.count])
    try writer.add(
      "port_sizes", model.blocks.flatMap(\.portSizes).map { Int32($0) }, shape: [ports.count])
    try writer.add("pattern", pattern, shape: [ports.count, model.blocks.count])
    try writer.finish()
  }

  private func writeVariables(isDense: Bool, to sink: any ByteSink) throws(FileError) {
    let writer = MATLABWriter(to: sink)
    try writer.begin()
    for (name, matrix) in matrices {
      if isDense {
        try writer.add(name, matrix.dense, rows: matrix.shape[0], columns: matrix.shape[1])
      } else {
        try writer.add(name, matrix)
      }
    }
    try writer.add("b", b, rows: b.count, columns: 1)
    try writer.add("row_names", rowNames)
    try writer.add("column_names", columnNames)
    try writer.add("input_names", inputNames)
    try writer.add("block_names", model.blocks.map(\.name))
    try writer.add(
      "block_sizes", model.blocks.map { Double($0.size) }, rows: model.blocks.count, columns: 1)
    try writer.add("activations", model.blocks.map(\.nonlinearity.description))
    let ports = portBlocks
    // MATLAB counts from 1.
    try writer.add("port_blocks", ports.map { Double($0 + 1) }, rows: ports.count, columns: 1)
    try writer.add(
      "port_sizes", model.blocks.flatMap(\.portSizes).map(Double.init), rows: ports.count, columns: 1)
    try writer.add(
      "pattern", pattern.map { $0 ? 1 : 0 }, rows: ports.count, columns: model.blocks.count)
  }
}
