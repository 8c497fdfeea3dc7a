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
  let model: ONNXModel
  let labels: ONNXLabels
  /// The inputs besides the state of a transition, one sample of each.
  let inputs: [ModelSignature.Tensor]
  let precision: Precision

  /// Whether a model is one of those: its label says so.
  static func recognizes(_ model: ONNXModel) -> Bool {
    ONNXLabels(model.metadata).isWritten && (hasLoop(model) || ONNXLabels(model.metadata).isTransition)
  }

  /// Whether a model without labels may be one of those: it has a loop between their inputs and outputs.
  static func mayRecognize(_ model: ONNXModel) -> Bool {
    model.nodes.count { $0.operatorType == "Loop" && isDefaultDomain($0.domain) } == 1
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
      return try EquilibriumImport(model, labels, state: nil).equilibrium()
    }
    return try EquilibriumImport(model, labels, state: "z").transition()
  }

  /// - Parameter state: The name of the state among the inputs of a transition, whose other input is x.
  private init(_ model: ONNXModel, _ labels: ONNXLabels, state: String?) throws(ImportFailure) {
    let all = try model.trueInputs()
    if let state, all.map(\.name) != [state, "x"] {
      throw .refused(place: "inputs", "expected \(state) and x, found \(listed(all.map(\.name)))")
    }
    self.model = model
    self.labels = labels
    inputs = try all.dropFirst(state == nil ? 0 : 1).map { input throws(ImportFailure) in
      guard let batch = input.shape.first, batch == nil, !input.shape.dropFirst().contains(nil) else {
        throw .refused(
          place: "input \(quoted(input.name))",
          "expected a batch of any size before known extents, found \(input.shape)")
      }
      return ModelSignature.Tensor(input.name, input.shape.dropFirst().map { $0! })
    }
    guard !inputs.isEmpty else { throw .refused(place: "inputs", "expected an input, found none") }
    let names = Set(all.map(\.name))
    let types = Set(model.inputs.filter { names.contains($0.name) }.map(\.type))
    switch types {
    case [.float32]: precision = .float32
    case [.float64]: precision = .float64
    default: throw .refused(place: "inputs", "expected float32 or float64, found another type")
    }
  }

  /// The version of the operators that a written file of this one's version has.
  var writtenOpset: Int { model.writtenOpset }

  // MARK: The transition alone

  private func transition() throws(ImportFailure) -> EquilibriumModel<Double> {
    guard model.outputs.map(\.name) == ["f"] else {
      throw .refused(place: "outputs", "expected f, found \(listed(model.outputs.map(\.name)))")
    }
    let z = try model.trueInputs()[0]
    guard z.shape.count == 2, z.shape[0] == nil, let size = z.shape[1] else {
      throw .refused(place: "input \"z\"", "expected a batch of vectors, found \(z.shape)")
    }
    let shape = try sampleShape()
    let graph = TransitionGraph(
      nodes: model.nodes, state: "z", size: size, result: "f", x: "x", xShape: inputs[0].shape)
    let blocks = try GraphImport.transition(graph, of: model, labels, precision)
    return try equilibriumModel(blocks, inputShape: shape, output: labels.output ?? blocks.sizes.count - 1)
  }

  /// The shape of one sample of the model's input: that of the label, or of the only input.
  func sampleShape() throws(ImportFailure) -> [Int] {
    var count = 0
    for input in inputs {
      let size = try checkedCount(of: input.shape, least: 1)
      let (sum, isTooLarge) = count.addingReportingOverflow(size)
      guard !isTooLarge else {
        throw .refused(place: "inputs", "expected fewer numbers, found more than can be counted")
      }
      count = sum
    }
    if let given = labels.inputShape, try checkedCount(of: given) == count { return given }
    return inputs.count == 1 && !inputs[0].shape.isEmpty ? inputs[0].shape : [count]
  }

  private func equilibriumModel(
    _ transition: ImportedTransition, inputShape: [Int], output: Int, shape: [Int]? = nil,
    signature: ModelSignature = .unnamed
  ) throws(ImportFailure) -> EquilibriumModel<Double> {
    guard transition.sizes.indices.contains(output) else {
      throw .refused(
        place: "metadata",
        "expected a read-out among \(counted(transition.sizes.count, "block")), found \(output)")
    }
    do {
      var blocks = transition.blocks
      if let shape { blocks[output] = blocks[output].reshaped(shape) }
      return try EquilibriumModel(
        inputShape: inputShape, blocks: blocks, output: output, signature: signature)
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
    let outputs = try resultTensors(of: loop)
    let x = try flatInput()
    let z = try loop.state(precision)
    let graph = TransitionGraph(
      nodes: loop.body.nodes.filter { $0.outputs != [z] }, state: z, size: loop.stateSize,
      result: loop.body.outputs[1].name, x: x.name, xShape: x.shape)
    let transition = try GraphImport.transition(graph, of: model, labels, precision)
    try loop.verify(transition, state: z, precision)
    let (output, shape) = try verifyFrame(of: loop, transition, x: x, outputs: outputs)
    // A model without names is written with x and y.
    let isNamed = inputs != [.init("x", x.shape)]
    let areResultsNamed = outputs.map(\.name) != ["y"] || outputs[0].shape != shape
    return try equilibriumModel(
      transition, inputShape: x.shape, output: output, shape: shape,
      signature: ModelSignature(inputs: isNamed ? inputs : [], outputs: areResultsNamed ? outputs : []))
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
