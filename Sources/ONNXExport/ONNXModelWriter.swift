import FileAccess
import LinearAlgebra
import ONNXSchema
import SwiftProtobuf
import TensorFiles

/// Writes a model as protocol buffers have it, with the numbers of its constants streamed: of a tensor that stands in
/// a mapped file no more than a piece is ever in memory.
///
/// Fields of a message may stand in any order, so the graph is its own bytes followed by its initializers.
package struct ONNXModelWriter {
  /// The largest file that protocol buffers allow.
  package static let maximumLength = Int(Int32.max)

  private let precision: ONNXExport.Precision
  private let initializers: [(header: [UInt8], initializer: ONNXInitializers.Initializer)]
  /// The model without its graph, and the graph without its initializers.
  private let (model, graph): ([UInt8], [UInt8])

  /// A writer of a model; `graph` has the nodes and no initializers.
  package init(_ model: ONNXModelProto, graph: ONNXGraphProto, of builder: ONNXGraph) {
    precision = builder.precision
    self.model = Self.bytes(of: model)
    self.graph = Self.bytes(of: graph)
    initializers = builder.initializers.all.map { (Self.bytes(of: $0.header), $0) }
  }

  private static func bytes(of message: some Message) -> [UInt8] {
    // It has no required fields, and is far below the limit: weights are elsewhere.
    try! message.serializedBytes()
  }

  /// The number of bytes of the file.
  package var count: Int { model.count + Self.count(ofField: graphCount) }

  private var graphCount: Int {
    initializers.reduce(graph.count) { $0 + Self.count(ofField: Self.count(of: $1)) }
  }

  private static func count(of entry: (header: [UInt8], initializer: ONNXInitializers.Initializer)) -> Int {
    entry.header.count + count(ofField: entry.initializer.byteCount)
  }

  /// Writes the file.
  ///
  /// - Throws: `FileError`: of kind `badData` for a weight beyond the range of the precision, of kind `inputOutput` where
  ///   writing fails. What has been written until then is to be discarded.
  package func write(to sink: any ByteSink) throws(FileError) {
    try sink.write(model + Self.head(field: 7, count: graphCount) + graph)
    for entry in initializers {
      try sink.write(
        Self.head(field: 5, count: Self.count(of: entry)) + entry.header
          + Self.head(field: 9, count: entry.initializer.byteCount))
      try write(entry.initializer, to: sink)
    }
  }

  private func write(_ initializer: ONNXInitializers.Initializer, to sink: any ByteSink) throws(FileError) {
    switch initializer.contents {
    case .bytes(let bytes): try sink.write(bytes)
    case .weights(let tensor): try write(tensor, named: initializer.header.name, to: sink)
    }
  }

  /// Writes the numbers of a tensor. Those of a file are not asked of the tensor, which would keep them.
  private func write(
    _ tensor: Tensor<Double>, named name: String, to sink: any ByteSink
  ) throws(FileError) {
    guard let stored = tensor.source as? StoredTensor, case .mapped(let file, let range) = stored.contents
    else {
      return try write(tensor.source?.read() ?? tensor.elements, named: name, to: sink)
    }
    try file.forEachPiece(of: range) { bytes throws(FileError) in
      if stored.type == precision.numberType {
        try sink.write(bytes)
      } else {
        try write(stored.type.numbers(in: bytes), named: name, to: sink)
      }
    }
  }

  private func write(_ numbers: [Double], named name: String, to sink: any ByteSink) throws(FileError) {
    if precision == .float32, let number = numbers.first(where: { !Float($0).isFinite && $0.isFinite }) {
      throw FileError(
        .badData, file: sink.name, place: quoted(name),
        "expected weights within the range of float32, found \(number)")
    }
    let length = 1 << 17
    for start in stride(from: 0, to: numbers.count, by: length) {
      let piece = numbers[start..<min(start + length, numbers.count)]
      try sink.write(precision.numberType.bytes(of: piece))
    }
  }

  // MARK: The wire format of a field whose length stands before it

  private static func head(field: UInt64, count: Int) -> [UInt8] {
    varint(field << 3 | 2) + varint(UInt64(count))
  }

  private static func count(ofField count: Int) -> Int {
    // Each of the fields written here has a number below 16, and so a tag of one byte.
    1 + varint(UInt64(count)).count + count
  }

  private static func varint(_ value: UInt64) -> [UInt8] {
    var (bytes, rest): ([UInt8], UInt64) = ([], value)
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}
