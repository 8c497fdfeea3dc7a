import LinearAlgebra
import ONNXSchema

/// The constants of a model, each of them once: weights, shapes, indices, numbers.
final class ONNXInitializers {
  /// Where the bytes of one come from when it is written.
  enum Contents {
    /// The numbers of a tensor, in the precision of the export.
    case weights(Tensor<Double>)
    /// These bytes.
    case bytes([UInt8])
  }

  /// One constant.
  struct Initializer {
    /// Name, type and extents, without the numbers.
    let header: ONNXTensorProto
    let contents: Contents
    /// The number of bytes of the numbers.
    let byteCount: Int
  }

  private struct ByteKey: Hashable {
    let type: ONNXElementType
    let shape: [Int]
    let bytes: [UInt8]
  }

  private struct SourceKey: Hashable {
    let source: ObjectIdentifier
    let shape: [Int]
  }

  /// In the order in which they were first asked for.
  private(set) var all: [Initializer] = []
  private var names: Set<String> = []
  private var byBytes: [ByteKey: String] = [:]
  private var bySource: [SourceKey: String] = [:]
  private var byNumbers: [Int: [(tensor: Tensor<Double>, name: String)]] = [:]

  /// A name that nothing else in the model has: `name`, or with a number behind it.
  func uniqueName(_ name: String) -> String {
    var (candidate, count) = (name, 1)
    while !names.insert(candidate).inserted {
      count += 1
      candidate = "\(name)_\(count)"
    }
    return candidate
  }

  /// The name of a constant with these bytes.
  func bytes(_ bytes: [UInt8], _ type: ONNXElementType, shape: [Int], named name: String) -> String {
    let key = ByteKey(type: type, shape: shape, bytes: bytes)
    if let known = byBytes[key] { return known }
    byBytes[key] = add(.bytes(bytes), bytes.count, type, shape: shape, named: name)
    return byBytes[key]!
  }

  /// The name of a constant with a tensor's numbers. A tensor that is used twice is there once.
  func weights(_ tensor: Tensor<Double>, _ type: ONNXElementType, named name: String) -> String {
    if let source = tensor.source {
      let key = SourceKey(source: ObjectIdentifier(source), shape: tensor.shape)
      if let known = bySource[key] { return known }
      bySource[key] = add(.weights(tensor), tensor.count * type.size, type, shape: tensor.shape, named: name)
      return bySource[key]!
    }
    var hasher = Hasher()
    for number in tensor.elements.prefix(64) { hasher.combine(number.bitPattern) }
    hasher.combine(tensor.shape)
    let hash = hasher.finalize()
    let known = byNumbers[hash, default: []].first { other, _ in
      other.shape == tensor.shape
        && other.elements.elementsEqual(tensor.elements) { $0.bitPattern == $1.bitPattern }
    }
    if let known { return known.name }
    let added = add(.weights(tensor), tensor.count * type.size, type, shape: tensor.shape, named: name)
    byNumbers[hash, default: []].append((tensor, added))
    return added
  }

  private func add(
    _ contents: Contents, _ byteCount: Int, _ type: ONNXElementType, shape: [Int], named name: String
  ) -> String {
    let name = uniqueName(name)
    let header = ONNXTensorProto.with {
      $0.name = name
      $0.dataType = type.rawValue
      $0.dims = shape.map(Int64.init)
    }
    all.append(Initializer(header: header, contents: contents, byteCount: byteCount))
    return name
  }
}

/// The types of elements that an exported model has, by their numbers in ONNX.
enum ONNXElementType: Int32 {
  case float32 = 1
  case int64 = 7
  case bool = 9
  case float64 = 11

  /// The number of bytes of one element.
  var size: Int {
    switch self {
    case .bool: 1
    case .float32: 4
    case .int64, .float64: 8
    }
  }
}
