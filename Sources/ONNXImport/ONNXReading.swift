import FileAccess

/// How the graph of an ONNX file is read: the extents that it leaves open, and the part of it between some values.
public struct ONNXReading: Sendable, Equatable {
  /// The shape of an input, by its name, the batch included.
  public var shapes: [String: [Int]]
  /// The extent of axes, by the name that the file gives it.
  public var extents: [String: Int]
  /// The values that are inputs instead of the file's own; none for those of the file. Those within the graph need a
  /// shape.
  public var inputs: [String]
  /// The values that are outputs instead of the file's own; none for those of the file.
  public var outputs: [String]

  /// A reading of the whole graph as it is, but for what is given.
  public init(
    shapes: [String: [Int]] = [:], extents: [String: Int] = [:], inputs: [String] = [], outputs: [String] = []
  ) {
    self.shapes = shapes
    self.extents = extents
    self.inputs = inputs
    self.outputs = outputs
  }

  /// Whether nothing is given.
  public var isEmpty: Bool { self == ONNXReading() }
}

extension ONNXModel {
  /// The model as it is to be read.
  ///
  /// - Throws: `ImportFailure` for a name that the graph does not have, and for an extent that contradicts it.
  func read(as reading: ONNXReading) throws(ImportFailure) -> ONNXModel {
    if reading.isEmpty { return self }
    var model = try part(from: reading.inputs, to: reading.outputs)
    try model.give(reading.extents)
    try model.give(reading.shapes)
    return model
  }

  // MARK: A part of the graph

  private func part(from inputs: [String], to outputs: [String]) throws(ImportFailure) -> ONNXModel {
    var model = self
    let computed = Set(nodes.flatMap(\.outputs))
    func info(_ name: String, _ role: String) throws(ImportFailure) -> ValueInfo {
      let own = self.inputs.first { $0.name == name }
      guard !name.isEmpty, own != nil || computed.contains(name) else {
        throw .refused(place: role, "expected a value of the graph, found none called \(quoted(name))")
      }
      return own ?? ValueInfo(name: name, type: .float32, shape: nil)
    }
    if !outputs.isEmpty {
      model.outputs = []
      for name in outputs {
        model.outputs.append(ValueInfo(name: try info(name, "output").name, type: nil, shape: nil))
      }
    }
    guard !inputs.isEmpty else { return model }
    var given: [ValueInfo] = []
    for name in inputs { given.append(try info(name, "input")) }
    model.nodes = nodes.map { $0.without(outputs: Set(inputs)) }
    // The file's own inputs that the rest of the graph still reads.
    let known = Set(initializers.map(\.name) + inputs + self.inputs.map(\.name))
    let read = Set(try model.nodesInOrder(given: known).flatMap(\.reads) + model.outputs.map(\.name))
    let initial = Set(initializers.map(\.name))
    model.inputs =
      given + self.inputs.filter { read.contains($0.name) && !inputs.contains($0.name) }
      + self.inputs.filter { initial.contains($0.name) && !read.contains($0.name) }
    return model
  }

  // MARK: Extents

  /// Gives axes the extents that belong to their names.
  private mutating func give(_ extents: [String: Int]) throws(ImportFailure) {
    let names = inputs.flatMap { $0.shape ?? [] }.compactMap(\.symbol).filter { !$0.isEmpty }
    for name in extents.keys.sorted() where !names.contains(name) {
      let known = Set(names).sorted()
      throw .refused(
        place: "extent \(quoted(name))",
        "expected the name of an open extent of an input, found \(listed(known))")
    }
    func given(_ info: ValueInfo) -> ValueInfo {
      ValueInfo(
        name: info.name, type: info.type,
        shape: info.shape?.map { extent in extent.symbol.flatMap { extents[$0] }.map { .fixed($0) } ?? extent
        })
    }
    inputs = inputs.map(given)
    outputs = outputs.map(given)
  }

  /// Gives inputs their shapes.
  private mutating func give(_ shapes: [String: [Int]]) throws(ImportFailure) {
    for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
      guard let index = inputs.firstIndex(where: { $0.name == name }) else {
        throw .refused(
          place: "shape of \(quoted(name))",
          "expected an input of the graph, found \(listed(inputs.map(\.name)))")
      }
      let own = inputs[index]
      let fits =
        own.shape.map { known in
          known.count == shape.count && zip(known, shape).allSatisfy { $0.isOpen || $0 == .fixed($1) }
        } ?? true
      guard fits else {
        let declared = own.shape!.map(\.description).joined(separator: ", ")
        throw .refused(
          place: "input \(quoted(name))", "expected a shape that fits [\(declared)], found \(shape)")
      }
      inputs[index] = ValueInfo(name: name, type: own.type, shape: shape.map { .fixed($0) })
    }
  }
}

extension ONNXModel.ValueInfo.Extent {
  /// The name of an open extent; empty for one without a name, nil for a number.
  fileprivate var symbol: String? {
    if case .symbolic(let name) = self { name } else { nil }
  }

  /// Whether the extent is known only when the model is evaluated.
  fileprivate var isOpen: Bool {
    switch self {
    case .symbolic: true
    case .fixed(let extent): extent == -1
    }
  }
}

extension ONNXModel.Node {
  /// The node without some of its outputs.
  fileprivate func without(outputs others: Set<String>) -> ONNXModel.Node {
    ONNXModel.Node(
      operatorType: operatorType, domain: domain, name: name, inputs: inputs,
      outputs: outputs.map { others.contains($0) ? "" : $0 }, attributes: attributes, overload: overload)
  }
}
