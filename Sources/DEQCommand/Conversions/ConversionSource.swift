import DeepEquilibrium

/// What `convert` reads, in the way that its options name.
struct ConversionSource {
  let command: ConvertCommand
  /// One file, or those of a stack or a transition.
  let paths: [String]

  /// Reads the model; one that is checked has finite numbers only.
  func read() throws -> NamedModel {
    let isChecked = command.options.check
    if let activation = try command.activation.map(Self.activation) {
      let (network, files) = try MultilayerPerceptron.read(paths[0], activation: activation)
      if isChecked { try ModelArguments.requireFiniteNumbers(.network(network)) }
      return NamedModel(paths: paths, model: .network(network), files: files)
    }
    if command.transition {
      let model = try TransitionReading(paths: paths, reading: command.onnx.reading).read()
      if isChecked, case .equilibrium(let own) = model.model {
        try ModelArguments.requireFiniteNumbers(.equilibrium(own))
      }
      return model
    }
    if command.stack {
      return try ModelArguments.stack(of: paths, as: command.onnx.reading, finite: isChecked)
    }
    return try ModelArguments.model(at: paths[0], as: command.onnx.reading, finite: isChecked)
  }

  /// The activation of a name, with its attributes at their defaults.
  private static func activation(named name: String) throws -> any Nonlinearity {
    let names = NonlinearityRegistry.activations.filter { $0.schema.hasDefaults }.map { $0.typeName }
    guard names.contains(name), let type = NonlinearityRegistry.type(named: name) else {
      throw CommandFailure(
        .usage,
        "--activation: expected one of \(names.joined(separator: ", ")), found \(quoted(name))"
          + suggestion(for: name, among: names))
    }
    return try type.init([:])
  }
}

/// The limit of `--matrix`.
enum MatrixFormLimit {
  /// A larger matrix form is refused: as text it is up to three times as large, and reading it again takes the memory
  /// of both.
  private static var largest: Int { 500_000_000 }

  /// Refuses the matrix form of a model where Wz, Wx and b take more bytes than are allowed.
  static func require(of model: EquilibriumModel<Double>) throws {
    let (rows, columns) = (Double(model.portCoordinates), Double(model.stateSize + model.inputSize))
    let bytes = 8 * rows * (columns + 1)
    if bytes > Double(largest) {
      throw CommandFailure(
        .cannotCreate,
        "--matrix: Wz, Wx and b of \(text(model.portCoordinates)) rows take \(text(bytes: Int(bytes))), "
          + "more than the \(text(bytes: largest)) that are allowed; the block form has no such limit"
      )
    }
  }
}
