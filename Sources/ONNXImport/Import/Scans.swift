import FileAccess
import Operators

/// The attributes of a scan, one of each list for every input or output that is scanned.
private struct ScanAttributes {
  let inputAxes, outputAxes: [Int]
  let isInputReversed, isOutputReversed: [Bool]

  init(_ node: ONNXModel.Node, inputs: Int, outputs: Int) throws(ImportFailure) {
    func list(_ name: String, _ count: Int) throws(ImportFailure) -> [Int] {
      guard let attribute = node.attributes[name] else { return [Int](repeating: 0, count: count) }
      guard case .integers(let values) = attribute, values.count == count else {
        throw .refused("attribute \(quoted(name)): expected \(counted(count, "integer")), found another list")
      }
      return values
    }
    func directions(_ name: String, _ count: Int) throws(ImportFailure) -> [Bool] {
      let values = try list(name, count)
      guard values.allSatisfy({ $0 == 0 || $0 == 1 }) else {
        throw .refused("attribute \(quoted(name)): expected 0 or 1, found \(values)")
      }
      return values.map { $0 == 1 }
    }
    inputAxes = try list("scan_input_axes", inputs)
    outputAxes = try list("scan_output_axes", outputs)
    isInputReversed = try directions("scan_input_directions", inputs)
    isOutputReversed = try directions("scan_output_directions", outputs)
  }
}

extension GraphImport {
  /// The values of an unrolled scan in the place of its node.
  mutating func addScan(_ node: ONNXModel.Node) throws(ImportFailure) {
    guard scope.opset >= 9 else {
      throw .refused("expected a Scan of opset 9 or later, found \(scope.opset)")
    }
    let body = try graph("body", of: node)
    let values = try typedInputs(of: node)
    guard case .integer(let scanned)? = node.attributes["num_scan_inputs"], scanned >= 1,
      scanned <= values.count, body.inputs.count == values.count
    else { throw .refused("num_scan_inputs: expected a number of inputs that the body has too") }
    let carried = values.count - scanned
    let collected = body.outputs.count - carried
    guard collected >= 0, node.outputs.count <= body.outputs.count else {
      throw .refused(
        "expected a body of at least \(counted(carried, "output")) and no fewer than the scan, found \(body.outputs.count)"
      )
    }
    let attributes = try ScanAttributes(node, inputs: scanned, outputs: collected)
    var state = Array(values.prefix(carried))
    let sequences = Array(values.dropFirst(carried))
    let (axes, length) = try scannedAxes(sequences.map(\.value), attributes.inputAxes)
    var collections = [[TypedValue]](repeating: [], count: collected)
    let nodes = try inOrder(body)
    for iteration in 0..<length {
      try requireFew(iteration)
      let places = attributes.isInputReversed.map { $0 ? length - 1 - iteration : iteration }
      let given = try state + parts(of: sequences, axes, at: places, "\(iteration)", of: node)
      let results = try run(
        body, nodes, in: Scope(within: scope, of: node, iteration: iteration), given: given)
      let known = try self.values(results, of: body)
      state = Array(known.prefix(carried))
      for index in 0..<collected { collections[index].append(known[carried + index]) }
    }
    var results: [TypedValue?] = state
    for (index, collection) in collections.enumerated() {
      let axis = try normalizedAxis(
        attributes.outputAxes[index], rank: (collection.first?.value.shape.count ?? 0) + 1)
      results.append(
        try joined(
          attributes.isOutputReversed[index] ? collection.reversed() : collection, axis: axis, of: node,
          output: carried + index))
    }
    try define(results, of: node)
  }

  /// The inputs of a node, all of which there must be.
  private func typedInputs(of node: ONNXModel.Node) throws(ImportFailure) -> [TypedValue] {
    var values: [TypedValue] = []
    for (input, name) in zip(try inputs(of: node), node.inputs) {
      guard let input else { throw .refused("expected a value of each input, found none") }
      values.append((input, scope.type(name)))
    }
    return values
  }

  /// The parts of sequences at places along their axes, without these axes.
  private func parts(
    of sequences: [TypedValue], _ axes: [Int], at places: [Int], _ suffix: String, of node: ONNXModel.Node
  ) throws(ImportFailure) -> [TypedValue] {
    var parts: [TypedValue] = []
    for (index, sequence) in sequences.enumerated() {
      let name = "\(scope.prefix)\(node.outputs.first { !$0.isEmpty } ?? "")/\(suffix)/input \(index)"
      let part = try apply(
        "Gather", [sequence.value, .integers(Integers([places[index]], shape: []))],
        ["axis": .integer(axes[index])], named: name, sequence.type)
      parts.append((part, sequence.type))
    }
    return parts
  }

  /// The axes along which values are scanned, and the extent of all of them.
  private func scannedAxes(
    _ values: [Value], _ given: [Int]
  ) throws(ImportFailure) -> (axes: [Int], length: Int) {
    var axes: [Int] = []
    for (value, axis) in zip(values, given) {
      let axis = try normalizedAxis(axis, rank: value.shape.count)
      guard try axis != value.layout().batchAxis else { throw .mixesBatch("scans the batch axis") }
      axes.append(axis)
    }
    let lengths = zip(values, axes).map { $0.shape[$1] }
    guard Set(lengths).count == 1 else {
      throw .refused("expected inputs of one extent to scan, found \(lengths)")
    }
    return (axes, lengths[0])
  }
}
