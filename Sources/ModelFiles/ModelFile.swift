import Equilibria
import FileAccess
import LinearAlgebra
import ModelJSON
import Networks
import ONNXImport
import TensorFiles

/// A model in a file: a network, or an equilibrium model (see "Formats"). Either may be in an ONNX file; an
/// equilibrium model only in one that `ONNXExport` wrote.
public enum ModelFile: Sendable {
  /// `"format": "network"`.
  case network(Network<Double>)
  /// `"format": "equilibrium"`, in either form.
  case equilibrium(EquilibriumModel<Double>)

  /// Which of the two formats.
  public enum Format: String, CaseIterable, Sendable {
    /// Layers, each evaluated once.
    case network
    /// Blocks that form an equilibrium.
    case equilibrium
  }

  /// The format that the model is written in.
  public var format: Format {
    switch self {
    case .network: .network
    case .equilibrium: .equilibrium
    }
  }

  /// Reads a model, JSON, ONNX or .nnet, perhaps compressed by gzip; `-` is standard input. The weights of an ONNX file
  /// are read when they are needed. Of a folder, its only model is read (`ModelFolder`).
  ///
  /// - Parameter reading: How the graph of a network in ONNX is read; other models are read as they are.
  /// - Throws: `FileError` that names the place: of kind `badData` for its contents, else as `FileContents`
  ///   does.
  public static func read(
    _ path: String, as reading: ONNXReading = ONNXReading()
  ) throws(FileError) -> ModelFile {
    try read(path, as: reading, formats: Format.allCases)
  }

  /// Reads a model, JSON or ONNX, from a file in memory.
  ///
  /// - Parameter weights: The path of the weights file, if it is not the one that the contents name.
  /// - Throws: `FileError` of kind `badData`, with the place.
  public static func read(_ contents: FileContents, weights: String? = nil) throws(FileError) -> ModelFile {
    try read(contents, formats: Format.allCases, weights: weights)
  }

  /// Reads a network; `-` is standard input. An equilibrium model is an error at `format`.
  ///
  /// - Throws: `FileError`.
  public static func readNetwork(_ path: String) throws(FileError) -> Network<Double> {
    guard case .network(let network) = try read(path, formats: [.network]) else {
      preconditionFailure("a format that was not asked for")
    }
    return network
  }

  /// Reads an equilibrium model; `-` is standard input. A network is an error at `format`.
  ///
  /// - Throws: `FileError`.
  public static func readEquilibrium(_ path: String) throws(FileError) -> EquilibriumModel<Double> {
    guard case .equilibrium(let model) = try read(path, formats: [.equilibrium]) else {
      preconditionFailure("a format that was not asked for")
    }
    return model
  }

  package static func read(
    _ path: String, as reading: ONNXReading = ONNXReading(), formats: [Format],
    noting files: InputFileLog? = nil
  ) throws(FileError) -> ModelFile {
    let path = try ModelFolder.model(at: path)
    // A compressed file begins with 0x1F, as no ONNX model does.
    guard firstByte(ofRegularFile: path) != 0x1F, let file = try ONNXReader.mappedModel(path),
      file.withBytes({ !ForeignFormat.isPossible($0) })
    else {
      return try readDescription(path, as: reading, formats: formats, noting: files)
    }
    files?.note(file, at: path)
    return try ModelFile(ONNXReader.read(file, as: reading, noting: files)).checked(
      among: formats, file: path)
  }

  /// A description and its weights. If a writer replaced both in between, the new pair is read.
  private static func readDescription(
    _ path: String, as reading: ONNXReading, formats: [Format], noting files: InputFileLog?
  ) throws(FileError) -> ModelFile {
    var contents = try FileContents(reading: path)
    while true {
      do throws(FileError) {
        files?.note(contents, at: path)
        return try read(contents, as: reading, formats: formats, noting: files)
      } catch {
        guard path != "-", FileIdentity(at: path) != nil, firstByte(ofRegularFile: path) != nil,
          try !contents.areThose(of: path)
        else { throw error }
        files?.clear()
        contents = try FileContents(reading: path)
      }
    }
  }

  /// The model, if it has one of these formats.
  private func checked(among formats: [Format], file: String) throws(FileError) -> ModelFile {
    if formats.contains(format) { return self }
    throw FileError(
      .badData, file: file,
      self.format == .network
        ? "expected an equilibrium model, found a network in ONNX"
        : "expected a network, found an equilibrium model in ONNX")
  }

  package static func read(
    _ contents: FileContents, as reading: ONNXReading = ONNXReading(), formats: [Format],
    weights: String? = nil, noting files: InputFileLog? = nil
  ) throws(FileError) -> ModelFile {
    let contents = try Gzip.uncompressed(contents)
    if let refusal = ForeignFormat.refusal(of: contents) { throw refusal }
    if NNetReader.recognizes(contents) {
      guard formats.contains(.network) else {
        throw FileError(.badData, file: contents.name, "expected an equilibrium model, found a network")
      }
      return .network(try NNetReader.read(contents))
    }
    if ONNXReader.recognizes(name: contents.name, firstByte: contents.bytes.first) {
      return try ModelFile(ONNXReader.read(contents, as: reading)).checked(
        among: formats, file: contents.name)
    }
    let document = try JSONDocument(contents)
    let root = document.root
    let any = try JSONObject(root, keys: nil)
    if any.optional("format") == nil, any.optional("input")?.isArray ?? false, any.optional("layers") == nil,
      any.optional("blocks") == nil
    {
      throw root.expected("a network or an equilibrium model", found: "samples; the model is named first")
    }
    let format = Format(rawValue: try Header.read(any, formats: formats.map(\.rawValue)))!
    document.weights = try Header.readWeights(any, insteadOf: weights) { path, digest throws(FileError) in
      try openWeights(path, digest: digest, describedBy: contents.name, noting: files)
    }
    switch format {
    case .network:
      return .network(try NetworkReader.read(JSONObject(root, keys: Header.keys + NetworkReader.keys)))
    case .equilibrium:
      return .equilibrium(
        try EquilibriumFormat.read(JSONObject(root, keys: Header.keys + EquilibriumFormat.fileKeys)))
    }
  }

  /// Writes the model. The same model gives the same bytes, and reading them gives the same model.
  ///
  /// When the file is read, entries of `Wx` come before those of `Wz`. The matrix form keeps neither
  /// entries nor parameters.
  ///
  /// - Parameters:
  ///   - form: The form of an equilibrium model; its own by default.
  ///   - weights: Where the numbers of tensors are written: in the JSON by default. Whole matrices are
  ///     always in the JSON.
  /// - Throws: `FileError` for what the format cannot represent (a number that is not finite, a layer whose
  ///   type files do not have), or if writing fails. Discard what has been written before an error.
  public func write(
    as form: ModelForm? = nil, to sink: any ByteSink, weights: (any WeightsPlacement)? = nil
  ) throws(FileError) {
    var writer = JSONWriter(to: sink, weights: weights)
    try writer.beginObject()
    try Header.write(format.rawValue, to: &writer)
    switch self {
    case .network(let network): try NetworkWriter.write(network, to: &writer)
    case .equilibrium(let model): try EquilibriumFormat.write(model, as: form ?? model.form, to: &writer)
    }
    try writer.end()
    try writer.finish()
  }
}

extension ModelFile {
  /// The model that an ONNX file holds.
  private init(_ model: ONNXReader.Model) {
    switch model {
    case .network(let network): self = .network(network)
    case .equilibrium(let model): self = .equilibrium(model)
    }
  }
}
