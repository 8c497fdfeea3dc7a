import Operators

// As a sum of gathered elements: Resize, which runtimes lack in double precision, rounds its coordinates.
extension Interpolate: ONNXEmitting where S == Double {
  package func emit(_ operands: [ONNXValue], in graph: ONNXGraph) -> ONNXValue {
    let (channels, area) = (outputShape[0], outputShape.dropFirst().reduce(1, *))
    let planes = graph.reshape(operands[0], to: [channels, inputSize / channels])
    let summands = gatherings.map { places, weights in
      let gathered = graph.value(
        "Gather", [planes], constants: [graph.integers(places)], shape: [channels, area],
        [("axis", .integer(2))])
      if weights.allSatisfy({ $0 == 1 }) { return gathered }
      return graph.value(
        "Mul", [gathered], constants: [graph.numbers(weights, shape: [1, 1, area])], shape: [channels, area])
    }
    return graph.reshape(summands.dropFirst().reduce(summands[0], graph.add), to: outputShape)
  }
}
