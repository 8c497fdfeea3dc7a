import Blocks
import LinearAlgebra
import Operators

/// A parameter times constants, broadcast along some axes of a larger tensor: what an exported model
/// computes from a parameter before a multiplication or addition.
private struct SpreadParameter {
  /// The parameter in its own shape.
  let tensor: Tensor<Double>
  let name: String
  /// A constant for each of its elements; empty if all are 1.
  let factors: [Double]
  /// The axis of a sample for each axis of the parameter.
  let dims: [Int]
}

extension GraphImport {
  /// The value of a node that multiplies by, or repeats, such a parameter, which remains a parameter in its
  /// own shape; nil for any other node.
  func spreadParameter(_ node: ONNXModel.Node) throws(ImportFailure) -> Variable? {
    guard node.inputs.count == 2, node.outputs.count == 1, node.attributes.isEmpty else { return nil }
    let builder = NodeImport(node: node, opset: model.opset, inputs: [], builder: builder)
    switch (node.operatorType, values[node.inputs[0]], values[node.inputs[1]]) {
    case ("Mul", .variable(let x)?, let other?) where x.layout.batchAxis == 0 && x.layout.shape.count > 1:
      let shape = x.layout.sampleShape
      guard let spread = spread(node.inputs[1], shape: other.shape, over: shape) else { return nil }
      let map = try linearMap("scale", from: shape, spread.constants, weight: spread.tensor)
      return try builder.affine(
        Port(shape: shape, terms: [Term(source: x.source, map: map, parameter: spread.name)]), x.layout)
    case ("Expand", let value?, .integers(let extents)?):
      // A single sample, which is not repeated along the batch here.
      guard let wanted = extents.symbols.known, wanted.first == 1, wanted.count > 1 else { return nil }
      let shape = Array(wanted.dropFirst())
      guard let spread = spread(node.inputs[0], shape: value.shape, over: shape) else { return nil }
      var constants = spread.constants
      constants["shape"] = .integers(shape)
      let map = try linearMap("expand", from: atLeastVector(spread.tensor.shape), constants)
      let offset = Offset(tensor: spread.tensor, map: map, parameter: spread.name)
      return try builder.affine(Port(shape: shape, offsets: [offset]), TensorLayout(wanted))
    default: return nil
    }
  }

  /// The parameter that a value of the graph is computed from, by constants of its own shape and by axes of
  /// extent 1; nil if there is none.
  private func spread(_ name: String, shape: [Int], over target: [Int]) -> SpreadParameter? {
    guard let found = recognizer?.found else { return nil }
    var (name, factors): (String, [Double]) = (name, [])
    // At most a Reshape and a Mul.
    for _ in 0..<3 {
      if case .numbers(let numbers)? = values[name], let parameter = numbers.parameter {
        guard !numbers.isTransposed, factors.isEmpty || factors.count == numbers.tensor.count,
          numbers.tensor.count <= TensorSize.maximum,
          let dims = axes(of: numbers.tensor.shape, in: shape, over: target)
        else { return nil }
        return SpreadParameter(tensor: numbers.tensor, name: parameter, factors: factors, dims: dims)
      }
      guard let node = found.givers[name]?.node, node.inputs.count == 2 else { return nil }
      if node.operatorType == "Mul", factors.isEmpty, case .numbers(let numbers)? = values[node.inputs[1]],
        numbers.parameter == nil, let whole = values[node.inputs[0]], whole.shape == numbers.shape
      {
        factors = numbers.elements
      } else if node.operatorType != "Reshape" {
        return nil
      }
      name = node.inputs[0]
    }
    return nil
  }

  /// The axes of a sample of shape `target` for the axes of `own` in `shape`, which is one sample for the
  /// whole batch; nil unless `shape` is `own` with additional axes of extent 1.
  private func axes(of own: [Int], in shape: [Int], over target: [Int]) -> [Int]? {
    guard shape.count == target.count + 1, shape[0] == 1 else { return nil }
    let sample = Array(shape.dropFirst())
    guard zip(sample, target).allSatisfy({ $0 == $1 || $0 == 1 }) else { return nil }
    var (dims, next): ([Int], Int) = ([], 0)
    for extent in own {
      while next < sample.count, sample[next] != extent {
        guard sample[next] == 1 else { return nil }
        next += 1
      }
      guard next < sample.count else { return nil }
      dims.append(next)
      next += 1
    }
    return sample[next...].allSatisfy { $0 == 1 } ? dims : nil
  }
}

extension SpreadParameter {
  /// The constants of a map that broadcasts the parameter along these axes.
  fileprivate var constants: [String: Constant] {
    ["dim": .integers(dims), "factors": .numbers(factors)]
  }
}
