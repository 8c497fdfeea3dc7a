import LinearAlgebra
import ONNXExport
import ONNXSchema
import Operators

/// Recognises the functions that `ONNXExport` composes of several nodes. The nodes that would be written
/// for a function, with the constants found in the graph, are compared with the graph, node by node and bit
/// by bit.
package struct FunctionRecognizer {
  /// A function of values of one shape.
  package struct Function {
    package let nonlinearity: any Nonlinearity
    /// The names of the values at its ports.
    package let ports: [String]
    /// The layout of each port, and of the function's value.
    package let layout: TensorLayout
  }

  package let found: FoundGraph
  private let precision: Precision
  private let opset: Int

  /// A recognizer for a graph with this precision and this version of the operators.
  package init(_ found: FoundGraph, _ precision: Precision, opset: Int = ONNXExport.opset) {
    (self.found, self.precision, self.opset) = (found, precision, opset)
  }

  /// The functions written as several nodes, or as one node that does not determine them.
  private static let types: [any Nonlinearity.Type] = [
    LayerNormalization.self, RootMeanSquareNormalization.self, InstanceNormalization.self,
    GroupNormalization.self, SiLU.self, Mish.self, GELU.self, HardSwish.self, HardSigmoid.self,
    Tanhshrink.self,
    LogSigmoid.self, Softplus.self, Softsign.self, ELU.self, CELU.self, SELU.self, LeakyReLU.self, PReLU.self,
    Softshrink.self, Hardshrink.self, Threshold.self, ReLU6.self, HardTanh.self, Greater.self,
    GreaterOrEqual.self, Equal.self, Choice.self,
  ]

  /// The operators of the last node of these functions.
  private static let lastOperators: Set<String> = [
    "Mul", "Sub", "Neg", "Div", "Add", "Where", "Reshape", "Clip", "HardSigmoid",
  ]

  /// The function whose value a node computes; nil if it is none of these functions.
  ///
  /// - Parameter values: The values of the nodes before it.
  package func function(of node: ONNXModel.Node, values: [String: Value]) -> Function? {
    guard Self.lastOperators.contains(node.operatorType), node.outputs.count == 1,
      let layout = layout(of: node, values)
    else { return nil }
    let shape = atLeastVector(layout.sampleShape)
    let numbers = numbers(behind: node.outputs[0])
    for type in Self.types {
      for attributes in attributes(of: type, numbers, shape) {
        guard let nonlinearity = try? type.init(attributes),
          let ports = ports(of: nonlinearity, at: node.outputs[0], shape)
        else { continue }
        let areLikeIt = ports.allSatisfy { port in
          if case .variable(let variable)? = values[port] { variable.layout == layout } else { false }
        }
        if areLikeIt { return Function(nonlinearity: nonlinearity, ports: ports, layout: layout) }
      }
    }
    return nil
  }

  /// The layout of a node's output, for the operators that end a function.
  private func layout(of node: ONNXModel.Node, _ values: [String: Value]) -> TensorLayout? {
    if node.operatorType == "Reshape" {
      guard node.inputs.count == 2, case .variable(let variable)? = values[node.inputs[0]],
        variable.layout.batchAxis == 0, case .integers(let extents)? = values[node.inputs[1]],
        let wanted = extents.symbols.known, wanted.first == 0, wanted.dropFirst().allSatisfy({ $0 >= 1 })
      else { return nil }
      return try? variable.layout.reshaped(
        to: [variable.layout.extents[0]] + wanted.dropFirst().map { BatchInteger($0) })
    }
    var layouts: [TensorLayout] = []
    for case .variable(let variable)? in node.inputs.map({ values[$0] }) { layouts.append(variable.layout) }
    guard let layout = try? TensorLayout.broadcast(layouts), layout.batchAxis == 0 else { return nil }
    return layout
  }

  /// The values at a function's ports, if the value of this name is computed as would be written for it.
  private func ports(of nonlinearity: any Nonlinearity, at name: String, _ shape: [Int]) -> [String]? {
    guard let emitting = nonlinearity as? any ONNXEmitting else { return nil }
    let type = type(of: nonlinearity)
    for count in type.inputCount...type.inputCount + type.parameterPorts.count {
      guard nonlinearity.outputShape(portShapes: [[Int]](repeating: shape, count: count)) == shape else {
        continue
      }
      let graph = ONNXGraph(precision: precision, opset: opset)
      let operands = (0..<count).map { ONNXValue(name: "port \($0)", shape: shape) }
      guard let value = try? emitting.emit(operands, in: graph) else { continue }
      var match = GraphMatch(graph, in: found)
      guard (try? match.match(value.name, name)) != nil else { continue }
      let ports = operands.compactMap { match.bindings[$0.name] }
      if ports.count == count { return ports }
    }
    return nil
  }

  // MARK: Constants

  /// The single numbers in the nodes closest to a value; the attributes of its function must be among them.
  private func numbers(behind name: String) -> [Double] {
    let (mostNodes, mostNumbers) = (80, 8)
    var (queue, next, numbers): ([String], Int, [Double]) = ([name], 0, [])
    while next < queue.count, next < mostNodes {
      let name = queue[next]
      next += 1
      if let tensor = found.constants[name] {
        if case .numbers(let stored) = tensor.contents, stored.count == 1 { numbers += stored.read() }
      } else if let node = found.givers[name]?.node {
        for case .number(let number) in node.attributes.values { numbers.append(number) }
        queue += node.inputs
      }
    }
    var distinct: [Double] = []
    for number in numbers where !distinct.contains(number) { distinct.append(number) }
    return Array(distinct.prefix(mostNumbers))
  }

  /// The possible attributes of a function: its defaults, and the numbers in the graph.
  private func attributes(
    of type: any Nonlinearity.Type, _ numbers: [Double], _ shape: [Int]
  ) -> [[String: Constant]] {
    // Any two bounds form a Clip, which is read as one.
    if type == HardTanh.self { return [[:]] }
    var all: [[String: Constant]] = [[:]]
    for attribute in type.schema.attributes {
      let values: [Constant] =
        switch attribute.kind {
        case .number:
          // All thresholds of a softplus beyond 40 are written in the same way.
          numbers.map { .number($0) }
            + [attribute.defaultValue, type == Softplus.self ? .number(40) : nil].compactMap { $0 }
            .map(precision.rounded)
        case .word(let words): words.map { .word($0) }
        case .integers where type == GroupNormalization.self:
          (1...shape[0]).filter { shape[0] % $0 == 0 }.map { .integers([$0]) }
        case .integers: shape.indices.reversed().map { .integers(Array(shape[$0...])) }
        default: []
        }
      all = all.flatMap { given in values.map { given.merging([attribute.name: $0]) { $1 } } }
    }
    return all
  }
}
