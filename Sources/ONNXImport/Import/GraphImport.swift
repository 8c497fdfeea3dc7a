import Blocks
import FileAccess
import LinearAlgebra
import Networks
import Operators

/// A graph as a network, and how its tensors are divided into samples.
package struct ImportedGraph {
  /// The network.
  package let network: Network<Double>
  /// How each input is divided into samples.
  package let inputs: [SampleLayout]
  /// How each output is divided into samples.
  package let outputs: [SampleLayout]
}

/// How a tensor of a graph is divided into samples.
package struct SampleLayout {
  /// The shape of a sample.
  package let sampleShape: [Int]
  /// The number of elements of a sample.
  package let count: Int
  /// The batch axis; nil if the whole tensor is one sample, or the same for every sample.
  package let batchAxis: Int?
  /// If the batch is merged with other axes, the number of a sample's elements in those before and after
  /// it.
  package let merged: (outer: Int, inner: Int)

  package init(_ layout: TensorLayout) {
    sampleShape = layout.sampleShape
    count = layout.sampleShape.reduce(1, *)
    batchAxis = layout.batchAxis
    merged = (layout.batch?.outer ?? 1, layout.batch?.inner ?? 1)
  }
}

/// Imports a graph, node by node.
struct GraphImport {
  let model: ONNXModel
  private let batching: Batching
  let builder: BlockBuilder
  /// Where names have their values: the model's graph, or one within it that is being imported.
  var scope: Scope
  /// Recognises functions composed of several nodes; nil for a graph from another exporter.
  var recognizer: FunctionRecognizer?
  /// The leading extent of the inputs, if that axis is the batch and the model gives its extent.
  private(set) var leadingExtent: Int?
  /// What stands for the extent of the batch, if the model leaves it open.
  var openExtent: Int?
  /// How many nodes have been imported.
  private var progress = 0

  /// The meaning of the leading axis of every input.
  enum Batching {
    /// The batch, with this extent in the place of one that the model does not give.
    case leading(extent: Int)
    /// An ordinary axis: a whole tensor is a sample.
    case none
  }

  /// What stands for the extent of an open batch. An operator that fits one number only, such as a product with a
  /// matrix of so many rows, shall not fit this one by chance; nothing else depends on it.
  static let placeholderExtent = 10_007

  init(_ model: ONNXModel, _ batching: Batching) {
    self.model = model
    self.batching = batching
    builder = BlockBuilder(largest: model.largestNumber)
    scope = Scope(opset: model.opset)
  }

  /// The values so far.
  var values: [String: Value] { scope.values }

  /// Imports the graph with the leading axis of its inputs as batch. If an operator works across it, and
  /// every extent is known, whole tensors are samples.
  ///
  /// - Parameter extent: What stands for the extent of an open batch.
  /// - Throws: `ImportFailure` of kind `refused`, or `mixesBatch` for a graph that works across a batch of
  ///   unknown extent. Of several attempts, the one that came furthest says why.
  static func run(
    _ model: ONNXModel, openExtent extent: Int = placeholderExtent
  ) throws(ImportFailure) -> ImportedGraph {
    let inputs = try model.trueInputs()
    try model.requireSupportedOperators()
    let isStatic = inputs.allSatisfy { !$0.shape.contains(nil) }
    let ranks = inputs.map(\.shape.count)
    // A vector of known length is a sample, not a batch of numbers.
    let mayBatch = !ranks.contains(0) && !(isStatic && ranks.contains(1))
    // Shapes in a file with an open batch may assume a batch of one.
    let attempts: [Batching] =
      !mayBatch
      ? [.none]
      : isStatic ? [.leading(extent: 1), .none] : [.leading(extent: extent), .leading(extent: 1)]
    var failure: (error: ImportFailure, progress: Int)?
    for batching in attempts {
      var attempt = GraphImport(model, batching)
      do throws(ImportFailure) { return try attempt.run(inputs) } catch {
        // With nothing between them, the smaller batch makes the plainer message, or the whole tensor.
        let lead = attempt.progress - (failure?.progress ?? -1)
        if lead >= 0 { failure = (error, attempt.progress) }
        // A whole tensor is a sample only where the batch is mixed.
        if isStatic, case .refused = error { break }
      }
    }
    throw failure!.error
  }

  private mutating func run(_ inputs: [ONNXModel.Input]) throws(ImportFailure) -> ImportedGraph {
    ImportLimits.current?.restart()
    if case .leading = batching, let extent = inputs.first?.shape.first ?? nil, extent > 1 {
      leadingExtent = extent
    }
    if case .leading(let extent) = batching, inputs.contains(where: { $0.shape.first == .some(nil) }) {
      openExtent = extent
    }
    let layouts = try place(inputs)
    for tensor in model.initializers {
      try define(tensor.name, tensor.value, at: "initializer \(quoted(tensor.name))")
    }
    for node in try model.nodesInOrder(given: Set(values.keys)) {
      do throws(ImportFailure) { try add(node) } catch { throw error.at(node.place) }
      progress += 1
    }
    let outputs = try self.outputs()
    for (output, value) in zip(model.outputs, outputs) { try requireDeclaredShape(output, value.layout) }
    let output = try readOut(outputs)
    return ImportedGraph(
      network: try network(inputs: layouts, output: output, signature: signature(inputs, layouts, outputs)),
      inputs: layouts.map(SampleLayout.init),
      outputs: outputs.map { SampleLayout($0.layout) })
  }

  func define(_ name: String, _ value: Value, at place: String) throws(ImportFailure) {
    guard !name.isEmpty else { throw .refused(place: place, "expected a name, found none") }
    guard scope.values.updateValue(value, forKey: name) == nil else {
      throw .refused(place: place, "expected one value of each name, found \(quoted(name)) twice")
    }
    if case .integers(let integers) = value { scope.types[name] = integers.type }
  }

  // MARK: Inputs and outputs

  /// The inputs, concatenated in the network's input if there are several.
  private func place(_ inputs: [ONNXModel.Input]) throws(ImportFailure) -> [TensorLayout] {
    var layouts: [TensorLayout] = []
    for input in inputs {
      do throws(ImportFailure) { layouts.append(try layout(of: input)) } catch {
        throw error.at("input \(quoted(input.name))")
      }
    }
    if Set(layouts.compactMap(\.batch?.extent)).count > 1 {
      throw .mixesBatch(place: "inputs", "have different leading extents")
    }
    let sizes = layouts.map { $0.sampleShape.reduce(1, *) }
    let total = sizes.reduce(0, +)
    var start = 0
    for ((input, layout), size) in zip(zip(inputs, layouts), sizes) {
      var source = Source.input
      if inputs.count > 1 {
        let part = try linearMap(
          "slice", from: [total],
          ["dim": .integers([0]), "start": .integers([start]), "end": .integers([start + size])])
        source = try builder.add(
          input.name, Identity(), [Port(shape: [size], terms: [Term(source: .input, map: part)])])
      }
      var variable = Variable(source: source, layout: layout)
      if input.type.integer != nil { variable = try whole(variable, input) }
      try define(input.name, .variable(variable), at: "input \(quoted(input.name))")
      start += size
    }
    return layouts
  }

  /// The whole numbers nearest to an input of integers; of a Boolean one, 1 where it is not 0.
  private func whole(
    _ variable: Variable, _ input: ONNXModel.Input
  ) throws(ImportFailure) -> Variable {
    scope.types[input.name] = input.type
    let node = NodeImport(
      node: .named("\(input.name)/\(input.type.name)"), opset: model.opset, inputs: [.variable(variable)],
      builder: builder)
    return input.type == .bool ? try node.truth(of: variable) : try node.elementwise("round")
  }

  private func layout(of input: ONNXModel.Input) throws(ImportFailure) -> TensorLayout {
    switch batching {
    case .leading(let extent):
      let shape = input.shape.map { $0 ?? extent }
      return try TensorLayout(
        shape, batch: TensorLayout.Batch(axis: 0, extent: shape[0], isOpen: input.shape[0] == nil))
    case .none: return try TensorLayout(input.shape.map { $0 ?? 1 })
    }
  }

  func outputs() throws(ImportFailure) -> [Variable] {
    guard !model.outputs.isEmpty else { throw .refused(place: "output", "expected an output, found none") }
    var outputs: [Variable] = []
    for output in model.outputs {
      let place = "output \(quoted(output.name))"
      guard var value = values[output.name] else { throw isMissing(output.name) }
      if case .integers(let integers) = value, integers.type != .string, !integers.containsBatchExtent {
        value = .numbers(try integers.asNumbers())
      }
      let node = NodeImport(
        node: .named(output.name), opset: model.opset, inputs: [value], builder: builder)
      do throws(ImportFailure) { outputs.append(try node.variable(0)) } catch { throw error.at(place) }
    }
    return outputs
  }

  /// Refuses an output whose shape in the file contradicts that of its value.
  ///
  /// An empty shape says nothing, for some programs write it where they do not know one. Neither does the extent of an
  /// open batch, which some write as it was when they traced the program.
  private func requireDeclaredShape(
    _ output: ONNXModel.ValueInfo, _ layout: TensorLayout
  ) throws(ImportFailure) {
    guard let declared = output.shape, !declared.isEmpty else { return }
    var fits = declared.count == layout.shape.count
    for (axis, extent) in declared.enumerated() where fits {
      guard case .fixed(let extent) = extent, extent > 0 else { continue }
      if axis == layout.batchAxis, layout.batch!.isOpen { continue }
      fits = extent == layout.shape[axis]
    }
    guard fits else {
      throw .refused(
        place: "output \(quoted(output.name))",
        "expected the declared shape [\(declared.map(\.description).joined(separator: ", "))], found \(layout.description)"
      )
    }
  }

  /// The output block; several outputs are concatenated.
  private func readOut(_ outputs: [Variable]) throws(ImportFailure) -> Int {
    if outputs.count == 1, case .node(let index) = outputs[0].source { return index }
    let sizes = outputs.map { $0.layout.sampleShape.reduce(1, *) }
    let total = sizes.reduce(0, +)
    var port = Port(shape: [total])
    var start = 0
    for (output, size) in zip(outputs, sizes) {
      let map =
        outputs.count == 1
        ? try linearMap("identity", from: [total])
        : try linearMap(
          "place", from: [size],
          ["dim": .integers([0]), "start": .integers([start]), "total": .integers([total])])
      port.terms.append(Term(source: output.source, map: map))
      start += size
    }
    let name = outputs.count == 1 ? model.outputs[0].name : "outputs"
    guard case .node(let index) = try builder.add(name, Identity(), [port]) else {
      preconditionFailure("a block that is the input")
    }
    return index
  }

  /// The names and the shapes of one sample of the graph's inputs and outputs.
  private func signature(
    _ inputs: [ONNXModel.Input], _ layouts: [TensorLayout], _ outputs: [Variable]
  ) -> ModelSignature {
    // Parts without elements, and one value that is an output twice, have no names.
    func valid(_ tensors: [ModelSignature.Tensor]) -> [ModelSignature.Tensor] {
      let names = Set(tensors.map(\.name))
      return names.count == tensors.count && !tensors.contains { $0.size == 0 } ? tensors : []
    }
    return ModelSignature(
      inputs: valid(zip(inputs, layouts).map { .init($0.name, $1.sampleShape) }),
      outputs: valid(zip(model.outputs, outputs).map { .init($0.name, $1.layout.sampleShape) }))
  }

  private func network(
    inputs: [TensorLayout], output: Int, signature: ModelSignature
  ) throws(ImportFailure) -> Network<Double> {
    let shape =
      inputs.count == 1
      ? atLeastVector(inputs[0].sampleShape) : [inputs.reduce(0) { $0 + $1.sampleShape.reduce(1, *) }]
    let (blocks, output) = absorbed(builder.blocks, output: output)
    if let large = blocks.first(where: { ($0.portSizes + [$0.size]).contains { $0 > TensorSize.maximum } }) {
      throw .refused(
        "expected values of up to \(TensorSize.maximum) numbers, found \(quoted(large.name)) of \(large.size)"
      )
    }
    let coordinates = blocks.reduce(0) { $0 + $1.claimedCoordinates }
    guard coordinates <= MemoryBudget.coordinates else {
      throw .refused(
        "expected up to \(MemoryBudget.coordinates) coordinates of all values together, found \(coordinates); "
          + "--memory-limit raises the limit")
    }
    let finite = try blocks.map { block throws(ImportFailure) in
      try block.withFiniteConstants(upTo: builder.largest)
    }
    do {
      return try Network(
        inputShape: shape, layers: finite.map { .explicit($0) }, output: output, signature: signature)
    } catch {
      throw .refused(error.description)
    }
  }
}

extension ONNXModel.Node {
  /// A node that only names a value.
  static func named(_ output: String) -> ONNXModel.Node {
    ONNXModel.Node(
      operatorType: "Identity", domain: "", name: "", inputs: [], outputs: [output], attributes: [:])
  }
}
