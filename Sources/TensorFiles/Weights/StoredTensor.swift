import FileAccess
import LinearAlgebra

/// A floating-point tensor in a weights file: a safetensors file, an ONNX model, or the external data of
/// one.
public final class StoredTensor: NumberSource {
  /// Where the numbers are.
  package enum Contents: Sendable {
    /// A range of bytes of a mapped file.
    case mapped(MappedFile, Range<Int>)
    /// Numbers that the file stores in another form, already decoded.
    case inMemory([Double])
  }

  /// The weights file that names the tensor: the ONNX model if its bytes are external data.
  public let path: String
  /// The tensor's name there.
  public let name: String
  /// The extent of each axis.
  public let shape: [Int]
  /// How the numbers are stored.
  public let type: NumberType
  package let contents: Contents

  /// A tensor whose bytes are known to exist, in the count that shape and type require.
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

  /// Whether the tensor is stored in this file, by whatever path.
  public func isStored(at other: String) -> Bool {
    let real = realPath(path)
    return real != nil && real == realPath(other)
  }

  public func read() -> [Double] {
    switch contents {
    case .mapped(let file, let range):
      file.withBytesOnce(of: range) { type.numbers(in: $0) }
    case .inMemory(let numbers): numbers
    }
  }

  /// The tensor, its numbers read on first use.
  public var tensor: Tensor<Double> { Tensor(shape: shape, source: self) }
}
