import LinearAlgebra
import Operators

extension DenseMap: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.product(operands[0], parameter!, named: "weight")
  }
}

extension Linear: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let axis = dim.axis(ofRank: inputShape.count)
    let matrix = graph.weights(weight)
    func oriented(_ wanted: Bool) -> String {
      wanted ? matrix : graph.node("Transpose", [matrix], results: ["transposed"])[0]
    }
    if axis == inputShape.count - 1 {
      return graph.value("MatMul", operands, constants: [oriented(transposed)], shape: outputShape)
    }
    // The axes before and behind become one each: W X for the last two.
    let (outer, inner) = (inputShape.prefix(axis).reduce(1, *), inputShape.dropFirst(axis + 1).reduce(1, *))
    let x = graph.reshape(operands[0], to: [outer, inputShape[axis], inner])
    let names = graph.node("MatMul", [oriented(!transposed), x.name], results: ["MatMul"])
    let y = ONNXValue(name: names[0], shape: [outer, outputShape[axis], inner], isBatched: x.isBatched)
    return graph.reshape(y, to: outputShape)
  }
}

extension IdentityMap: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue { operands[0] }
}

extension Multiply: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.scale(operands[0], by: factor)
  }
}

extension Scale: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let scale = graph.times(graph.sample(weight), factors)
    let factor = graph.alongAxes(scale, dim, rank: inputShape.count)
    return graph.value("Mul", [operands[0], factor], shape: outputShape)
  }
}

extension Sum: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.reduce("ReduceSum", operands[0], over: dim, to: outputShape)
  }
}

extension Mean: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    graph.reduce("ReduceMean", operands[0], over: dim, to: outputShape)
  }
}

extension ONNXGraph {
  /// A reduction over the axes that the constant `dim` names.
  package func reduce(_ type: String, _ value: ONNXValue, over dim: [Int], to shape: [Int]) -> ONNXValue {
    let rank = value.shape.count
    let axes = dim.map { $0.axis(ofRank: rank) }
    return reshape(reduce(type, value, axes: axes), to: shape)
  }

  /// The value times a constant for each coordinate; all 1 where there are none.
  package func times(_ value: ONNXValue, _ factors: [Double]) -> ONNXValue {
    guard !factors.isEmpty else { return value }
    return self.value(
      "Mul", [value], constants: [numbers(factors, shape: [1] + value.shape)], shape: value.shape)
  }

  /// The value with its axes along the axes `dims` of a larger tensor, or along the last ones where `dims` is empty; extents
  /// of 1 elsewhere, which ONNX repeats.
  func alongAxes(_ value: ONNXValue, _ dims: [Int], rank: Int) -> ONNXValue {
    let axes =
      dims.isEmpty
      ? value.shape.indices.map { $0 + rank - value.shape.count } : dims.map { $0 < 0 ? $0 + rank : $0 }
    let order = axes.indices.sorted { axes[$0] < axes[$1] }
    let inOrder = transpose(value, order)
    var shape = [Int](repeating: 1, count: rank)
    for axis in value.shape.indices where axes[axis] >= 0 { shape[axes[axis]] = value.shape[axis] }
    return reshape(inOrder, to: shape)
  }
}
