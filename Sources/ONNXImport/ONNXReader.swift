import Equilibria
import FileAccess
import LinearAlgebra
import Networks

/// Reads ONNX models, opset 7 to 28, as networks.
///
/// The leading axis of the inputs is the batch; where an operator works across it and every extent is known, a whole
/// tensor is one sample. A vector of known length is always one sample. Several inputs are laid side by side in the
/// network's input, several outputs in its output.
///
/// Every floating-point initializer that the output depends on is a parameter under its own name and in its own shape,
/// and so is a Constant node's tensor under the name of what the node gives. Constants, not parameters, are: the bounds of
/// Clip, a single exponent of Pow, mean and variance of BatchNormalization, ε, the scales of Resize, and numbers that
/// follow from shapes.
package enum ONNXReader {
  /// What a file holds.
  package enum Model {
    /// A graph that each sample goes through once.
    case network(Network<Double>)
    /// An equilibrium model, in a file that `ONNXExport` wrote.
    case equilibrium(EquilibriumModel<Double>)
  }

  /// Whether a file is an ONNX model: by its name, or since no JSON begins with such a byte.
  package static func recognizes(name: String, firstByte: UInt8?) -> Bool {
    name.hasSuffix(".onnx") || firstByte.map { $0 < 0x20 && ![0x09, 0x0A, 0x0D].contains($0) } ?? false
  }

  /// The file at a path, mapped, if it is an ONNX model in a regular file; nil for another one.
  ///
  /// - Throws: `FileError`, as `MappedFile` does.
  package static func mappedModel(_ path: String) throws(FileError) -> MappedFile? {
    guard let firstByte = firstByte(ofRegularFile: path), recognizes(name: path, firstByte: firstByte) else {
      return nil
    }
    return try MappedFile(path)
  }

  /// The model in a file, whose weights stay there until something asks for them: an equilibrium model where the file is
  /// one that `ONNXExport` wrote, else a network.
  ///
  /// - Throws: `FileError` of kind `badData` with the node or tensor, or as `MappedFile` does.
  package static func read(
    _ file: MappedFile, noting files: InputFileLog? = nil
  ) throws(FileError) -> Model {
    try read(.mapped(file), noting: files)
  }

  /// The model of a file that is in memory.
  ///
  /// - Throws: `FileError` of kind `badData` with the node or tensor.
  package static func read(_ contents: FileContents) throws(FileError) -> Model {
    try read(.inMemory(contents))
  }

  private static func read(
    _ bytes: ModelBytes, noting files: InputFileLog? = nil
  ) throws(FileError) -> Model {
    let model = try ONNXDecoder(bytes, noting: files).model()
    return try naming(bytes) { () throws(ImportFailure) in
      EquilibriumImport.recognizes(model)
        ? .equilibrium(try EquilibriumImport.model(model)) : .network(try GraphImport.run(model).network)
    }
  }

  /// The network of a file, and how its tensors become samples.
  package static func graph(at path: String) throws(FileError) -> ImportedGraph {
    try graph(.mapped(MappedFile(path)))
  }

  private static func graph(_ bytes: ModelBytes) throws(FileError) -> ImportedGraph {
    let model = try ONNXDecoder(bytes).model()
    return try naming(bytes) { () throws(ImportFailure) in try GraphImport.run(model) }
  }

  /// What `body` gives, or its failure as one of the file.
  private static func naming<Result>(
    _ bytes: ModelBytes, _ body: () throws(ImportFailure) -> Result
  ) throws(FileError) -> Result {
    do throws(ImportFailure) { return try body() } catch {
      switch error {
      case .refused(let place, let problem):
        throw FileError(.badData, file: bytes.name, place: place, problem)
      case .mixesBatch(let place, let what):
        throw FileError(
          .badData, file: bytes.name, place: place,
          "expected operators that leave the batch axis alone, found one that \(what)")
      }
    }
  }
}
