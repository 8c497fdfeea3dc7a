import Equilibria
import FileAccess
import LinearAlgebra
import Networks

/// Reads ONNX models, opset 1 to 28, as networks.
///
/// The leading axis of the inputs is the batch. If an operator works across it and every extent is known, a
/// whole tensor is one sample. A vector of known length is always one sample. Several inputs are
/// concatenated in the network's input, several outputs in its output.
///
/// Every floating-point initializer that the output depends on is a parameter under its own name and in its
/// own shape, and so is a Constant node's tensor under the name of the node's output. The following are
/// constants, not parameters: the bounds of Clip, a single exponent of Pow, mean and variance of
/// BatchNormalization, ε, the scales of Resize, and numbers computed from shapes.
package enum ONNXReader {
  /// The model in a file.
  package enum Model {
    /// A graph that is evaluated once for each sample.
    case network(Network<Double>)
    /// An equilibrium model, in a file that `ONNXExport` wrote.
    case equilibrium(EquilibriumModel<Double>)
  }

  /// Whether a file is an ONNX model, by its name or its first byte, with which no JSON begins.
  package static func recognizes(name: String, firstByte: UInt8?) -> Bool {
    name.hasSuffix(".onnx") || firstByte.map { $0 < 0x20 && ![0x09, 0x0A, 0x0D].contains($0) } ?? false
  }

  /// The file at a path, mapped, if it is an ONNX model in a regular file; nil otherwise.
  ///
  /// - Throws: `FileError`, as `MappedFile` does.
  package static func mappedModel(_ path: String) throws(FileError) -> MappedFile? {
    guard let firstByte = firstByte(ofRegularFile: path), recognizes(name: path, firstByte: firstByte) else {
      return nil
    }
    return try MappedFile(path)
  }

  /// The model in a file, whose weights are read on demand: an equilibrium model if `ONNXExport` wrote the
  /// file, else a network.
  ///
  /// - Throws: `FileError` of kind `badData` with the node or tensor, or as `MappedFile` does.
  package static func read(
    _ file: MappedFile, as reading: ONNXReading = ONNXReading(), noting files: InputFileLog? = nil
  ) throws(FileError) -> Model {
    try read(.mapped(file), as: reading, noting: files)
  }

  /// The model in a file that is in memory.
  ///
  /// - Throws: `FileError` of kind `badData` with the node or tensor.
  package static func read(
    _ contents: FileContents, as reading: ONNXReading = ONNXReading()
  ) throws(FileError) -> Model {
    try read(.inMemory(contents), as: reading)
  }

  private static func read(
    _ bytes: ModelBytes, as reading: ONNXReading, noting files: InputFileLog? = nil
  ) throws(FileError) -> Model {
    let model = try ONNXDecoder(bytes, noting: files).model()
    return try naming(bytes) { () throws(ImportFailure) in
      if EquilibriumImport.recognizes(model) { return .equilibrium(try EquilibriumImport.model(model)) }
      guard EquilibriumImport.mayRecognize(model) else { return try networkModel(model, reading) }
      // A loop without labels is that of an equilibrium model, or is unrolled.
      if let equilibrium = try? EquilibriumImport.model(model) { return .equilibrium(equilibrium) }
      return try networkModel(model, reading)
    }
  }

  private static func networkModel(
    _ model: ONNXModel, _ reading: ONNXReading
  ) throws(ImportFailure) -> Model {
    .network(try GraphImport.run(model.read(as: reading)).network)
  }

  /// The network in a file, and how its tensors are divided into samples.
  ///
  /// - Parameter openExtent: What stands for the extent of an open batch; the network is the same for each.
  package static func graph(
    at path: String, openExtent: Int? = nil, as reading: ONNXReading = ONNXReading(),
    noting files: InputFileLog? = nil
  ) throws(FileError) -> ImportedGraph {
    let file = try MappedFile(path)
    files?.note(file, at: path)
    return try graph(.mapped(file), openExtent, as: reading, noting: files)
  }

  /// The same of a file that is in memory.
  package static func graph(
    _ contents: FileContents, openExtent: Int? = nil
  ) throws(FileError) -> ImportedGraph {
    try graph(.inMemory(contents), openExtent)
  }

  private static func graph(
    _ bytes: ModelBytes, _ extent: Int?, as reading: ONNXReading = ONNXReading(),
    noting files: InputFileLog? = nil
  ) throws(FileError) -> ImportedGraph {
    let model = try ONNXDecoder(bytes, noting: files).model()
    return try naming(bytes) { () throws(ImportFailure) in
      try GraphImport.run(model.read(as: reading), openExtent: extent ?? GraphImport.placeholderExtent)
    }
  }

  /// The result of `body`; its failure becomes a `FileError` with the file's name.
  private static func naming<Result>(
    _ bytes: ModelBytes, _ body: () throws(ImportFailure) -> Result
  ) throws(FileError) -> Result {
    do throws(ImportFailure) {
      // An import within an import, of a test that counts its work, keeps the limits that it is in.
      return try ImportLimits.limiting(ImportLimits.current ?? ImportLimits(fileSize: bytes.count), body)
    } catch {
      switch error {
      case .refused(let place, let problem):
        throw FileError(.badData, file: bytes.name, place: place, problem)
      case .mixesBatch(let place, let what):
        throw FileError(
          .badData, file: bytes.name, place: place,
          "expected operators that do not change the batch axis, found one that \(what)")
      }
    }
  }
}
