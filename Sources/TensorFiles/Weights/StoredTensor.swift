import FileAccess
import LinearAlgebra

/// A floating-point tensor that stands in a weights file: in a safetensors file, in an ONNX model, or in the
/// external data of one.
public final class StoredTensor: NumberSource {
  /// What holds the numbers.
  package enum Contents: Sendable {
    /// A run of bytes of a mapped file.
    case mapped(MappedFile, Range<Int>)
    /// Numbers that the file has in some other way, decoded already.
    case inMemory([Double])
  }

  /// The weights file in which the tensor has its name: the ONNX model, where its bytes are external data.
  public let path: String
  /// The tensor's name there.
  public let name: String
  /// The extent of each axis.
  public let shape: [Int]
  /// How the numbers are stored.
  public let type: NumberType
  package let contents: Contents

  /// A tensor whose bytes have been checked to be there, as many as shape and type ask for.
  package init(path: String, name: String, shape: [Int], type: NumberType, contents: Contents) {
    self.path = path
    self.name = name
    self.shape = shape
    self.type = type
    self.contents = contents
  }

  public var count: Int { shape.reduce(1, *) }

  /// The number of bytes that the numbers take in their stored type.
  public var byteCount: Int { count * type.size }

  /// Whether this is the file that the tensor stands in, by whatever path.
  public func isStored(at other: String) -> Bool {
    let real = realPath(path)
    return real != nil && real == realPath(other)
  }

  public func read() -> [Double] {
    switch contents {
    case .mapped(let file, let range):
      file.withBytes { type.numbers(in: UnsafeRawBufferPointer(rebasing: $0[range])) }
    case .inMemory(let numbers): numbers
    }
  }

  /// The tensor, its numbers read when they are first asked for.
  public var tensor: Tensor<Double> { Tensor(shape: shape, source: self) }
}
