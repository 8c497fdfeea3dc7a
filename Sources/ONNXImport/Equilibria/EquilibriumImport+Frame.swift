import Blocks
import FileAccess
import LinearAlgebra
import ONNXExport
import Operators

// The nodes around the loop: what makes the model's input of the graph's, and the graph's outputs of the state.
extension EquilibriumImport {
  /// The outputs without the flags of convergence, which come last.
  func resultTensors(of loop: LoopNode) throws(ImportFailure) -> [ModelSignature.Tensor] {
    let results = model.outputs.dropLast(loop.checksConvergence ? 1 : 0)
    guard !results.isEmpty else {
      throw .refused(
        place: "outputs",
        loop.checksConvergence
          ? "expected results, and flags of convergence as the last, found \(listed(model.outputs.map(\.name)))"
          : "expected results, found none")
    }
    return try results.map { output throws(ImportFailure) in
      let extents = (output.shape ?? []).dropFirst().map { extent -> Int? in
        if case .fixed(let extent) = extent, extent > 0 { extent } else { nil }
      }
      guard output.shape?.isEmpty == false, !extents.contains(nil) else {
        throw .refused(
          place: "output \(quoted(output.name))", "expected a batch before known extents, found another shape"
        )
      }
      return ModelSignature.Tensor(output.name, extents.map { $0! })
    }
  }

  /// The value of the graph that is the model's input: an input itself, or what is gathered from several.
  func flatInput() throws(ImportFailure) -> ONNXValue {
    let shape = try sampleShape()
    let found = FoundGraph(model.nodes, model.initializers)
    let vector =
      inputs.count == 1
      ? ONNXValue(name: inputs[0].name, shape: inputs[0].shape) : try concatenation(in: found)
    if vector.shape == shape { return vector }
    let graph = ONNXGraph(precision: precision, opset: writtenOpset)
    let flat = graph.reshape(ONNXValue(name: "vector", shape: vector.shape), to: shape)
    for node in model.nodes
    where node.operatorType == "Reshape" && node.outputs.count == 1 && node.inputs.first == vector.name {
      var match = GraphMatch(graph, in: found, bindings: ["vector": vector.name])
      if (try? match.match(flat.name, node.outputs[0])) != nil {
        return ONNXValue(name: node.outputs[0], shape: shape)
      }
    }
    throw differentInputs()
  }

  /// The vector of all inputs, one after the other.
  private func concatenation(in found: FoundGraph) throws(ImportFailure) -> ONNXValue {
    let graph = ONNXGraph(precision: precision, opset: writtenOpset)
    let parts = inputs.enumerated().map { ONNXValue(name: "input \($0)", shape: $1.shape) }
    let size = parts.reduce(0) { $0 + $1.size }
    let whole = ONNXModelBuilder.gather(parts, shape: [size], in: graph)
    let pattern = GraphMatch(
      graph, in: found,
      bindings: Dictionary(uniqueKeysWithValues: zip(parts.map(\.name), inputs.map(\.name))))
    // Only nodes of as many inputs are compared, so that the work grows with the file.
    for node in model.nodes
    where node.operatorType == "Concat" && node.outputs.count == 1 && node.inputs.count == parts.count {
      var match = pattern
      if (try? match.match(whole.name, node.outputs[0])) != nil {
        return ONNXValue(name: node.outputs[0], shape: [size])
      }
    }
    throw differentInputs()
  }

  private func differentInputs() -> ImportFailure {
    .refused(
      place: "inputs",
      "expected what deq export writes for \(counted(inputs.count, "input")), found another graph")
  }

  /// Compares the nodes around the loop with those that would be written: a start from zeros, and a
  /// read-out.
  ///
  /// - Returns: The position of the read-out block, and its shape.
  func verifyFrame(
    of loop: LoopNode, _ transition: ImportedTransition, x: ONNXValue, outputs: [ModelSignature.Tensor]
  ) throws(ImportFailure) -> (block: Int, shape: [Int]) {
    let layout = transition.layout
    let found = FoundGraph(model.nodes, model.initializers)
    let graph = ONNXGraph(precision: precision, opset: writtenOpset)
    let start = ONNXModelBuilder.start(
      ONNXValue(name: "x", shape: x.shape), stateSize: layout.size,
      checksConvergence: loop.checksConvergence, in: graph)
    var match = GraphMatch(graph, in: found, bindings: ["x": x.name])
    for (expected, name) in zip(start, loop.node.inputs.dropFirst(2)) { try match.match(expected, name) }
    let (output, shape) = try readOut(found, layout, outputs)
    let end = ONNXGraph(precision: precision, opset: writtenOpset)
    let value = ONNXModelBuilder.readOut(of: "equilibrium", layout, block: output, shape: shape, in: end)
    for (index, part) in ONNXModelBuilder.divide(value, into: outputs, in: end).enumerated() {
      end.rename(part, to: "output \(index)")
    }
    end.rename(ONNXValue(name: "has_converged", shape: []), to: "converged")
    var endMatch = GraphMatch(
      end, in: found,
      bindings: ["equilibrium": loop.node.outputs[0], "has_converged": loop.node.outputs.last!])
    for (index, output) in outputs.enumerated() { try endMatch.match("output \(index)", output.name) }
    if loop.checksConvergence { try endMatch.match("converged", model.outputs.last!.name) }
    return (output, shape)
  }

  /// The position and shape of the output block according to the graph; this is verified afterwards.
  private func readOut(
    _ found: FoundGraph, _ layout: StateLayout, _ outputs: [ModelSignature.Tensor]
  ) throws(ImportFailure) -> (block: Int, shape: [Int]) {
    var (name, position) = (outputs[0].name, 0)
    var shape: [Int]?
    // Several outputs are parts of the block's value, whose own shape is below the node that splits it.
    var isPart = outputs.count > 1
    // At most an Identity, two times a Split and three times a Reshape are written.
    for _ in 0..<6 {
      guard let (node, output) = found.givers[name], let first = node.inputs.first else { break }
      if !isPart, node.operatorType == "Reshape", node.inputs.count == 2,
        case .integers(let extents)? = found.constants[node.inputs[1]]?.contents
      {
        shape = Array(extents.dropFirst())
      }
      if node.operatorType == "Split" {
        if !isPart { position = output }
        isPart = false
      }
      if node.operatorType == "Loop" { break }
      name = first
    }
    guard layout.sizes.indices.contains(position) else {
      throw .refused(
        place: "output \(quoted(outputs[0].name))",
        "expected one of \(counted(layout.sizes.count, "block")), found another")
    }
    let size = layout.sizes[position]
    guard try checkedCount(of: shape ?? [size], least: 1) == size else {
      throw .refused(
        place: "output \(quoted(outputs[0].name))",
        "expected a shape of \(counted(size, "number")), found \(shape ?? [size])")
    }
    return (position, shape ?? [size])
  }
}
