import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import ONNXExport
import Operators

/// Reads the equilibrium models that `ONNXExport` writes: a transition f(z, x), or a loop over one.
///
/// Every number and every operator comes from the graph; the labels in the file only name its parts. A
/// graph that differs from what would be written for such a model is refused.
struct EquilibriumImport {
  private let model: ONNXModel
  private let labels: ONNXLabels
  private let input: ONNXModel.Input
  private let precision: Precision

  /// Whether a model is one of those: its label says so.
  static func recognizes(_ model: ONNXModel) -> Bool {
    ONNXLabels(model.metadata).isWritten && (hasLoop(model) || ONNXLabels(model.metadata).isTransition)
  }

  /// Whether a model without labels may be one of those: it has a loop between their inputs and outputs.
  static func mayRecognize(_ model: ONNXModel) -> Bool {
    let given = Set(model.initializers.map(\.name))
    return hasLoop(model) && model.inputs.map(\.name).filter { !given.contains($0) } == ["x"]
      && [["y"], ["y", "converged"]].contains(model.outputs.map(\.name))
  }

  private static func hasLoop(_ model: ONNXModel) -> Bool {
    model.nodes.contains { $0.operatorType == "Loop" && isDefaultDomain($0.domain) }
  }

  /// The equilibrium model in a file.
  ///
  /// - Throws: `ImportFailure` that names the difference from what would be written.
  static func model(_ model: ONNXModel) throws(ImportFailure) -> EquilibriumModel<Double> {
    let labels = ONNXLabels(model.metadata)
    if model.nodes.contains(where: { $0.operatorType == "Loop" }) {
      return try EquilibriumImport(model, labels, inputs: ["x"]).equilibrium()
    }
    return try EquilibriumImport(model, labels, inputs: ["z", "x"]).transition()
  }

  private init(_ model: ONNXModel, _ labels: ONNXLabels, inputs names: [String]) throws(ImportFailure) {
    let inputs = try model.trueInputs()
    guard inputs.map(\.name) == names else {
      throw .refused(
        place: "inputs", "expected \(names.joined(separator: " and ")), found \(listed(inputs.map(\.name)))")
    }
    self.model = model
    self.labels = labels
    input = inputs[inputs.count - 1]
    guard input.shape.count > 1, input.shape[0] == nil, !input.shape.dropFirst().contains(nil) else {
      throw .refused(
        place: "input \"x\"", "expected a batch of any size before known extents, found \(input.shape)")
    }
    let types = Set(model.inputs.filter { names.contains($0.name) }.map(\.type))
    switch types {
    case [.float32]: precision = .float32
    case [.float64]: precision = .float64
    default: throw .refused(place: "inputs", "expected float32 or float64, found another type")
    }
  }

  /// The version of the operators that a written file of this one's version has.
  private var writtenOpset: Int { model.writtenOpset }

  /// The shape of one sample of x in the graph.
  private var inputShape: [Int] { input.shape.dropFirst().map { $0! } }

  // MARK: The transition alone

  private func transition() throws(ImportFailure) -> EquilibriumModel<Double> {
    guard model.outputs.map(\.name) == ["f"] else {
      throw .refused(place: "outputs", "expected f, found \(listed(model.outputs.map(\.name)))")
    }
    let z = try model.trueInputs()[0]
    guard z.shape.count == 2, z.shape[0] == nil, let size = z.shape[1] else {
      throw .refused(place: "input \"z\"", "expected a batch of vectors, found \(z.shape)")
    }
    var shape = inputShape
    let count = try checkedCount(of: shape, least: 1)
    if let given = labels.inputShape, try checkedCount(of: given) == count { shape = given }
    let graph = TransitionGraph(
      nodes: model.nodes, state: "z", size: size, result: "f", x: "x", xShape: inputShape)
    let blocks = try GraphImport.transition(graph, of: model, labels, precision)
    return try equilibriumModel(blocks, inputShape: shape, output: labels.output ?? blocks.sizes.count - 1)
  }

  private func equilibriumModel(
    _ transition: ImportedTransition, inputShape: [Int], output: Int, shape: [Int]? = nil
  ) throws(ImportFailure) -> EquilibriumModel<Double> {
    guard transition.sizes.indices.contains(output) else {
      throw .refused(
        place: "metadata",
        "expected a read-out among \(counted(transition.sizes.count, "block")), found \(output)")
    }
    do {
      var blocks = transition.blocks
      if let shape { blocks[output] = blocks[output].reshaped(shape) }
      return try EquilibriumModel(inputShape: inputShape, blocks: blocks, output: output)
    } catch {
      throw .refused(error.description)
    }
  }

  // MARK: The loop

  private func equilibrium() throws(ImportFailure) -> EquilibriumModel<Double> {
    let loops = model.nodes.filter { $0.operatorType == "Loop" }
    guard loops.count == 1 else {
      throw .refused(place: "nodes", "expected one Loop, found \(loops.count)")
    }
    let loop = try LoopNode(loops[0], of: model)
    let wanted = loop.checksConvergence ? ["y", "converged"] : ["y"]
    guard model.outputs.map(\.name) == wanted else {
      throw .refused(
        place: "outputs", "expected \(listed(wanted)), found \(listed(model.outputs.map(\.name)))")
    }
    let z = try loop.state(precision)
    let graph = TransitionGraph(
      nodes: loop.body.nodes.filter { $0.outputs != [z] }, state: z, size: loop.stateSize,
      result: loop.body.outputs[1].name, x: "x", xShape: inputShape)
    let transition = try GraphImport.transition(graph, of: model, labels, precision)
    try loop.verify(transition, state: z, precision)
    let (output, shape) = try verifyFrame(of: loop, transition)
    return try equilibriumModel(transition, inputShape: inputShape, output: output, shape: shape)
  }

  /// Compares the nodes around the loop with those that would be written: a start from zeros, and a
  /// read-out.
  ///
  /// - Returns: The position of the read-out block, and its shape.
  private func verifyFrame(
    of loop: LoopNode, _ transition: ImportedTransition
  ) throws(ImportFailure) -> (block: Int, shape: [Int]) {
    let layout = transition.layout
    let found = FoundGraph(model.nodes, model.initializers)
    let graph = ONNXGraph(precision: precision, opset: writtenOpset)
    let start = ONNXModelBuilder.start(
      ONNXValue(name: "x", shape: inputShape), stateSize: layout.size,
      checksConvergence: loop.checksConvergence, in: graph)
    var match = GraphMatch(graph, in: found, bindings: ["x": "x"])
    for (expected, name) in zip(start, loop.node.inputs.dropFirst(2)) { try match.match(expected, name) }
    let (output, shape) = try readOut(found, layout)
    let end = ONNXGraph(precision: precision, opset: writtenOpset)
    let value = ONNXModelBuilder.readOut(of: "equilibrium", layout, block: output, shape: shape, in: end)
    end.rename(value, to: "y")
    end.rename(ONNXValue(name: "has_converged", shape: []), to: "converged")
    var endMatch = GraphMatch(
      end, in: found,
      bindings: ["equilibrium": loop.node.outputs[0], "has_converged": loop.node.outputs.last!])
    try endMatch.match("y", "y")
    if loop.checksConvergence { try endMatch.match("converged", "converged") }
    return (output, shape)
  }

  /// The position and shape of the output block according to the graph; this is verified afterwards.
  private func readOut(
    _ found: FoundGraph, _ layout: StateLayout
  ) throws(ImportFailure) -> (block: Int, shape: [Int]) {
    var (name, position) = ("y", 0)
    var shape: [Int]?
    // At most an Identity, a Reshape and a Split are written.
    for _ in 0..<3 {
      guard let (node, output) = found.givers[name], let first = node.inputs.first else { break }
      if node.operatorType == "Reshape", node.inputs.count == 2,
        case .integers(let extents)? = found.constants[node.inputs[1]]?.contents
      {
        shape = Array(extents.dropFirst())
      }
      if node.operatorType == "Split" { position = output }
      if node.operatorType == "Loop" { break }
      name = first
    }
    guard layout.sizes.indices.contains(position) else {
      throw .refused(
        place: "output \"y\"", "expected one of \(counted(layout.sizes.count, "block")), found another")
    }
    let size = layout.sizes[position]
    guard try checkedCount(of: shape ?? [size], least: 1) == size else {
      throw .refused(
        place: "output \"y\"", "expected a shape of \(counted(size, "number")), found \(shape ?? [size])")
    }
    return (position, shape ?? [size])
  }
}

extension Block {
  /// The same block, its value in another shape of the same size.
  fileprivate func reshaped(_ shape: [Int]) -> Block {
    Block(
      name: name, shape: shape, nonlinearity: nonlinearity, portShapes: portShapes, terms: terms,
      offsets: offsets)
  }
}

/// Names in a message: the first few, and how many more there are.
package func listed(_ names: [String]) -> String {
  guard !names.isEmpty else { return "none" }
  let first = names.prefix(4).map { quoted($0) }.joined(separator: ", ")
  return names.count > 4 ? "\(first) and \(names.count - 4) more" : first
}
