import Blocks
import Equilibria
import FileAccess
import LinearAlgebra
import ModelFiles
import Operators
import TensorFiles

/// An equilibrium model as a Python module, for those who train it on: `NAME.py`, which is to be read, and
/// `NAME.safetensors` beside it, with every parameter under its own name and in its own shape.
///
/// Blocks become functions of what they read. A model without cycles is evaluated in one sweep; blocks that
/// read each other are solved by TorchDEQ or optimistix, with implicit gradients. `to_deq` of the module
/// writes the model with the trained parameters as a file of this library.
public struct PythonExport {
  /// The text of the module.
  public let text: String
  /// The parameters and the constants of the module.
  public let tensors: [(name: String, tensor: Tensor<Double>)]
  /// The number of parameters among them; they come first.
  public let parameterCount: Int

  /// The export of a model.
  ///
  /// - Parameters:
  ///   - weights: The name of the safetensors file beside the module.
  ///   - source: What the model was read from, for the module's description.
  ///   - file: The module's name in messages.
  /// - Throws: `FileError` that names the block whose operator the library lacks.
  public init(
    _ model: EquilibriumModel<Double>, for library: PythonLibrary, weights: String, source: String,
    file: String = "model.py"
  ) throws(FileError) {
    let names = ParameterNames(of: model, file: weights)
    let sink = MemorySink(named: file)
    try ModelFile.equilibrium(model).write(to: sink, weights: names)
    var writer = PythonBlockWriter(model, names: names, library: library, file: file)
    let functions = try writer.functions()
    let constants = writer.constants(apartFrom: names.tensors.map(\.name))
    parameterCount = names.tensors.count
    tensors = names.tensors + constants.map { ($0.stored, $0.tensor) }
    text =
      PythonModuleText(
        model: model, library: library, weights: weights, source: source, names: names,
        structure: String(decoding: sink.bytes, as: UTF8.self), functions: functions,
        identifiers: writer.identifiers, helpers: writer.code.helpers, constants: constants
      ).text
  }

  /// Writes the weights.
  ///
  /// - Throws: `FileError`. Discard what has been written before an error.
  public func writeWeights(to sink: any ByteSink) throws(FileError) {
    try SafetensorsWriter(tensors).write(to: sink)
  }

  /// Whether an operator has an expression in Python.
  package static func hasExpression(for type: Any.Type) -> Bool { type is any PythonEmitting.Type }
}

/// The parameters of a module by their names in the model: in block form every entry's own tensor, in matrix
/// form the whole matrices.
final class ParameterNames: WeightsPlacement {
  private let collected: CollectedWeights
  private let matrices: [(name: String, tensor: Tensor<Double>)]
  let isMatrixForm: Bool

  init(of model: EquilibriumModel<Double>, file: String) {
    collected = CollectedWeights(file: file)
    isMatrixForm = model.form == .matrix
    if isMatrixForm {
      let matrices = model.matrices
      self.matrices = [
        ("Wz", Tensor(matrices.Wz)), ("Wx", Tensor(matrices.Wx)), ("b", Tensor(matrices.b)),
      ]
    } else {
      matrices = []
    }
  }

  /// A matrix form has its numbers in the JSON.
  var file: String? { isMatrixForm ? nil : collected.file }

  /// Training changes the weights.
  var digest: SHA256Digest? { nil }

  /// The parameters, in the model's order.
  var tensors: [(name: String, tensor: Tensor<Double>)] { isMatrixForm ? matrices : collected.tensors }

  func reference(to tensor: Tensor<Double>, name: String) -> String? {
    collected.reference(to: tensor, name: name)
  }
}
