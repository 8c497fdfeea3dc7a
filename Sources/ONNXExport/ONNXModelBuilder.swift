import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import ONNXSchema

/// Builds an exported model around the transition.
package struct ONNXModelBuilder {
  private let model: EquilibriumModel<Double>
  private let precision: Precision
  private let file: String
  private let graph: ONNXGraph
  private var description = ""
  private var isTransition = true
  package private(set) var inputs: [ONNXExport.Port] = []
  package private(set) var outputs: [ONNXExport.Port] = []
  package private(set) var nodeCount = 0

  /// A builder of an empty model.
  package init(
    _ model: EquilibriumModel<Double>, precision: Precision, opset: Int = ONNXExport.opset, file: String
  ) {
    self.model = model
    self.precision = precision
    self.file = file
    graph = ONNXGraph(precision: precision, opset: opset)
  }

  /// The transition: inputs z, `[batch, N]`, and x, `[batch, n]`; output f, `[batch, N]`.
  mutating func buildTransition() throws(FileError) {
    let (z, x, result) = (input("z", [model.stateSize]), input("x", [model.inputSize]), name("f"))
    var transition = TransitionEmitter(model, z: z, x: x, in: graph, file: file)
    output(try transition.emit(), named: result)
    nodeCount = graph.nodes.count
    description = "f(z, x), the transition of an equilibrium model"
  }

  /// The equilibrium: the model's inputs and outputs under their own names and in their own shapes, x and y where they
  /// have no names; for a cyclic model also a convergence flag for each sample.
  mutating func buildLoop(limit: Int) throws(FileError) {
    let parts = (model.signature.inputs.isEmpty ? [.init("x", model.inputShape)] : model.signature.inputs)
      .map { input($0.name, $0.shape) }
    let results =
      (model.signature.outputs.isEmpty ? [.init("y", model.outputShape)] : model.signature.outputs)
      .map { ModelSignature.Tensor(name($0.name), $0.shape) }
    let converged = name("converged")
    let x = Self.gather(parts, shape: model.inputShape, in: graph)
    let isCyclic = model.nilpotencyIndex == nil
    let body = try LoopBody(model, x: x, checksConvergence: isCyclic, outer: graph, file: file)
    let start = Self.start(x, stateSize: model.stateSize, checksConvergence: isCyclic, in: graph)
    let iterations = graph.integer(model.nilpotencyIndex ?? limit)
    // The condition is optional, but not every implementation takes a missing one as true.
    let goesOn = graph.initializers.bytes([1], .bool, shape: [], named: "yes")
    let end = graph.node(
      "Loop", [iterations, goesOn] + start,
      results: isCyclic ? ["equilibrium", "has_converged"] : ["equilibrium"],
      [("body", .graph(body.proto))])
    let readOut = Self.readOut(
      of: end[0], StateLayout(model), block: model.output, shape: model.outputShape, in: graph)
    for (value, result) in zip(Self.divide(readOut, into: results, in: graph), results) {
      output(value, named: result.name)
    }
    if isCyclic { output(ONNXValue(name: end[1], shape: []), named: converged, type: .bool) }
    nodeCount = graph.nodes.count + body.proto.node.count
    isTransition = false
    description = "The equilibrium z = f(z, x), by iteration from zeros"
  }

  /// The start of the loop: a state of zeros and, if it checks convergence, no converged sample.
  package static func start(
    _ x: ONNXValue, stateSize: Int, checksConvergence: Bool, in graph: ONNXGraph
  ) -> [String] {
    let zeroShape = graph.node(
      "Concat", [graph.batch(of: x), graph.integers([stateSize])], results: ["zero_shape"],
      [("axis", .integer(0))])
    let start = graph.node(
      "ConstantOfShape", zeroShape, results: ["zeros"], [("value", .tensor(zero(graph.type)))])
    guard checksConvergence else { return start }
    return start
      + graph.node(
        "ConstantOfShape", [graph.batch(of: x)], results: ["unconverged"], [("value", .tensor(zero(.bool)))])
  }

  /// The flat input in its shape, from the tensors of which it consists.
  package static func gather(_ parts: [ONNXValue], shape: [Int], in graph: ONNXGraph) -> ONNXValue {
    guard parts.count > 1 else { return graph.reshape(parts[0], to: shape) }
    return graph.reshape(graph.concatenate(parts.map(graph.flatten)), to: shape)
  }

  /// The tensors of which the flat output consists.
  package static func divide(
    _ output: ONNXValue, into tensors: [ModelSignature.Tensor], in graph: ONNXGraph
  ) -> [ONNXValue] {
    guard tensors.count > 1 else { return [graph.reshape(output, to: tensors[0].shape)] }
    let parts = graph.split(
      graph.flatten(output), sizes: tensors.map(\.size), names: tensors.map { "\($0.name)/flat" })
    return zip(parts, tensors).map { graph.reshape($0, to: $1.shape) }
  }

  /// A block of the loop's final state, in the block's own shape.
  package static func readOut(
    of end: String, _ layout: StateLayout, block: Int, shape: [Int], in graph: ONNXGraph
  ) -> ONNXValue {
    let blocks = graph.split(
      ONNXValue(name: end, shape: [layout.size]), sizes: layout.sizes,
      names: layout.names.map { "\($0)/equilibrium" })
    return graph.reshape(blocks[block], to: shape)
  }

  /// The writer of the model built.
  package var writer: ONNXModelWriter {
    let graphProto = ONNXGraphProto.with {
      $0.name = "deq"
      $0.node = graph.nodes
      $0.input = inputs.map { ONNXValueInfoProto($0) }
      $0.output = outputs.map { ONNXValueInfoProto($0) }
    }
    let modelProto = ONNXModelProto.with {
      $0.irVersion = Int64(ONNXExport.formatVersion(ofOpset: graph.opset))
      $0.producerName = "deq"
      $0.docString = description
      $0.opsetImport = [ONNXOperatorSetIdProto.with { $0.version = Int64(graph.opset) }]
      $0.metadataProps = labels.entries.map { entry in
        .with { ($0.key, $0.value) = entry }
      }
    }
    return ONNXModelWriter(modelProto, graph: graphProto, of: graph)
  }

  /// Reserves a name for an input or an output, before any other use.
  private func name(_ name: String) -> String { graph.initializers.uniqueName(name) }

  private mutating func input(_ name: String, _ shape: [Int]) -> ONNXValue {
    inputs.append(.init(name: self.name(name), shape: shape, type: precision.rawValue))
    return ONNXValue(name: inputs.last!.name, shape: shape)
  }

  private mutating func output(_ value: ONNXValue, named name: String, type: ONNXElementType? = nil) {
    graph.rename(value, to: name)
    outputs.append(.init(name: name, shape: value.shape, type: type == .bool ? "bool" : precision.rawValue))
  }

  /// The names of the parts, for readers of the file.
  private var labels: ONNXLabels {
    ONNXLabels(
      isTransition: isTransition, blocks: model.blocks.map(\.name),
      output: model.output, inputShape: model.inputShape, parameters: graph.initializers.parameters)
  }

  private static func zero(_ type: ONNXElementType) -> ONNXTensorProto {
    ONNXTensorProto.with {
      $0.dims = [1]
      $0.dataType = type.rawValue
      $0.rawData = .init(repeating: 0, count: type.size)
    }
  }
}

extension ONNXValueInfoProto {
  /// An input or output of a model.
  package init(_ port: ONNXExport.Port) {
    let type: ONNXElementType =
      switch port.type {
      case "float32": .float32
      case "float64": .float64
      default: .bool
      }
    self.init(port.name, type, batchShape: port.shape)
  }

  /// A value with a batch of any size.
  package init(_ name: String, _ type: ONNXElementType, batchShape: [Int]) {
    self.init(name, type)
    self.type.tensorType.shape.dim =
      [.with { $0.dimParam = "batch" }] + batchShape.map { extent in .with { $0.dimValue = Int64(extent) } }
  }

  /// A single number.
  package init(_ name: String, _ type: ONNXElementType) {
    self.init()
    self.name = name
    self.type.tensorType.elemType = type.rawValue
    self.type.tensorType.shape = ONNXTensorShapeProto()
  }
}
