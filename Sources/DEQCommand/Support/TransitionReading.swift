import DeepEquilibrium

/// A model that was trained elsewhere, read from its transition f(z, x) in ONNX: two inputs, the state first; the output
/// is the state, a second output, or what a second file makes of z, or of z and x.
struct TransitionReading {
  let paths: [String]
  let reading: ONNXReading

  /// The model, and the files that it was read from.
  func read() throws -> NamedModel {
    let log = InputFileLog()
    let f = try ONNXReader.graph(at: paths[0], as: reading, noting: log)
    guard f.inputs.count == 2, (1...2).contains(f.outputs.count), f.outputs.count == 1 || paths.count == 1
    else {
      throw FileError(
        .badData, file: paths[0],
        "expected a transition of two inputs, the state first, and one output\(paths.count == 1 ? ", or two" : ""), found "
          + "\(text(f.inputs.count, "input")) and \(text(f.outputs.count, "output"))")
    }
    guard f.inputs[0].count == f.outputs[0].count else {
      throw FileError(
        .badData, file: paths[0],
        "expected f(z, x) as large as z, the first input, of \(text(f.inputs[0].count, "number")), found "
          + text(f.outputs[0].count))
    }
    let readOut = try paths.count > 1 ? ONNXReader.graph(at: paths[1], log: log) : nil
    do {
      let model = try EquilibriumModel(
        transition: f.network, stateSize: f.inputs[0].count, inputShape: f.inputs[1].sampleShape,
        readOut: readOut)
      return NamedModel(paths: paths, model: .equilibrium(model), files: try log.files())
    } catch let error as InvalidModel {
      throw FileError(.badData, file: paths[readOut == nil ? 0 : 1], error.description)
    }
  }
}

extension ONNXReader {
  /// The network of a read-out: of one input, or of two that lie side by side.
  fileprivate static func graph(at path: String, log: InputFileLog) throws(FileError) -> Network<Double> {
    try graph(at: path, as: ONNXReading(), noting: log).network
  }
}
