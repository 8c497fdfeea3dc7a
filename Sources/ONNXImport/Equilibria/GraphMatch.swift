import FileAccess
import ONNXExport
import ONNXSchema

/// Compares a graph of a file with one that this library would write: the same operators with the same
/// attributes on the same values, up to the names of values.
struct GraphMatch {
  /// The expected graph.
  private let pattern: [String: (node: ONNXNodeProto, output: Int)]
  private let patternConstants: [String: ONNXInitializers.Initializer]
  /// The graph in the file.
  private let found: FoundGraph
  /// The values bound to free names of the pattern.
  private(set) var bindings: [String: String]

  /// A comparison in which these names of the pattern are already bound. Other names without a node in the
  /// pattern are bound to whatever value is in their place.
  init(_ pattern: ONNXGraph, in found: FoundGraph, bindings: [String: String] = [:]) {
    var givers: [String: (node: ONNXNodeProto, output: Int)] = [:]
    for node in pattern.nodes {
      for (output, name) in node.output.enumerated() { givers[name] = (node, output) }
    }
    self.pattern = givers
    patternConstants = Dictionary(
      uniqueKeysWithValues: pattern.initializers.all.map { ($0.header.name, $0) })
    self.found = found
    self.bindings = bindings
  }

  /// Compares the value of this name in the pattern with one in the file.
  ///
  /// - Throws: At the node, what was expected and found.
  mutating func match(_ expected: String, _ name: String) throws(ImportFailure) {
    if let bound = bindings[expected] {
      guard bound == name else { throw difference(name, "\(quoted(bound))") }
      return
    }
    if let constant = patternConstants[expected] {
      guard let tensor = found.constants[name] else { throw difference(name, "a constant") }
      guard tensor.equals(constant) else {
        throw difference(name, "other numbers")
      }
      return
    }
    guard let (node, output) = pattern[expected] else {
      bindings[expected] = name
      return
    }
    guard let (other, otherOutput) = found.givers[name] else { throw difference(name, "a \(node.opType)") }
    guard other.operatorType == node.opType, isDefaultDomain(other.domain), output == otherOutput,
      other.outputs.count == node.output.count, other.inputs.count == node.input.count
    else { throw difference(name, "a \(node.opType) of \(counted(node.input.count, "input"))") }
    guard other.attributes.count == node.attribute.count,
      node.attribute.allSatisfy({ attribute in
        other.attributes[attribute.name].map { $0.equals(attribute) } ?? false
      })
    else { throw difference(name, "other attributes") }
    bindings[expected] = name
    for (expected, name) in zip(node.input, other.inputs) { try match(expected, name) }
  }

  private func difference(_ name: String, _ expected: String) -> ImportFailure {
    let what = found.givers[name].map { "\($0.node.operatorType) " } ?? ""
    return .refused(
      place: "\(what)\(quoted(name))",
      "expected what deq export writes here, \(expected), found another value")
  }
}

/// The nodes of a graph by their outputs, and the constants that they read.
package struct FoundGraph {
  /// The node that computes each value, and the index of its output.
  let givers: [String: (node: ONNXModel.Node, output: Int)]
  /// The constants by name.
  package let constants: [String: ONNXTensor]

  package init(_ nodes: [ONNXModel.Node], _ initializers: [ONNXTensor]) {
    var givers: [String: (node: ONNXModel.Node, output: Int)] = [:]
    for node in nodes {
      for (output, name) in node.outputs.enumerated() where !name.isEmpty { givers[name] = (node, output) }
    }
    self.givers = givers
    constants = Dictionary(initializers.map { ($0.name, $0) }) { first, _ in first }
  }
}

extension ONNXTensor {
  /// Whether the tensor has the type, the extents and the bits of the expected one.
  fileprivate func equals(_ expected: ONNXInitializers.Initializer) -> Bool {
    guard case .bytes(let bytes) = expected.contents else { return false }
    return equals(bytes, type: expected.header.dataType, shape: expected.header.dims)
  }

  fileprivate func equals(_ bytes: [UInt8], type number: Int32, shape dims: [Int64]) -> Bool {
    guard type.rawValue == Int(number), shape == dims.map({ Int($0) }) else { return false }
    switch contents {
    case .integers(let integers):
      let size = type.integer!.size
      guard bytes.count == integers.count * size else { return false }
      return integers.indices.allSatisfy { index in
        (0..<size).allSatisfy { byte in
          bytes[index * size + byte] == UInt8(truncatingIfNeeded: integers[index] >> (8 * byte))
        }
      }
    case .numbers(let stored):
      guard bytes.count == stored.byteCount else { return false }
      let expected = bytes.withUnsafeBytes { stored.type.numbers(in: $0) }
      return stored.read().elementsEqual(expected) { $0.bitPattern == $1.bitPattern }
    }
  }
}

extension ONNXModel.Attribute {
  /// Whether the attribute has the expected value.
  fileprivate func equals(_ expected: ONNXAttributeProto) -> Bool {
    switch self {
    case .number(let value): expected.type == 1 && value.bitPattern == Double(expected.f).bitPattern
    case .integer(let value): expected.type == 2 && Int64(value) == expected.i
    case .word(let word): expected.type == 3 && Array(word.utf8) == Array(expected.s)
    case .integers(let values): expected.type == 7 && values.map(Int64.init) == expected.ints
    case .tensor(let tensor):
      expected.type == 4
        && tensor.equals(Array(expected.t.rawData), type: expected.t.dataType, shape: expected.t.dims)
    case .numbers, .words, .graph, .reference, .other: false
    }
  }
}
