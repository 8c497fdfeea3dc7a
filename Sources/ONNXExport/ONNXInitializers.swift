import LinearAlgebra
import ONNXSchema

/// The constants of a model, each of them once: weights, shapes, indices, numbers.
package final class ONNXInitializers {
  /// Where the bytes of one come from when it is written.
  package enum Contents {
    /// The numbers of a tensor, in the precision of the export.
    case weights(Tensor<Double>)
    /// These bytes.
    case bytes([UInt8])
  }

  /// One constant.
  package struct Initializer {
    /// Name, type and extents, without the numbers.
    package let header: ONNXTensorProto
    package let contents: Contents
    /// The number of bytes of the numbers.
    package let byteCount: Int
  }

  private struct ByteKey: Hashable {
    let type: ONNXElementType
    let shape: [Int]
    let bytes: [UInt8]
  }

  private struct SourceKey: Hashable {
    let source: ObjectIdentifier
    let shape: [Int]
    let parameter: String?
  }

  /// What is known of a constant that is a parameter of the model.
  package struct Parameter {
    /// The constant's name in the file.
    package let initializer: String
    /// The parameter's name in the model.
    package let label: String
    /// How the constant's shape follows from the parameter's.
    package let layout: Layout
  }

  /// How the shape of a constant follows from that of the parameter that it is.
  package enum Layout: String, CaseIterable {
    /// It is the parameter's own.
    case own = "parameter"
    /// An axis for the batch stands before it.
    case sample
    /// The parameter is a single number without axes; the constant has one, and one for the batch before it.
    case scalar
  }

  /// In the order in which they were first asked for.
  package private(set) var all: [Initializer] = []
  /// The constants that are parameters, in the same order.
  package private(set) var parameters: [Parameter] = []
  private var names: Set<String> = []
  private var byBytes: [ByteKey: String] = [:]
  private var bySource: [SourceKey: String] = [:]
  private var byNumbers: [Int: [(tensor: Tensor<Double>, parameter: String?, name: String)]] = [:]

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
  package func bytes(_ bytes: [UInt8], _ type: ONNXElementType, shape: [Int], named name: String) -> String {
    let key = ByteKey(type: type, shape: shape, bytes: bytes)
    if let known = byBytes[key] { return known }
    byBytes[key] = add(.bytes(bytes), bytes.count, type, shape: shape, named: name)
    return byBytes[key]!
  }

  /// The name of a constant with a tensor's numbers. A tensor that is used twice is there once; of two parameters each
  /// has its own numbers, even where they are equal.
  ///
  /// - Parameters:
  ///   - parameter: The name of the parameter that the tensor is.
  ///   - layout: How the tensor's shape follows from the parameter's.
  package func weights(
    _ tensor: Tensor<Double>, _ type: ONNXElementType, named name: String, parameter: String? = nil,
    layout: Layout = .own
  ) -> String {
    let known = all.count
    let found = constant(tensor, type, named: name, parameter: parameter)
    if let parameter, all.count > known {
      parameters.append(Parameter(initializer: found, label: parameter, layout: layout))
    }
    return found
  }

  private func constant(
    _ tensor: Tensor<Double>, _ type: ONNXElementType, named name: String, parameter: String?
  ) -> String {
    if let source = tensor.source {
      let key = SourceKey(source: ObjectIdentifier(source), shape: tensor.shape, parameter: parameter)
      if let known = bySource[key] { return known }
      bySource[key] = add(.weights(tensor), tensor.count * type.size, type, shape: tensor.shape, named: name)
      return bySource[key]!
    }
    var hasher = Hasher()
    hasher.combine(parameter)
    for number in tensor.elements.prefix(64) { hasher.combine(number.bitPattern) }
    hasher.combine(tensor.shape)
    let hash = hasher.finalize()
    let known = byNumbers[hash, default: []].first { other, label, _ in
      label == parameter && other.shape == tensor.shape
        && other.elements.elementsEqual(tensor.elements) { $0.bitPattern == $1.bitPattern }
    }
    if let known { return known.name }
    let added = add(.weights(tensor), tensor.count * type.size, type, shape: tensor.shape, named: name)
    byNumbers[hash, default: []].append((tensor, parameter, added))
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
package enum ONNXElementType: Int32 {
  case float32 = 1
  case int64 = 7
  case bool = 9
  case float64 = 11

  /// The number of bytes of one element.
  package var size: Int {
    switch self {
    case .bool: 1
    case .float32: 4
    case .int64, .float64: 8
    }
  }
}
