import Operators

// Maps whose outputs are inputs, by the operators that ONNX has for them. Those that merely reshape need none: their
// indices are in order (LinearMap+ONNX.swift).

extension Permute: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let rank = inputShape.count
    return graph.transpose(operands[0], dims.map { $0.axis(ofRank: rank) })
  }
}

extension Slice: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let axis = dim.axis(ofRank: inputShape.count)
    return graph.value(
      "Slice", operands,
      constants: [
        graph.integers([start]), graph.integers([end]), graph.integers([axis + 1]), graph.integers([step]),
      ], shape: outputShape)
  }
}

extension IndexSelect: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let axis = dim.axis(ofRank: inputShape.count)
    return graph.value(
      "Gather", operands, constants: [graph.integers(index)], shape: outputShape,
      [("axis", .integer(axis + 1))])
  }
}

extension Place: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let axis = dim.axis(ofRank: inputShape.count)
    var (before, behind) = (inputShape.map { _ in 0 }, inputShape.map { _ in 0 })
    (before[axis], behind[axis]) = (start, total - start - inputShape[axis])
    return graph.pad(operands[0], before: before, behind: behind)
  }
}

extension Pad: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let rank = inputShape.count
    return graph.pad(
      operands[0], before: Array(padding.prefix(rank)), behind: Array(padding.suffix(rank)))
  }
}

extension Upsample: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    // Each spatial axis gets one of extent 1 behind it, which repeats.
    let factors = scaleFactor.perAxis(inputShape.count - 1)
    let (channels, extents) = (inputShape[0], inputShape.dropFirst())
    let apart = graph.reshape(operands[0], to: [channels] + extents.flatMap { [$0, 1] })
    let repeated = graph.expand(apart, to: [channels] + zip(extents, factors).flatMap { [$0, $1] })
    return graph.reshape(repeated, to: outputShape)
  }
}

extension Expand: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let scaled = graph.times(operands[0], factors)
    let aligned = graph.alongAxes(scaled, dim, rank: outputShape.count)
    return graph.expand(aligned, to: outputShape)
  }
}
