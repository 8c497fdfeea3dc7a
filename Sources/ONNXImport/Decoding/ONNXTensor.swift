import FileAccess
import LinearAlgebra
import ONNXSchema
import Operators
import TensorFiles

/// A tensor of an ONNX file: floating-point numbers, possibly still in the file, or integers.
package struct ONNXTensor {
  package enum Contents {
    case numbers(StoredTensor)
    /// Integers; Boolean values are 0 and 1.
    case integers([Int])
  }

  package let name: String
  package let shape: [Int]
  package let type: ElementType
  package let contents: Contents
}

/// Decodes a tensor's description into numbers.
struct ONNXTensorReader {
  let bytes: ModelBytes
  let externalData: ExternalDataFiles

  /// The tensor of a description.
  ///
  /// - Parameters:
  ///   - name: Its name in the graph.
  ///   - rawData: The range of its raw data; nil if it has none.
  ///   - place: Its place, for messages.
  /// - Throws: `FileError` if type, shape and numbers do not fit each other.
  func tensor(
    _ description: ONNXTensorDescription, name: String, rawData: Range<Int>?, place: String
  ) throws(FileError) -> ONNXTensor {
    func refused(_ problem: String) -> FileError {
      FileError(.badData, file: bytes.name, place: place, problem)
    }
    guard let type = ElementType(rawValue: Int(description.dataType)),
      type.numberType != nil || type.integer != nil
    else {
      throw refused(
        "expected floating-point numbers or integers, found \(ElementType.name(of: Int(description.dataType)))"
      )
    }
    guard !description.hasSegment else { throw refused("expected a whole tensor, found a segment of one") }
    let shape = try shape(of: description, refused)
    let count = shape.reduce(1, *)
    if let numberType = type.numberType {
      let contents = try numbers(
        description, of: numberType, count: count, rawData: rawData, place: place, refused)
      return ONNXTensor(
        name: name, shape: shape, type: type,
        contents: .numbers(
          StoredTensor(path: bytes.name, name: name, shape: shape, type: numberType, contents: contents)))
    }
    return ONNXTensor(
      name: name, shape: shape, type: type,
      contents: .integers(
        try integers(description, of: type, count: count, rawData: rawData, place: place, refused)))
  }

  private func shape(
    of description: ONNXTensorDescription, _ refused: (String) -> FileError
  ) throws(FileError) -> [Int] {
    let shape = description.dims.map { Int($0) }
    // An extent of 0 does not excuse the others: products of some extents of a shape must be as small.
    guard shape.allSatisfy({ $0 >= 0 }),
      checkedProduct(shape.map { max($0, 1) }, atMost: (1 << 48) - 1) != nil
    else {
      throw refused(
        "dims: expected extents of at least 0 and a product below 2^48, found \(description.dims)")
    }
    guard shape.count <= TensorSize.maximumRank else {
      throw refused("dims: expected up to \(TensorSize.maximumRank) extents, found \(shape.count)")
    }
    return shape
  }

  private func numbers(
    _ description: ONNXTensorDescription, of type: NumberType, count: Int, rawData: Range<Int>?,
    place: String,
    _ refused: (String) -> FileError
  ) throws(FileError) -> StoredTensor.Contents {
    if description.isExternal {
      let (file, range) = try externalData.bytes(of: description, count: count * type.size, place: place)
      return .mapped(file, range)
    }
    if let rawData {
      guard rawData.count == count * type.size else {
        throw refused(
          "raw_data: expected \(counted(count * type.size, "byte")) for shape \(description.dims), found \(rawData.count)"
        )
      }
      return bytes.contents(rawData, of: type)
    }
    let values: [Double] =
      switch type {
      case .float64: description.doubleData
      case .float32: description.floatData.map { Double($0) }
      case .float16, .bfloat16:
        // Each integer holds the bits in its lower half.
        description.int32Data.map { UInt16(truncatingIfNeeded: $0).littleEndian }.withUnsafeBytes {
          type.numbers(in: $0)
        }
      }
    guard values.count == count else {
      throw refused(
        "expected \(counted(count, "number")) for shape \(description.dims), found \(values.count)")
    }
    return .inMemory(values)
  }

  private func integers(
    _ description: ONNXTensorDescription, of type: ElementType, count: Int, rawData: Range<Int>?,
    place: String,
    _ refused: (String) -> FileError
  ) throws(FileError) -> [Int] {
    let (size, isSigned) = type.integer!
    if description.isExternal {
      let (file, range) = try externalData.bytes(of: description, count: count * size, place: place)
      return file.withBytes { integersIn($0, range, size: size, isSigned: isSigned) }
    }
    if let rawData {
      guard rawData.count == count * size else {
        throw refused(
          "raw_data: expected \(counted(count * size, "byte")) for shape \(description.dims), found \(rawData.count)"
        )
      }
      return bytes.withBytes { integersIn($0, rawData, size: size, isSigned: isSigned) }
    }
    let values: [Int] =
      switch type {
      case .int64: description.int64Data.map { Int($0) }
      case .uint32, .uint64: description.uint64Data.map { Int(clamping: $0) }
      default: description.int32Data.map { Int($0) }
      }
    guard values.count == count else {
      throw refused(
        "expected \(counted(count, "integer")) for shape \(description.dims), found \(values.count)")
    }
    return values
  }
}

extension ONNXTensorDescription {
  /// Whether the numbers are in a file of their own.
  fileprivate var isExternal: Bool { dataLocation == 1 }
}

/// Little-endian integers of `size` bytes; those out of range become the nearest representable ones.
private func integersIn(
  _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, size: Int, isSigned: Bool
) -> [Int] {
  stride(from: range.lowerBound, to: range.upperBound, by: size).map { start in
    var bits: UInt64 = 0
    for index in 0..<size { bits |= UInt64(bytes[start + index]) << UInt64(8 * index) }
    guard isSigned else { return Int(clamping: bits) }
    let unused = UInt64(64 - 8 * size)
    return Int(Int64(bitPattern: bits << unused) >> Int64(unused))
  }
}
