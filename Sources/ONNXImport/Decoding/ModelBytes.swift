import FileAccess
import TensorFiles

/// The bytes of an ONNX model: of a mapped file, or in memory if the model came through a pipe.
package enum ModelBytes: Sendable {
  case mapped(MappedFile)
  case inMemory(FileContents)

  /// The model's name in messages.
  package var name: String {
    switch self {
    case .mapped(let file): file.path
    case .inMemory(let contents): contents.name
    }
  }

  /// The number of bytes.
  package var count: Int {
    switch self {
    case .mapped(let file): file.count
    case .inMemory(let contents): contents.bytes.count
    }
  }

  /// The bytes, valid during `body`.
  package func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    switch self {
    case .mapped(let file): try file.withBytes(body)
    case .inMemory(let contents):
      // The standard library's closure accepts any error.
      try contents.bytes.withUnsafeBytes { (bytes) -> Swift.Result<Result, Failure> in
        do throws(Failure) { return .success(try body(bytes)) } catch { return .failure(error) }
      }.get()
    }
  }

  /// The numbers of a type in a range of the bytes; those of a mapped file are not copied.
  package func contents(_ range: Range<Int>, of type: NumberType) -> StoredTensor.Contents {
    switch self {
    case .mapped(let file): .mapped(file, range)
    case .inMemory(let contents):
      .inMemory(
        contents.bytes.withUnsafeBytes { type.numbers(in: UnsafeRawBufferPointer(rebasing: $0[range])) })
    }
  }
}
