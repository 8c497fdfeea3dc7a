import FileAccess
import LinearAlgebra

/// The numbers of a tensor on their way into a weights file.
///
/// A tensor that stands in a file keeps the type that it has there, so that what is written is what was read, bit by
/// bit; every other one is written in double precision.
struct TensorBytes {
  private let tensor: Tensor<Double>
  /// How the numbers are written.
  let type: NumberType

  init(_ tensor: Tensor<Double>) {
    self.tensor = tensor
    type = (tensor.source as? StoredTensor)?.type ?? .float64
  }

  /// The number of bytes.
  var count: Int { tensor.count * type.size }

  /// Writes them piece by piece. Bytes of a mapped file are copied as they are, and leave memory again.
  func write(to sink: any ByteSink) throws(FileError) {
    guard let stored = tensor.source as? StoredTensor else {
      return try write(tensor.source?.read() ?? tensor.elements, to: sink)
    }
    switch stored.contents {
    case .inMemory(let numbers): try write(numbers, to: sink)
    case .mapped(let file, let range):
      try file.forEachPiece(of: range) { bytes throws(FileError) in try sink.write(bytes) }
    }
  }

  private func write(_ numbers: [Double], to sink: any ByteSink) throws(FileError) {
    let length = (1 << 20) / type.size
    for start in stride(from: 0, to: numbers.count, by: length) {
      try sink.write(type.bytes(of: numbers[start..<min(start + length, numbers.count)]))
    }
  }
}
