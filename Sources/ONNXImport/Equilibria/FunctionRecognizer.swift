import LinearAlgebra
import ONNXExport
import ONNXSchema
import Operators

/// Finds the functions that `ONNXExport` puts together from several nodes: what it would write for a function, with the
/// constants that stand in the graph, is compared with the graph, node by node and bit by bit.
package struct FunctionRecognizer {
  /// A function of values of one shape.
  package struct Function {
    package let nonlinearity: any Nonlinearity
    /// The names of the values that its ports are.
    package let ports: [String]
    /// The layout of each of them, and of what the function gives.
    package let layout: Layout
  }

  package let found: FoundGraph
  private let precision: ONNXExport.Precision

  /// What finds functions in a graph that computes in this precision.
  package init(_ found: FoundGraph, _ precision: ONNXExport.Precision) {
    (self.found, self.precision) = (found, precision)
  }

  /// The functions of several nodes, or of one node that says less than they do.
  private static let types: [any Nonlinearity.Type] = [
    LayerNormalization.self, RootMeanSquareNormalization.self, InstanceNormalization.self,
    GroupNormalization.self, SiLU.self, Mish.self, GELU.self, HardSwish.self, HardSigmoid.self,
    Tanhshrink.self,
    LogSigmoid.self, Softplus.self, Softsign.self, ELU.self, CELU.self, SELU.self, LeakyReLU.self, PReLU.self,
    Softshrink.self, Hardshrink.self, Threshold.self, ReLU6.self, HardTanh.self, Greater.self,
    GreaterOrEqual.self, Equal.self, Choice.self,
  ]

  /// The operators that the last node of one of them may have.
  private static let lastOperators: Set<String> = [
    "Mul", "Sub", "Neg", "Div", "Add", "Where", "Reshape", "Clip", "HardSigmoid",
  ]

  /// The function whose value a node gives; nil where the node is none of theirs.
  ///
  /// - Parameter values: What the nodes before it give.
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

  /// The layout of what a node gives, of the few operators that end a function.
  private func layout(of node: ONNXModel.Node, _ values: [String: Value]) -> Layout? {
    if node.operatorType == "Reshape" {
      guard node.inputs.count == 2, case .variable(let variable)? = values[node.inputs[0]],
        variable.layout.batchAxis == 0, case .integers(let extents)? = values[node.inputs[1]],
        extents.elements.first == 0, extents.elements.dropFirst().allSatisfy({ $0 >= 1 })
      else { return nil }
      return try? variable.layout.reshaped(to: [variable.layout.shape[0]] + extents.elements.dropFirst())
    }
    var layouts: [Layout] = []
    for case .variable(let variable)? in node.inputs.map({ values[$0] }) { layouts.append(variable.layout) }
    guard let layout = try? Layout.broadcast(layouts), layout.batchAxis == 0 else { return nil }
    return layout
  }

  /// The values that a function's ports are, if the value of this name is what is written for it.
  private func ports(of nonlinearity: any Nonlinearity, at name: String, _ shape: [Int]) -> [String]? {
    guard let emitting = nonlinearity as? any ONNXEmitting else { return nil }
    let type = type(of: nonlinearity)
    for count in type.inputCount...type.inputCount + type.parameterPorts.count {
      guard nonlinearity.outputShape(portShapes: [[Int]](repeating: shape, count: count)) == shape else {
        continue
      }
      let graph = ONNXGraph(precision: precision)
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

  /// The single numbers that stand in the nodes closest to a value, which the attributes of its function must be among.
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

  /// The attributes that a function may have: what it has where none are given, and the numbers of the graph.
  private func attributes(
    of type: any Nonlinearity.Type, _ numbers: [Double], _ shape: [Int]
  ) -> [[String: Constant]] {
    // Any two bounds are a Clip, which is read as one.
    if type == HardTanh.self { return [[:]] }
    var all: [[String: Constant]] = [[:]]
    for attribute in type.schema.attributes {
      let values: [Constant] =
        switch attribute.kind {
        case .number:
          // Beyond 40 any threshold of a softplus is written in the same way.
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
